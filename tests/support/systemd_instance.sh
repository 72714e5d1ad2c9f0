#!/bin/bash
# A real systemd of one's own: PID 1 of namespaces, on a root of its own whose /usr is the machine's, read-only.
#
#   systemd_instance.sh STATE     boots one and waits for its end. Ending this script, by whatever signal, ends the instance:
#                                 unshare dies with this script (--pdeathsig), PID 1 with unshare (--kill-child), and with
#                                 PID 1 all that runs in its namespace
#   systemd_instance.sh sweep STATE    ends what is left of it and removes its control group; STATE stays
#
# MAILSTACK_BIND="/DIRECTORY …" shows directories of the machine inside, at their own paths. Whoever wants to be inside enters
# the namespaces of the process in STATE/pid: nsenter -t "$(<STATE/pid)" -a -r -w COMMAND.
#
# STATE must be short (a UNIX socket's path has 107 octets). The instance's /etc, /run and /var are STATE/etc, STATE/run and
# STATE/var, so that a test writes STATE/etc/systemd/system/x.service and connects to STATE/run/dbus/system_bus_socket. The
# word `ready` in STATE/state says that it is up. Needs root, systemd, dbus, util-linux and iproute2.
set -euo pipefail

control_groups=/sys/fs/cgroup/unified
[[ -d $control_groups ]] || control_groups=/sys/fs/cgroup

sweep() {
  local group
  group=$(cat "$1/cgroup" 2>/dev/null) || return 0
  [[ -d $group ]] || return 0
  echo 1 >"$group/cgroup.kill"
  for _ in $(seq 200); do
    find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null || true
    [[ -d $group ]] || return 0
    sleep 0.02
  done
  echo "left over: $group" >&2
  return 1
}

if [[ $1 == sweep ]]; then
  sweep "$2"
  exit
fi

# Control groups of instances whose script was killed: nothing runs in them any more.
for stale in "$control_groups"/mailstack-test-*; do
  if [[ -d $stale && ! -d /proc/${stale##*-} ]]; then find "$stale" -depth -type d -exec rmdir {} \; 2>/dev/null || true; fi
done

state=$(realpath "$1")
mkdir -p "$state"/{run,etc/systemd/system,etc/systemd/user,etc/systemd/system-generators,var,root}
# Process ids are not the machine's where this runs in a namespace of them.
group=$control_groups/mailstack-test-$RANDOM$RANDOM-$$
mkdir "$group"
echo "$group" >"$state/cgroup"

for name in passwd group nsswitch.conf ld.so.cache ld.so.conf os-release dbus-1 pam.d alternatives login.defs security ssl; do
  if [[ -e /etc/$name ]]; then cp -a "/etc/$name" "$state/etc/"; fi
done
: >"$state/etc/fstab"
echo unit-test >"$state/etc/hostname"
tr -d - </proc/sys/kernel/random/uuid >"$state/etc/machine-id"

# What such a system has no use for, or must not touch.
for unit in systemd-{udevd,udev-trigger,modules-load,sysctl,binfmt,random-seed,timesyncd,networkd,update-utmp,remount-fs}.service \
  systemd-{pcrphase,pcrphase-sysinit,firstboot,sysusers,journal-flush,tmpfiles-setup-dev,boot-system-token}.service \
  systemd-{logind,hwdb-update}.service systemd-udevd-{control,kernel}.socket systemd-ask-password-{console,wall}.path \
  sys-kernel-{debug,tracing,config}.mount sys-fs-fuse-connections.mount dev-{hugepages,mqueue}.mount \
  proc-sys-fs-binfmt_misc.automount getty.target console-getty.service kmod-static-nodes.service; do
  ln -s /dev/null "$state/etc/systemd/system/$unit"
done
# Generators run at boot and at every daemon-reload; some of the machine's take a second.
for generator in /usr/lib/systemd/system-generators/*; do
  ln -s /dev/null "$state/etc/systemd/system-generators/${generator##*/}"
done
cat >"$state/etc/systemd/system/unit-test.target" <<'UNIT'
[Unit]
Description=A system that tests start units on
Requires=basic.target
Wants=dbus.service
After=basic.target dbus.service
AllowIsolate=yes
UNIT

cat >"$state/init.sh" <<'INIT'
set -euo pipefail
state=$1 root=$1/root
mount --make-rprivate /
mount -t tmpfs -o mode=755 mailstack-test "$root"
mkdir -p "$root"/{usr,etc,run,var,proc,sys,dev,tmp,root,opt,srv,mnt,old}
chmod 1777 "$root/tmp"
for name in bin sbin lib lib32 lib64 libx32; do
  if [[ -L /$name ]]; then cp -a "/$name" "$root/"; fi
done
mount --bind /usr "$root/usr"
mount -o remount,bind,ro "$root/usr"
for name in etc run var; do mount --bind "$state/$name" "$root/$name"; done
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755,nosuid dev "$root/dev"
for name in null zero full random urandom tty; do
  : >"$root/dev/$name"
  mount --bind "/dev/$name" "$root/dev/$name"
done
for path in ${MAILSTACK_BIND:-}; do
  mkdir -p "$root$path"
  mount --bind "$path" "$root$path"
done
mkdir "$root"/dev/{pts,shm}
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
: >"$root/dev/console"
mount --bind "$state/console" "$root/dev/console"
ip link set lo up
cd "$root"
pivot_root . old
umount -l /old
rmdir /old
mount --make-rshared /
exec env -i container=mailstack-test PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin \
  /lib/systemd/systemd --system --unit=unit-test.target --log-target=journal-or-kmsg --show-status=no
INIT
: >"$state/console"

# Into its own control group first: systemd moves what it finds in the group that it starts in.
bash -c 'echo $$ >"$1/cgroup.procs"
  exec setsid setpriv --pdeathsig KILL unshare --fork --kill-child --pid --mount --cgroup --uts --ipc --net -- bash "$2/init.sh" "$2"' \
  start "$group" "$state" </dev/null >"$state/log" 2>&1 &
instance=$!
trap 'sweep "$state"' EXIT
trap 'exit 143' TERM INT HUP

up() {
  busctl --address="unix:path=$state/run/dbus/system_bus_socket" get-property org.freedesktop.systemd1 \
    /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager SystemState 2>/dev/null | grep -qE 'running|degraded'
}
for _ in $(seq 600); do
  if up; then break; fi
  kill -0 "$instance" 2>/dev/null || { cat "$state/log" >&2; exit 1; }
  sleep 0.05
done
up || { echo "systemd did not come up:" >&2; tail -n 40 "$state/log" >&2; exit 1; }
tr -d ' ' <"/proc/$instance/task/$instance/children" >"$state/pid"
echo ready >"$state/state"
wait "$instance"
