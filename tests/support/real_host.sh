# shellcheck shell=bash
# A host of one's own, for scripts: a real systemd in namespaces (systemd_instance.sh) with Debian's chasquid as its package
# installs it, and nothing of it running. Sourced; needs root.
#
#   real_host_missing           says what is not installed, and succeeds; fails where all is there
#   start_real_host DIRECTORY…  boots it; the directories are seen inside at their own paths. Sets host_state, host_pid
#   inside COMMAND…             runs it there
#   stop_real_host

real_host_missing() {
  ((EUID == 0)) || { echo 'a systemd of one'\''s own needs root'; return 0; }
  local program
  for program in /lib/systemd/systemd unshare nsenter setpriv busctl dbus-daemon ip chasquid; do
    command -v "$program" >/dev/null || { echo "$program is not installed"; return 0; }
  done
  [[ -w /sys/fs/cgroup/unified/cgroup.procs || -w /sys/fs/cgroup/cgroup.procs ]] ||
    { echo 'there are no control groups (version 2)'; return 0; }
  return 1
}

start_real_host() {
  local support
  support=$(dirname "${BASH_SOURCE[0]}")
  host_state=$(mktemp -d /tmp/mailstack-host-XXXX)
  # What the packages of this machine brought, and not what somebody made of it.
  mkdir -p "$host_state"/{etc/chasquid,var/lib/chasquid,var/lib/dpkg}
  (cd /etc/chasquid && cp -a chasquid.conf README certs domains hooks "$host_state/etc/chasquid/") || return 1
  find "$host_state"/etc/chasquid/{certs,domains} -mindepth 1 -not -name README.certs -delete
  cp /var/lib/dpkg/status "$host_state/var/lib/dpkg/"
  chown chasquid:chasquid "$host_state/var/lib/chasquid"
  MAILSTACK_BIND="$*" bash "$support/systemd_instance.sh" "$host_state" >"$host_state.log" 2>&1 &
  host_script=$!
  for _ in $(seq 1200); do
    [[ ! -e $host_state/state ]] || break
    kill -0 "$host_script" 2>/dev/null || break
    sleep 0.05
  done
  if [[ ! -e $host_state/state ]]; then
    echo 'systemd did not come up:' >&2
    cat "$host_state.log" "$host_state/log" >&2
    return 1
  fi
  host_pid=$(<"$host_state/pid")
}

inside() { nsenter -t "$host_pid" -a -r -w -- env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"; }

stop_real_host() {
  [[ -n ${host_script:-} ]] || return 0
  kill "$host_script" 2>/dev/null || true
  wait "$host_script" 2>/dev/null || true
  rm -rf "$host_state" "$host_state.log"
  host_script=
}
