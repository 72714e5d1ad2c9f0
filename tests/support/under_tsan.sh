#!/usr/bin/env bash
# under_tsan.sh COMMAND...: runs it, and fails with its exit code, or where TSan saw something in a program that it started. Those may be many,
# and killed: so reports are gathered in files, and what a test makes of standard error and of exit codes does not matter.
set -uo pipefail
support=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
reports=$(mktemp -d "${TMPDIR:-/tmp}/mailstack-races-XXXXXX")
trap 'rm -rf "$reports"' EXIT
export TSAN_OPTIONS="log_path=$reports/of history_size=4 second_deadlock_stack=1${TSAN_OPTIONS:+ $TSAN_OPTIONS}"
[[ ! -f $support/tsan.supp ]] || TSAN_OPTIONS+=" suppressions=$support/tsan.supp"

"$@"
code=$?
shopt -s nullglob
seen=("$reports"/of.*)
if ((${#seen[@]})); then
  cat "${seen[@]}"
  echo "TSan saw something in ${#seen[@]} processes: $(cat "${seen[@]}" | grep -c '^WARNING: ThreadSanitizer') reports"
  exit 1
fi
exit "$code"
