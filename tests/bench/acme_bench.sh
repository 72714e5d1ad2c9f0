#!/usr/bin/env bash
# A certificate for a name and its wildcard from Pebble through PowerDNS's API: mailstack beside lego and dehydrated, each from nothing (a
# new account, a new key). Pebble refuses no nonce here and looks without delay.
set -euo pipefail
bin=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
source "$here/tests/bench/measure.sh"
source "$here/tests/support/powerdns.sh"
source "$here/tests/support/pebble.sh"

work=$(mktemp -d)
trap 'stop_pebble; stop_powerdns; rm -rf "$work"' EXIT
cd "$work"
start_powerdns "$work/pdns"
create_zone example.org.
PEBBLE_NONCES=0 start_pebble "$work/pebble" "127.0.0.1:$powerdns_port"
runs=5

export PDNS_KEY=$powerdns_key
cat >mailstack.yaml <<YAML
version: 1
hosts:
  mx1: {fqdn: mx1.example.org, ipv4: 203.0.113.10, ptr: none}
dns:
  providers:
    ns1: {type: powerdns, url: "$powerdns_url", key: {env: PDNS_KEY}}
  zones:
    example.org: {provider: ns1, servers: ["127.0.0.1:$powerdns_port"]}
issuers:
  pebble: {type: acme, directory: "$pebble_url", ca_file: "$pebble_ca"}
certificates:
  example.org: {names: [example.org, "*.example.org"], issuer: pebble}
YAML
mailstack_issues() {
  rm -rf state root
  "$bin/mailstack" apply --yes --state "$work/state" --root "$work/root" </dev/null >log 2>&1 || { tail -n 20 log >&2 && return 1; }
  [[ -s root/etc/mailstackd/certs/example.org/fullchain.pem ]]
}

lego_issues() {
  rm -rf lego
  LEGO_CA_CERTIFICATES=$pebble_ca PDNS_API_URL=$powerdns_url PDNS_API_KEY=$powerdns_key PDNS_POLLING_INTERVAL=1 \
    lego --path "$work/lego" --server "$pebble_url" -a -m ops@example.org --dns pdns --dns.resolvers "127.0.0.1:$powerdns_port" --dns.disable-cp \
    -d example.org -d '*.example.org' run >log 2>&1 || { tail -n 20 log >&2 && return 1; }
  [[ -s lego/certificates/example.org.crt ]]
}

# Its hook is what its users write: one call with all challenges, through the API with curl.
cat >hook <<'HOOK'
#!/usr/bin/env bash
verb=$1
shift
patch() {
  curl -sf -o /dev/null -X PATCH -H "X-API-Key: $PDNS_KEY" -H 'Content-Type: application/json' "$PDNS_URL/api/v1/servers/localhost/zones/example.org." \
    -d "{\"rrsets\": [{\"name\": \"_acme-challenge.example.org.\", \"type\": \"TXT\", \"ttl\": 60, \"changetype\": \"$1\", \"records\": [$2]}]}"
}
case $verb in
  deploy_challenge)
    records=
    while (($# >= 3)); do records+=${records:+,}"{\"content\": \"\\\"$3\\\"\"}" && shift 3; done
    patch REPLACE "$records"
    ;;
  clean_challenge) patch DELETE '' ;;
esac
HOOK
chmod +x hook
cat >dehydrated.conf <<CONF
CA=$pebble_url
CHALLENGETYPE=dns-01
HOOK=$work/hook
HOOK_CHAIN=yes
KEY_ALGO=prime256v1
CONTACT_EMAIL=ops@example.org
BASEDIR=$work/dehydrated
CURL_OPTS="--cacert $pebble_ca"
CONF
dehydrated_issues() {
  rm -rf dehydrated && mkdir dehydrated
  export PDNS_URL=$powerdns_url
  {
    dehydrated --config "$work/dehydrated.conf" --register --accept-terms &&
      dehydrated --config "$work/dehydrated.conf" --cron --domain example.org --domain '*.example.org'
  } >log 2>&1 || { tail -n 20 log >&2 && return 1; }
  [[ -s dehydrated/certs/example.org/fullchain.pem ]]
}

for client in lego dehydrated mailstack; do
  measure "$runs" "${client}_issues"
  row "a certificate from Pebble by $client, median of $runs" "$seconds" '' s
  row "  its processor time" "$spent" '' s
done
