#!/usr/bin/env bash
# One zone of 10,000 records at a real PowerDNS: a cold apply with its verification, and a plan that finds nothing to do, beside
# what the listing alone takes by curl.
set -euo pipefail
bin=$1
here=$(dirname "${BASH_SOURCE[0]}")
source "$here/measure.sh"
source "$here/../support/powerdns.sh"

work=$(mktemp -d)
trap 'stop_powerdns; rm -rf "$work"' EXIT
start_powerdns "$work/pdns"
create_zone example.org.
printf '%s' "$powerdns_key" >"$work/key"
chmod 600 "$work/key"
{
  cat <<YAML
version: 1
dns:
  providers:
    ns1: {type: powerdns, url: "$powerdns_url", key: {file: $work/key}}
  zones:
    example.org:
      provider: ns1
      servers: ["127.0.0.1:$powerdns_port"]
      records: |
YAML
  awk 'BEGIN {for (i = 0; i < 10000; i++) printf "        h%05d 300 IN A 10.%d.%d.%d\n", i, i / 65536, i / 256 % 256, i % 256}'
} >"$work/mailstack.yaml"

run=("$bin/mailstack" --manifest "$work/mailstack.yaml" --state "$work/state" --as ci)
before=$(date +%s.%N)
"${run[@]}" apply --yes >"$work/apply.log" 2>&1 </dev/null || { tail -n 20 "$work/apply.log" >&2; exit 1; }
row 'PowerDNS, 10,000 records: cold apply, verified' "$(awk "BEGIN {printf \"%.2f\", $(date +%s.%N) - $before}")" 0.8 s
for _ in 1 2 3 4 5; do
  curl -s -o /dev/null -w '%{time_total}\n' -H "X-API-Key: $powerdns_key" \
    "$powerdns_url/api/v1/servers/localhost/zones/example.org."
done | sort -n >"$work/listing"
listing=$(sed -n 3p "$work/listing")
row 'PowerDNS, 10,000 records: the listing by curl, median of 5' "$(printf '%.2f' "$listing")" '' s
median 5 "${run[@]}" plan --detailed-exitcode
# shellcheck disable=SC2154  # median sets them
row 'PowerDNS, 10,000 records: plan without change, median of 5' "$seconds" "$(awk "BEGIN {printf \"%.2f\", $listing + 0.06}")" s
# shellcheck disable=SC2154
row 'PowerDNS, 10,000 records: plan without change, peak memory' "$(awk "BEGIN {printf \"%.1f\", $kilobytes / 1024}")" 60 MiB
