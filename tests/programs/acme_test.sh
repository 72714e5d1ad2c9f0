#!/usr/bin/env bash
# A certificate for a domain and its wildcard from a real Pebble, which refuses a third of all nonces, through the API of a real
# PowerDNS. One of the two name servers lags, and the CA asks that one only: it works the first time, and the laggard is named.
# ctest-cost: 25
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
# shellcheck source=tests/support/powerdns.sh
source "$source_directory/tests/support/powerdns.sh"
# shellcheck source=tests/support/pebble.sh
source "$source_directory/tests/support/pebble.sh"
for program in pdns_server pebble sqlite3 curl openssl dig; do
  command -v "$program" >/dev/null || { echo "skipped: $program is not installed" && exit 77; }
done
held_back=${HELD_BACK:-20} # seconds

stop_laggard() { [[ -z ${laggard:-} ]] || kill "$laggard" 2>/dev/null; }
at_exit+=(stop_pebble stop_powerdns stop_laggard)
start_powerdns "$work/pdns" || exit 1
create_zone example.org.
python3 "$source_directory/tests/support/held_back_dns.py" port "$powerdns_port" "$held_back" &
laggard=$!
until [[ -s port ]]; do sleep 0.05; done
slow=127.0.0.1:$(<port)
start_pebble "$work/pebble" "$slow" || exit 1

small_manifest
sed -i "s|{type: zonefile, directory: zones}|{type: powerdns, url: \"$powerdns_url\", key: {env: PDNS_KEY}}|
        s|provider: local$|provider: local\n      servers: [\"127.0.0.1:$powerdns_port\", \"$slow\"]|" mailstack.yaml
cat >>mailstack.yaml <<YAML
issuers:
  pebble: {type: acme, directory: "$pebble_url", account: ops@example.org, ca_file: "$pebble_ca"}
certificates:
  example.org: {names: [example.org, "*.example.org"], issuer: pebble}
YAML
export PDNS_KEY=$powerdns_key
certs=root/etc/mailstackd/certs/example.org kept=root/var/lib/mailstack/certificates
challenges() { dig +short @127.0.0.1 -p "$powerdns_port" _acme-challenge.example.org TXT; }
serial() { openssl x509 -in "$certs/fullchain.pem" -noout -serial; }

# Somebody else's challenge stands there meanwhile, and stays.
curl -sf -o /dev/null -X PATCH -H "X-API-Key: $powerdns_key" -H 'Content-Type: application/json' -d '{"rrsets": [{"name":
  "_acme-challenge.example.org.", "type": "TXT", "ttl": 60, "changetype": "REPLACE", "records": [{"content": "\"theirs\""}]}]}' \
  "$powerdns_url/api/v1/servers/localhost/zones/example.org."
run apply --yes
expect 0
says "waits until $slow answers for _acme-challenge.example.org: NXDOMAIN no more"
openssl x509 -in "$certs/fullchain.pem" -noout -ext subjectAltName | grep -q 'DNS:\*.example.org, DNS:example.org' || fail 'both names'
[[ $(stat -c %a "$certs/privkey.pem") == 640 ]] || fail 'the key is for the daemon only'
[[ $(challenges) == '"theirs"' ]] || fail "what stands at the challenge's name: $(challenges)"
[[ -z $(find "$kept" -name '*.order*' -o -name '*.challenges') ]] || fail 'the order is settled'
run plan
expect 0
says 'Plan: 0 to add, 0 to change, 0 to remove;'

# Killed while the CA looks: what was left in the DNS is named, swept, and the order gone on with.
first=$(serial)
sed -i 's/names: \[example.org, /names: [mail.example.org, example.org, /' mailstack.yaml
"$mailstack" apply --yes --state "$work/state" --root "$work/root" </dev/null >log 2>&1 &
run=$!
until [[ -s $kept/example.org.challenges ]]; do
  kill -0 "$run" 2>/dev/null || break
  sleep 0.02
done
kill -9 "$run"
wait "$run" 2>/dev/null
[[ $(serial) == "$first" ]] || fail 'the old pair stays until the new one is whole'
run plan
says 'a run that was cut off left challenges in the DNS'
run apply --yes
expect 0
[[ $(serial) != "$first" ]] || fail 'a new certificate'
[[ $(challenges) == '"theirs"' ]] || fail "challenges are swept: $(challenges)"
run plan
says 'Plan: 0 to add, 0 to change, 0 to remove;'

# The CA is down: everything else converges, the old certificate stays.
stop_pebble
sed -i 's/names: \[mail.example.org, /names: [/; s/203.0.113.80/203.0.113.81/' mailstack.yaml
second=$(serial)
run apply --yes
expect 6
says 'issuer pebble'
[[ $(serial) == "$second" ]] || fail 'the old pair stays'
dig +short @127.0.0.1 -p "$powerdns_port" www.example.org A | grep -q 203.0.113.81 || fail 'the rest is applied'
if grep -rq 'PRIVATE KEY' state log; then fail 'a key stands in the records of the run'; fi
finish
