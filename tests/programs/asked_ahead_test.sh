#!/usr/bin/env bash
# A plan asks for the listing before it knows whether the manifest is valid; one that is not ends at once all the same.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"

stop_server() {
  kill "$server"
  wait 2>/dev/null
}
python3 "$source_directory/tests/support/fake_powerdns.py" port --silent --log requests &
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
    first.example:
      provider: ns1
      records: |
        www 300 IN CNAME a.example.
        www 300 IN CNAME b.example.
YAML

# The server would be waited for 30 seconds.
start=$SECONDS
run plan
expect 3
says 'cname-twice'
silent 'given up'
((SECONDS - start < 20)) || fail "a manifest that is not valid waited for a silent server"

# validate asks nobody, and neither does an apply of what is not valid.
sleep 0.2
rm -f requests
run validate
expect 3
run apply --yes
expect 3
sleep 0.2
[[ ! -e requests ]] || fail 'the API was asked'
finish
