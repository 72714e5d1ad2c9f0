#!/usr/bin/env bash
# Many domains in zone files: validate, and plan from nothing (compile, look, compare, print), for 1,000 domains (about 15,000
# resources) and for more, to see that growth is linear.
set -euo pipefail
bin=$1
source "$(dirname "${BASH_SOURCE[0]}")/measure.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# manifest COUNT FILE
manifest() {
  {
    cat <<YAML
version: 1
hosts:
  mx1: {fqdn: smtp.example.org, ipv4: 203.0.113.10, ipv6: "2001:db8::10", ptr: none}
dns:
  providers:
    local: {type: zonefile, directory: $work/zones}
domains:
  example.org: {catch_all: me@example.net}
YAML
    awk -v count="$1" 'BEGIN {for (i = 1; i < count; i++) printf "  d%05d.example: {catch_all: me@example.net}\n", i}'
  } >"$2"
}

for count in 1000 2000 6000; do
  manifest "$count" "$work/$count.yaml"
  run=("$bin/mailstack" --manifest "$work/$count.yaml" --state "$work/state" --root "$work/host")
  limit='' plan_limit=''
  if ((count == 1000)); then limit=0.15 plan_limit=0.4; fi
  median 5 "${run[@]}" validate
  # shellcheck disable=SC2154  # median sets them
  row "$count domains: validate, median of 5" "$seconds" "$limit" s
  median 3 "${run[@]}" plan
  # shellcheck disable=SC2154
  row "$count domains, nothing there yet: plan and print, median of 3" "$seconds" "$plan_limit" s
  row "$count domains, nothing there yet: plan, peak memory" "$((kilobytes / 1024))" 500 MiB
done
