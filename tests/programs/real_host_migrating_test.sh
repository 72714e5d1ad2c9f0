#!/usr/bin/env bash
# The commands of docs/migrating-from-chasquid.md, taken from the page, on a real systemd where Debian's chasquid serves a tree
# that chasquid-util made: the trial beside it, the change over, and the way back.
# shellcheck source=tests/support/real_host.sh
source "$1/tests/support/real_host.sh"
if why=$(real_host_missing); then echo "skipped: $why" && exit 77; fi
for program in openssl swaks chasquid-util runuser; do
  command -v "$program" >/dev/null || { echo "skipped: $program is not installed" && exit 77; }
done
[[ -x $2/bin/mailstackd ]] || { echo "skipped: mailstackd is not built" && exit 77; }
trap stop_real_host EXIT
start_real_host "$1" "$2" || exit 1
inside HOME=/root bash "$1/tests/programs/real_host/migrating.sh" "$1" "$2"
