#!/bin/bash
# A throw-away systemd ends with whoever started it, also where that is killed, and the next one sweeps what was left.
set -euo pipefail
((EUID == 0)) || { echo "skipped: a systemd of one's own needs root"; exit 77; }
for program in /lib/systemd/systemd unshare setpriv busctl dbus-daemon ip; do
  command -v "$program" >/dev/null || { echo "skipped: $program is not installed"; exit 77; }
done
[[ -w /sys/fs/cgroup/unified/cgroup.procs || -w /sys/fs/cgroup/cgroup.procs ]] ||
  { echo 'skipped: there are no control groups (version 2) to make one in'; exit 77; }
script=$1/tests/support/systemd_instance.sh
state=$(mktemp -d /tmp/mailstack-test-XXXXXX)
pid=
finish() {
  if [[ -n $pid ]]; then kill -9 "$pid" 2>/dev/null || true; fi
  bash "$script" sweep "$state" || true
  rm -rf "$state"
}
trap finish EXIT

boot() {
  rm -rf "${state:?}"/*
  bash "$script" "$state" >"$state.log" 2>&1 &
  pid=$!
  for _ in $(seq 600); do
    [[ ! -e $state/state ]] || { rm -f "$state.log"; return 0; }
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.05
  done
  cat "$state.log" "$state/log"
  return 1
}

boot
first=$(cat "$state/cgroup")
[[ -n $(find "$first" -name cgroup.procs -exec cat {} +) ]] || { echo "nothing runs in $first"; exit 1; }
kill -9 "$pid"
for _ in $(seq 200); do
  [[ -n $(find "$first" -name cgroup.procs -exec cat {} + 2>/dev/null) ]] || break
  sleep 0.05
done
[[ -z $(find "$first" -name cgroup.procs -exec cat {} +) ]] || { echo "it outlives its script"; exit 1; }
echo "killed with its script"

boot
[[ ! -d $first ]] || { echo "$first was not swept"; exit 1; }
second=$(cat "$state/cgroup")
kill "$pid"
wait "$pid" || true
[[ ! -d $second ]] || { echo "$second is left over"; exit 1; }
echo "the next one swept what was left, and left nothing"
