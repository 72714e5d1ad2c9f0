#!/usr/bin/env bash
# A host from nothing whose daemon is mailstackd: `mailstack apply` on a real systemd makes its account, tree and units. A mail
# goes in on 465 and comes out signed; changes and a renewed certificate come by reload; its stop is clean.
# shellcheck source=tests/support/real_host.sh
source "$1/tests/support/real_host.sh"
if why=$(real_host_missing); then echo "skipped: $why" && exit 77; fi
for program in pdns_server pebble sqlite3 curl openssl dig swaks systemd-analyze; do
  command -v "$program" >/dev/null || { echo "skipped: $program is not installed" && exit 77; }
done
[[ -x $2/bin/mailstackd ]] || { echo "skipped: mailstackd is not built" && exit 77; }
trap stop_real_host EXIT
start_real_host "$1" "$2" || exit 1
inside HOME=/root bash "$1/tests/programs/real_host/mailstackd.sh" "$1" "$2"
