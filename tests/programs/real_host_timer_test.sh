#!/usr/bin/env bash
# The timer that `mailstack apply` installs renews a certificate of a short life and repairs what was changed by hand, while
# nobody runs mailstack; its service is hardened and still can.
# ctest-cost: 45
# shellcheck source=tests/support/real_host.sh
source "$1/tests/support/real_host.sh"
if why=$(real_host_missing); then echo "skipped: $why" && exit 77; fi
for program in pdns_server pebble sqlite3 curl openssl dig; do
  command -v "$program" >/dev/null || { echo "skipped: $program is not installed" && exit 77; }
done
trap stop_real_host EXIT
start_real_host "$1" "$2" || exit 1
inside HOME=/root bash "$1/tests/programs/real_host/timer.sh" "$1" "$2"
