#!/usr/bin/env bash
# One zone of 10,000 records at a real PowerDNS (4.7 and SQLite, its settings and caches as they ship): a cold apply with its
# verification (every name server asked about every record), and a plan that finds nothing to do, beside what the listing alone
# takes by curl, asked in turn.
set -euo pipefail
bin=$1
here=$(dirname "${BASH_SOURCE[0]}")
source "$here/measure.sh"
source "$here/../support/powerdns.sh"

work=$(mktemp -d)
trap 'stop_powerdns; rm -rf "$work"' EXIT
cd "$work"
start_powerdns "$work/pdns" caches
printf '%s' "$powerdns_key" >key
chmod 600 key

# manifest ZONE
manifest() {
  cat <<YAML
version: 1
dns:
  providers:
    ns1: {type: powerdns, url: "$powerdns_url", key: {file: key}}
  zones:
    $1:
      provider: ns1
      servers: ["127.0.0.1:$powerdns_port"]
      records: |
YAML
  awk 'BEGIN {for (i = 0; i < 10000; i++) printf "        h%05d 300 IN A 10.%d.%d.%d\n", i, i / 65536, i / 256 % 256, i % 256}'
}

# Each apply has a zone and a state directory of its own.
for zone in cold{1..5}.example; do
  create_zone "$zone."
  manifest "$zone" >"$zone.yaml"
done
cold() {
  local zone=cold$((++colds)).example
  "$bin/mailstack" apply --yes --manifest "$zone.yaml" --state "$work/$zone" >apply.log 2>&1 </dev/null
  grep -q "10000 done, 0 failed, 0 skipped. 10000 served by the zone's name servers" apply.log
}
colds=0
measure 5 cold
row 'PowerDNS, 10,000 records: cold apply, verified, median of 5' "$seconds" 0.8 s "$spent"

listing() {
  curl -sf -o /dev/null -H "X-API-Key: $powerdns_key" "$powerdns_url/api/v1/servers/localhost/zones/cold1.example."
}
plan() {
  "$bin/mailstack" plan --detailed-exitcode --manifest cold1.example.yaml --state "$work/cold1.example" >/dev/null 2>&1 </dev/null
}
in_turn 15 listing plan
row 'PowerDNS, 10,000 records: its listing by curl, median of 15' "$first_seconds" '' s "$first_spent"
row 'PowerDNS, 10,000 records: plan without change, median of 15' "$second_seconds" \
  "$(awk "BEGIN {printf \"%.3f\", $first_seconds + 0.06}")" s "$second_spent"
row 'PowerDNS, 10,000 records: plan without change, peak memory' "$(peak plan)" 60 MiB
