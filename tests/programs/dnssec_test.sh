#!/usr/bin/env bash
# Answers are validated from a trust anchor of one's own: mail for a signed zone goes out, and waits where the anchor says that the
# answers are forged.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
for program in pdns_server pdnsutil pdns_control sqlite3 curl dig; do
  command -v "$program" >/dev/null || { echo "skipped: $program is not installed" && exit 77; }
done
# shellcheck source=tests/support/mail_host.sh
source "$1/tests/support/mail_host.sh"
# shellcheck source=tests/support/powerdns.sh
source "$1/tests/support/powerdns.sh"
at_exit+=(stop_powerdns)

start_powerdns "$work/pdns" || fail 'PowerDNS should start'
create_zone signed.test. || fail 'a zone should be made'
zone() { pdnsutil --config-dir="$work/pdns" "$@" 2>&1; }
{
  zone add-record signed.test. @ MX 300 '10 mx.signed.test.'
  zone add-record signed.test. mx A 300 127.0.0.1
  zone secure-zone signed.test.
  zone rectify-zone signed.test.
  # It remembers for a minute that the zone had no keys.
  pdns_control --config-dir="$work/pdns" purge 'signed.test$' 2>&1
} >zone.log || { out=$(<zone.log) && fail 'the zone should be signed'; }
has_key() { dig @127.0.0.1 -p "$powerdns_port" signed.test DNSKEY +short | grep -q '257 3'; }
wait_for has_key || fail 'the keys of the zone should be served'
zone export-zone-ds signed.test. | grep 'IN DS .* 2 ' | sed 's/ *;.*//' >right.ds
[[ -s right.ds ]] || fail 'the zone should have a DS'
# Another digest of the same key.
sed -E 's/[0-9a-fA-F]{8}$/00000000/' right.ds >wrong.ds

sink inbox
dns=127.0.0.1:$powerdns_port
make_host ours example.org
sed -i '/^dns:/d' ours/conf/mailstackd.yaml
cat >>ours/conf/mailstackd.yaml <<YAML
dns: {servers: ["$dns"], dnssec: on, trust_anchor: ../../anchor.ds, attempts: 1}
delivery: {port: $port}
queue: {retry: {first: 1s, max: 2s}, host_backoff: {first: 1s, max: 1s}}
YAML

cp wrong.ds anchor.ds
start_host ours
submit ours --auth-user alice@example.org --from alice@example.org --to bob@signed.test
expect 0
wait_for grep -q 'failed (temporary).*signed.test is: validation failure .*DS hash mismatches' ours/mail.log || fail 'what is forged should not be believed'
has_files inbox 1 && fail 'nothing should go out'
stop_host ours

cp right.ds anchor.ds
start_host ours
wait_for has_files inbox 1 || fail 'what is proven should be believed'
rm anchor.ds
out=$("$mailstackd" check config --config ours/conf 2>&1)
says 'this trust anchor cannot be read'
stop_host ours
out=$(<ours/mail.log)
((failures == 0))
