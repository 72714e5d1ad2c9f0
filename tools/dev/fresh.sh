#!/usr/bin/env bash
# fresh: runs another command on a copy of the tree in a new, empty Debian 12: proof that it installs all it needs.
#
#   ./dev fresh COMMAND [ARGUMENT...]    for example: ./dev fresh test
#
# Needs root. debootstrap makes a minimal Debian 12 from the mirror that this machine's apt uses; it is kept as
# build/fresh/base.tar for the next time (delete it to start from the mirror again). The command runs in mount, PID, IPC
# and host name spaces of its own, as root, with the network left as it is; mounts and processes end with it.
# What is copied: files that git tracks, and new ones that it does not ignore. There is no .git in the copy.
source "$(dirname "${BASH_SOURCE[0]}")/parts/tree.sh"
source "$root/tools/dev/parts/packages.sh"

((EUID == 0)) || fail "\`fresh\` makes a root directory with debootstrap, and needs root: sudo ./dev fresh ${*:-COMMAND}"
[[ $# -gt 0 ]] || fail "which command? For example: ./dev fresh test"
[[ $1 != fresh && -f tools/dev/$1.sh ]] || fail "there is no command \`$1\` to run: \`./dev help\` lists the commands"
install_packages "${fresh_set[@]}"

# Prints the mirror of Debian 12 that apt is set up with.
mirror() {
  # shellcheck disable=SC2016  # apt-get expands these
  apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "bookworm" && $2 == "main" { print $3; exit }'
}

# Makes build/fresh/base.tar where it is not there yet.
make_base() {
  local base=build/fresh/base.tar from directory
  [[ ! -f $base ]] || return 0
  from=$(mirror)
  [[ -n $from ]] || fail "apt is not set up with a mirror of Debian 12 (bookworm main): add one below /etc/apt"
  say "debootstrap: a minimal Debian 12 from $from"
  mkdir -p build/fresh
  directory=$(mktemp -d "$work/base.XXXX")
  if ! debootstrap --variant=minbase bookworm "$directory" "$from" >"$work/debootstrap.log" 2>&1; then
    tail -n 20 "$work/debootstrap.log" >&2
    fail "debootstrap failed: see above"
  fi
  rm -rf "$directory"/var/cache/apt/archives/*.deb "${directory:?}"/etc/apt
  tar -C "$directory" --numeric-owner -cf "$work/base.tar" .
  mv "$work/base.tar" "$base"
  rm -rf "$directory"
}

# Unpacks the base, and gives it what this machine needs to reach its mirror, and the tree.
make_root() {
  mkdir "$work/root"
  tar -C "$work/root" --numeric-owner -xpf build/fresh/base.tar
  # mktemp made it for root alone; whoever root becomes in there must get in.
  chmod 0755 "$work/root"
  cp -a /etc/apt "$work/root/etc/apt"
  mkdir -p "$work/root/usr/share/keyrings" "$work/root/mailstack"
  cp -an /usr/share/keyrings/. "$work/root/usr/share/keyrings/"
  cp -L /etc/hosts /etc/resolv.conf "$work/root/etc/"
  git -c safe.directory="$root" ls-files -z --cached --others --exclude-standard --deduplicate |
    while IFS= read -r -d '' file; do [[ ! -e $file && ! -L $file ]] || printf '%s\0' "$file"; done |
    tar --null --no-recursion --files-from=- -cf - | tar -C "$work/root/mailstack" --no-same-owner -xf -
}

# Runs inside the new namespaces; $1 is the root, the rest the command. Nothing mounted here outlives the namespace.
# shellcheck disable=SC2016  # expanded by the shell that runs it
inside='
set -e
root=$1
shift
mount --make-rprivate /
# Whoever changes the root in there (a systemd of its own) needs one that is a mount.
mount --bind "$root" "$root"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys" || true
if [ -d /sys/fs/cgroup ]; then mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup" || true; fi
mount -t tmpfs -o mode=755,nosuid dev "$root/dev"
for node in null zero full random urandom tty; do
  : >"$root/dev/$node"
  mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t tmpfs -o mode=1777,nosuid,nodev shm "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
hostname fresh
grep -q "[[:space:]]fresh$" "$root/etc/hosts" || echo "127.0.1.1 fresh" >>"$root/etc/hosts"
# Its root, and not only a directory that looks like one: nobody below a chroot may make user namespaces, which units with
# PrivateUsers= need.
mkdir "$root/outside"
cd "$root"
pivot_root . outside
umount --lazy /outside
rmdir /outside
exec chroot . /usr/bin/env -i HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8 CI="${CI:-}" \
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  /bin/bash -c '\''cd /mailstack && exec ./dev "$@"'\'' dev "$@"
'

work=$(mktemp -d "${TMPDIR:-/tmp}/mailstack-fresh.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 130' INT TERM
make_base
make_root
say "in a new Debian 12 ($(find "$work/root/var/lib/dpkg/info" -name '*.list' | wc -l) packages): ./dev $*"
began=$SECONDS
code=0
unshare --mount --pid --ipc --uts --fork --kill-child -- bash -c "$inside" inside "$work/root" "$@" || code=$?
say "./dev $* in a new Debian 12: exit $code after $((SECONDS - began)) s"
exit "$code"
