#!/usr/bin/env bash
# Bad days of an issuance, at a real Pebble through a real PowerDNS: the CA reads a wrong TXT record, refuses the account, has
# had enough of us, dies in the middle; a name server never gets the record. Each is said in plain words with an exit code, the
# rest is applied, the old pair stays, nothing is left in the zone, and the next run ends it.
# ctest-cost: 60
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
# shellcheck source=tests/support/powerdns.sh
source "$source_directory/tests/support/powerdns.sh"
# shellcheck source=tests/support/pebble.sh
source "$source_directory/tests/support/pebble.sh"
for program in pdns_server pebble sqlite3 curl openssl dig; do
  command -v "$program" >/dev/null || { echo "skipped: $program is not installed" && exit 77; }
done

helpers=()
stop_helpers() { ((${#helpers[@]} == 0)) || kill "${helpers[@]}" 2>/dev/null; }
at_exit+=(stop_helpers stop_pebble stop_powerdns)
# beside NAME COMMAND…: starts a server that writes its port to NAME.port.
beside() {
  local name=$1
  shift
  python3 "$source_directory/tests/support/$1" "$name.port" "${@:2}" &
  helpers+=($!)
  until [[ -s $name.port ]]; do sleep 0.05; done
}

start_powerdns "$work/pdns" || exit 1
for zone in example.org. lagging.example.; do create_zone "$zone"; done
beside seen_by_ca moody_dns.py "$powerdns_port" ca.mood
beside second moody_dns.py "$powerdns_port" second.mood
beside never moody_dns.py "$powerdns_port" never.mood
PEBBLE_NONCES=0 start_pebble "$work/pebble" "127.0.0.1:$(<seen_by_ca.port)" || exit 1
pebble_port=${pebble_url##*:}
pebble_port=${pebble_port%/dir}
beside door fault_ca.py "$pebble_port" "$pebble_ca" "$work/pebble/server.key" fault.json
export PDNS_KEY=$powerdns_key

# manifest ZONE ISSUER ADDRESS SERVER: a zone with one record and one certificate, and a second name server.
manifest() {
  cat <<YAML
version: 1
hosts:
  mx1: {fqdn: smtp.$1, ipv4: 203.0.113.10, ptr: none}
dns:
  providers:
    pdns: {type: powerdns, url: "$powerdns_url", key: {env: PDNS_KEY}}
  zones:
    $1:
      provider: pdns
      servers: ["127.0.0.1:$powerdns_port", "127.0.0.1:$(<"$4.port")"]
      records: |
        www 300 IN A $3
issuers:
  pebble: {type: acme, directory: "$pebble_url", account: ops@example.org, ca_file: "$pebble_ca"}
  door: {type: acme, directory: "https://127.0.0.1:$(<door.port)/dir", account: ops@example.org, ca_file: "$pebble_ca"}
certificates:
  $1: {names: [$1, "*.$1"], issuer: $2}
YAML
}
certs=root/etc/mailstackd/certs/example.org
challenges() { dig +short @127.0.0.1 -p "$powerdns_port" "_acme-challenge.${1:-example.org}" TXT; }
serial() { openssl x509 -in "$certs/fullchain.pem" -noout -serial; }
www() { dig +short @127.0.0.1 -p "$powerdns_port" www.example.org A; }
nothing_is_left() { [[ -z $(challenges) ]] || fail "left in the zone: $(challenges)"; }
is_done() {
  run plan
  expect 0
  says 'Plan: 0 to add, 0 to change, 0 to remove;'
  nothing_is_left
}

# One of two name servers never gets the record. That takes its minute, beside the other days.
mkdir lagging
manifest lagging.example pebble 203.0.113.80 never >lagging/mailstack.yaml
echo absent >never.mood
lag() {
  "$mailstack" apply --yes --wait 1s --manifest lagging/mailstack.yaml --state "$work/lagging/state" --root "$work/lagging/root" \
    </dev/null >lagging/log 2>&1
}
lag &
lagging=$!
until grep -qs 'waits until' lagging/log; do
  kill -0 "$lagging" 2>/dev/null || break
  sleep 0.05
done

# The CA refuses the account. The zone is written all the same.
manifest example.org door 203.0.113.80 second >mailstack.yaml
echo '{"path": "/sign-me-up", "status": 403, "type": "unauthorized", "detail": "accounts are by invitation"}' >fault.json
run apply --yes
expect 6
says 'issuer door: https://127.0.0.1:'
says '/sign-me-up: 403: the CA does not let this account do that (unauthorized): accounts are by invitation'
[[ $(www) == 203.0.113.80 ]] || fail 'the rest is applied'
[[ ! -e $certs ]] || fail 'no pair is made up'

# It has had enough of us, until tomorrow. Nothing else is to be done: the code is the network's.
echo '{"path": "/order-plz", "status": 429, "type": "rateLimited", "detail": "too many certificates already issued", "retry_after": 86400}' >fault.json
began=$SECONDS
run apply --yes
expect 4
says "/order-plz: 429: the CA's limit is reached (rateLimited): too many certificates already issued; not before $(date -u -d '+86400 seconds' +%Y-%m-)"
((SECONDS - began < 30)) || fail 'nobody waits for tomorrow'
# For a moment: that is waited for.
echo '{"path": "/order-plz", "status": 429, "type": "rateLimited", "detail": "slowly", "retry_after": 2}' >fault.json
(sleep 1 && rm fault.json) &
run apply --yes
wait $!
expect 0
is_done

# The CA reads another TXT record than was published: its order is lost, and a new one is placed next time.
first=$(serial)
sed -i 's/names: \[example.org, /names: [mail.example.org, example.org, /; s/203.0.113.80/203.0.113.81/' mailstack.yaml
echo wrong >ca.mood
run apply --yes
expect 6
says 'example.org: the CA does not see that the name is ours (unauthorized)'
says 'see that every name server of the zone has the TXT record'
[[ $(serial) == "$first" ]] || fail 'the old pair stays'
[[ $(www) == 203.0.113.81 ]] || fail 'the rest is applied'
nothing_is_left
run apply --yes
[[ $code != 0 ]] || fail 'it is still wrong'
says 'is given up: the CA made it invalid'
nothing_is_left
rm ca.mood
run apply --yes
expect 0
says 'is given up: the CA made it invalid'
[[ $(serial) != "$first" ]] || fail 'a new certificate'
is_done

# The minute is over: the laggard is named with what it said, and the order is gone on with.
wait "$lagging"
code=$? out=$(<lagging/log)
expect 6
says "not served everywhere after 1m: 127.0.0.1:$(<never.port) answers for _acme-challenge.lagging.example: NXDOMAIN"
silent "127.0.0.1:$powerdns_port answers"
[[ -z $(challenges lagging.example) ]] || fail 'nothing is left in its zone'
rm never.mood
lag
code=$? out=$(<lagging/log)
expect 0
says 'going on with order'
silent ': order https'
[[ -s lagging/root/etc/mailstackd/certs/lagging.example/fullchain.pem ]] || fail 'its certificate'

# The CA dies after the order, while the name servers are waited for, and comes back with an empty memory.
second=$(serial)
sed -i 's/issuer: door/issuer: pebble/; s/203.0.113.81/203.0.113.82/' mailstack.yaml
echo absent >second.mood
"$mailstack" apply --yes --state "$work/state" --root "$work/root" </dev/null >log 2>&1 &
run=$!
until grep -qs 'waits until' log; do
  kill -0 "$run" 2>/dev/null || break
  sleep 0.05
done
stop_pebble
rm second.mood
wait "$run"
code=$? out=$(<log)
expect 6
says 'issuer pebble: '
[[ $(serial) == "$second" ]] || fail 'the old pair stays'
[[ $(www) == 203.0.113.82 ]] || fail 'the rest is applied'
nothing_is_left
run apply --yes
expect 4
PEBBLE_PORT=$pebble_port PEBBLE_NONCES=0 start_pebble "$work/pebble" "127.0.0.1:$(<seen_by_ca.port)" || exit 1
run apply --yes
expect 0
says 'is given up'
[[ $(serial) != "$second" ]] || fail 'a new certificate'
is_done
if grep -rq 'PRIVATE KEY' state lagging/state log lagging/log; then fail 'a key stands in the records of a run'; fi
finish
