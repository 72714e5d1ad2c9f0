#!/usr/bin/env bash
# A host from nothing: `mailstack apply` on a real systemd makes Debian's chasquid serve a domain with a certificate from a
# real Pebble, through the API of a real PowerDNS. A mail goes in on 465 and comes out through the catch-all.
# shellcheck source=tests/support/real_host.sh
source "$1/tests/support/real_host.sh"
if why=$(real_host_missing); then echo "skipped: $why" && exit 77; fi
for program in pdns_server pebble sqlite3 curl openssl dig swaks; do
  command -v "$program" >/dev/null || { echo "skipped: $program is not installed" && exit 77; }
done
trap stop_real_host EXIT
start_real_host "$1" "$2" || exit 1
inside HOME=/root bash "$1/tests/programs/real_host/mail.sh" "$1" "$2"
