#!/usr/bin/env bash
# A server that refuses one record (6), a name server that lags (8), and a person who interrupts a run (130): the next apply converges.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"

# serve OPTIONS...: a server of its own; the manifest points at it.
serve() {
  rm -f port
  python3 "$source_directory/tests/support/fake_powerdns.py" port "$@" &
  server=$!
  until [[ -s port ]]; do sleep 0.05; done
  small_manifest
  sed -i "s|{type: zonefile, directory: zones}|{type: powerdns, url: \"http://127.0.0.1:$(<port)\", key: {env: PDNS_KEY}}|
          s|provider: local$|provider: local\n      servers: [\"127.0.0.1:9\"]|" mailstack.yaml
}
stop_server() {
  [[ -z ${server:-} ]] || kill "$server" 2>/dev/null
  wait 2>/dev/null
  server=
}
at_exit+=(stop_server)
export PDNS_KEY=key

serve --refuse MX
run apply --yes --wait 0s
expect 6
says 'no MX here'
says '1 failed'
says '! MX example.org 10 smtp.example.org.'
run plan
expect 0
says 'Plan: 1 to add, 0 to change, 0 to remove;'
stop_server
rm -rf state root

serve --lag
sed -i "s|127.0.0.1:9\"|127.0.0.1:$(<port)\"|" mailstack.yaml
run apply --yes --wait 1s
expect 8
says 'not served yet'
says ' 0 failed'
# A key whose TXT nobody serves yet does not sign.
[[ -z $(find root/etc -name 'dkim:*.pem') ]] || fail 'signs with a key that was never seen published'
run plan
says '(signing)'
stop_server
rm -rf state root

serve --slow 2
"$mailstack" apply --yes --wait 0s --state "$work/state" --root "$work/root" </dev/null >log 2>&1 &
run=$!
until grep -qs intent state/journal.jsonl; do sleep 0.05; done
sleep 0.3
kill -INT "$run"
wait "$run"
code=$? out=$(<log)
expect 130
says 'not begun'
silent 'Applied: 0 done'
stop_server
grep -q '"event":"end"' state/journal.jsonl || fail 'an interrupted run must record its end'

# A second run finds its way from wherever the first one stopped. The server forgot everything meanwhile.
serve
run apply --yes --wait 0s
expect 0
run plan --detailed-exitcode
expect 0
finish
