#!/usr/bin/env bash
# Bad days of units, on a real systemd: a unit that does not start, a reload that fails, D-Bus that goes while an apply waits for
# a unit. Each says its cause, everything else is applied, and a later run ends it.
# shellcheck source=tests/support/real_host.sh
source "$1/tests/support/real_host.sh"
if why=$(real_host_missing); then echo "skipped: $why" && exit 77; fi
trap stop_real_host EXIT
start_real_host "$1" "$2" || exit 1
inside HOME=/root bash "$1/tests/programs/real_host/days.sh" "$1" "$2"
