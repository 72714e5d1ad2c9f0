#!/usr/bin/env bash
# --only asks nobody about other zones; without a terminal's name this machine is no host; no repository is said once.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"

small_manifest
sed -i 's|^  zones:|    gone: {type: powerdns, url: "http://127.0.0.1:9", key: {env: PDNS_KEY}}\n  zones:\n    example.net: {provider: gone, records: "www 300 IN A 203.0.113.81"}|' mailstack.yaml
export PDNS_KEY=key

run plan
expect 4
says 'Blind'
run plan --only example.org
expect 0
silent '127.0.0.1:9'
says '+ MX example.org'

# One record, and what it refers to; nothing else.
run apply --yes --only 'dns_record/example.org./example.org./MX/*'
expect 0
holds zones/example.org.zone 'MX'
holds zones/example.org.zone 'smtp'
if grep -q 'www' zones/example.org.zone; then fail '--only wrote more than it names'; fi
says 'no git repository'
run apply --yes --only example.org
expect 0
silent 'no git repository'
holds zones/example.org.zone 'www'

# In a zone that is purged, --only takes none of our own other records for foreign ones.
sed -i 's|^      provider: local|      provider: local\n      purge: all|' mailstack.yaml
echo 'by-hand 300 IN A 198.51.100.1' >>zones/example.org.zone
run plan --only 'dns_record/example.org./www.example.org./*'
says '- A by-hand.example.org 198.51.100.1'
silent '- MX'
silent '- TXT'
silent '- A smtp'
sed -i '/purge: all/d' mailstack.yaml
sed -i '/^by-hand/d' zones/example.org.zone

# Without --root, --as and a fitting name the host's resources are another's; the provider's are applied.
out=$("$mailstack" plan --state "$work/state" --only example.org </dev/null 2>&1) code=$?
expect 0
says 'elsewhere: '
says '--as mx1'

# What is said for people goes to standard error, so that the document stands alone.
"$mailstack" plan --format json --only example.org --state "$work/state" --root "$work/root" 2>/dev/null >plan.json
python3 -m json.tool plan.json >/dev/null || fail 'the plan is not one JSON document'
finish
