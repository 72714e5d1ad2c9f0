# shellcheck shell=bash
# Runs inside the host of real_host_test.sh.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
# shellcheck source=tests/support/powerdns.sh
source "$source_directory/tests/support/powerdns.sh"
# shellcheck source=tests/support/pebble.sh
source "$source_directory/tests/support/pebble.sh"
stop_sink() { [[ -z ${sink:-} ]] || kill "$sink" 2>/dev/null; }
at_exit+=(stop_sink stop_pebble stop_powerdns)

# The network of a host with two addresses, its name server, a CA, and somebody else's mail server.
for address in 203.0.113.10/32 203.0.113.99/32 2001:db8::10/128; do ip address add "$address" dev lo; done
echo 'nameserver 127.0.0.1' >/etc/resolv.conf
echo '127.0.0.1 localhost' >/etc/hosts
POWERDNS_PORT=53 start_powerdns "$work/pdns" || exit 1
for zone in wac.tax. example.net. 113.0.203.in-addr.arpa. 8.b.d.0.1.0.0.2.ip6.arpa.; do create_zone "$zone" || exit 1; done
record() { # ZONE NAME TYPE CONTENT
  curl -sf -o /dev/null -X PATCH -H "X-API-Key: $powerdns_key" -H 'Content-Type: application/json' -d "{\"rrsets\": [{\"name\":
    \"$2\", \"type\": \"$3\", \"ttl\": 60, \"changetype\": \"REPLACE\", \"records\": [{\"content\": \"$4\"}]}]}" \
    "$powerdns_url/api/v1/servers/localhost/zones/$1"
}
record 113.0.203.in-addr.arpa. 10.113.0.203.in-addr.arpa. PTR smtp.wac.tax.
record 8.b.d.0.1.0.0.2.ip6.arpa. 0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR smtp.wac.tax.
record wac.tax. ns1.wac.tax. A 127.0.0.1
record example.net. example.net. MX '10 mx.example.net.'
record example.net. mx.example.net. A 203.0.113.99
start_pebble "$work/pebble" 127.0.0.1:53 || exit 1
python3 "$source_directory/tests/support/smtp_sink.py" 203.0.113.99 25 "$work/sink" &
sink=$!

run() {
  out=$("$mailstack" "$@" --as mx1 </dev/null 2>&1)
  code=$?
}
mkdir secrets
cat >mailstack.yaml <<YAML
version: 1
hosts:
  mx1: {fqdn: smtp.wac.tax, ipv4: 203.0.113.10, ipv6: "2001:db8::10"}
dns:
  providers:
    ns1: {type: powerdns, url: "$powerdns_url", key: {env: PDNS_KEY}}
  zones: {wac.tax: {provider: ns1}}
domains:
  wac.tax:
    users: {i: {password: {hash_file: secrets/i@wac.tax}}}
    catch_all: me@example.net
    dkim: {algorithms: [rsa2048], selector: g19}
issuers:
  pebble: {type: acme, directory: "$pebble_url", account: ops@wac.tax, ca_file: "$pebble_ca"}
certificates:
  wac.tax: {names: [wac.tax, "*.wac.tax"], issuer: pebble}
daemon:
  # The other addresses of this machine are somebody else's.
  listen: {smtp: ["203.0.113.10:25", "[2001:db8::10]:25", "127.0.0.1:25"]}
YAML
cp "$source_directory/examples/secrets/i@wac.tax" secrets/
export PDNS_KEY=$powerdns_key

run apply --yes
echo "$out"
expect 0
run plan
expect 0
says 'Plan: 0 to add, 0 to change, 0 to remove;'

leaf() { # PORT [starttls]
  openssl s_client -connect "203.0.113.10:$1" -servername smtp.wac.tax ${2:+-starttls smtp} </dev/null 2>/dev/null |
    openssl x509 -noout -fingerprint -sha256
}
stored=$(openssl x509 -in /etc/chasquid/certs/wac.tax/fullchain.pem -noout -fingerprint -sha256)
[[ $(leaf 465) == "$stored" && $(leaf 25 starttls) == "$stored" && $(leaf 587 starttls) == "$stored" ]] ||
  fail "the leaf on each port: $(leaf 465) $(leaf 25 starttls) $(leaf 587 starttls), not $stored"

# A user sends to a name that does not exist here: the catch-all sends it on.
out=$(swaks --server 203.0.113.10 --port 465 --tls-on-connect --auth PLAIN --auth-user i@wac.tax --auth-password 'correct horse' \
  --from i@wac.tax --to any123@wac.tax --header 'Subject: through the catch-all' --body hello 2>&1)
code=$?
expect 0
for _ in $(seq 200); do
  [[ ! -e $work/sink/1.envelope ]] || break
  sleep 0.05
done
[[ -e $work/sink/1.envelope ]] || fail 'the mail did not arrive'
holds "$work/sink/1.envelope" '"helo": "smtp.wac.tax"'
holds "$work/sink/1.envelope" '"to": ["me@example.net"]'
[[ $(dig +short -x 203.0.113.10) == smtp.wac.tax. ]] || fail 'the PTR is the name in EHLO'
finish
