#!/usr/bin/env bash
# A host with 50 domains as it stands in service: a real systemd in namespaces, Debian's chasquid, a real PowerDNS (with its caches, as it
# ships), the timer's units. Measured is what the timer does every ten minutes, and what a person asks: a plan and a reconcile that find
# nothing to do. The boot of the host is not measured. Needs root.
set -euo pipefail
bin=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
source "$root/tests/support/real_host.sh"

if why=$(real_host_missing); then
  printf 'a host with 50 domains\tnot measured\t\t%s\n' "$why"
  exit
fi
trap stop_real_host EXIT
start_real_host "$root" "$bin"
inside HOME=/root bash "$root/tests/bench/host/settled.sh" "$root" "$bin"
