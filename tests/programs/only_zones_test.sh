#!/usr/bin/env bash
# --only asks the API about no other zone, of the same account either: no listing, no write, no question.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"

stop_server() {
  kill "$server"
  wait 2>/dev/null
}
python3 "$source_directory/tests/support/fake_powerdns.py" port --log requests &
server=$!
at_exit+=(stop_server)
until [[ -s port ]]; do sleep 0.05; done
export PDNS_KEY=key
cat >mailstack.yaml <<YAML
version: 1
dns:
  providers:
    ns1: {type: powerdns, url: "http://127.0.0.1:$(<port)", key: {env: PDNS_KEY}}
  zones:
    first.example: {provider: ns1, servers: ["127.0.0.1:9"], records: "www 300 IN A 203.0.113.80"}
    second.example: {provider: ns1, servers: ["127.0.0.1:9"], records: "www 300 IN A 203.0.113.81"}
YAML

# asked ZONE / not_asked ZONE: by the runs since the last of these.
asked() { grep -q " .*/zones/$1\.\$" requests || fail "the API was not asked about $1"; }
not_asked() { if grep -q "$1" requests; then fail "the API was asked about $1"; fi; }

run plan
expect 0
asked first.example
asked second.example
rm requests

run plan --only first.example
expect 0
says '+ A www.first.example'
silent 'second.example'
asked first.example
not_asked second.example

run apply --yes --wait 0s --only first.example
expect 0
grep -q '^PATCH .*/zones/first\.example\.$' requests || fail 'nothing was written'
not_asked second.example
rm requests

# What is owned in the other zone does not draw it in either.
run apply --yes --wait 0s
expect 0
asked second.example
rm requests
run plan --only 'dns_record/first.example./*'
expect 0
asked first.example
not_asked second.example
finish
