#!/usr/bin/env bash
# A program's disk calls are recorded from outside, and after each of them a power loss loses nothing that was acknowledged; where syncs
# do nothing, losses are reported.
set -euo pipefail
bin=$2/bin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

record() { # record NAME [VARIABLE=VALUE]
  mkdir "$work/$1"
  env LD_PRELOAD="$bin/libdisk_recorder.so" DISK_RECORDER_ROOT="$work/$1" DISK_RECORDER_TRACE="$work/$1.trace" "${@:2}" \
    "$bin/spool_load" "$work/$1" "$work/$1.trace" 60
}

record honest
"$bin/spool_replay" "$work/honest.trace" 1 2
record lying DISK_RECORDER_LIE=1
if "$bin/spool_replay" "$work/lying.trace" 7 0; then
  echo "syncs that do nothing were not found out" >&2
  exit 1
fi
