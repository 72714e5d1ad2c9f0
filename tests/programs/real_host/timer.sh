# shellcheck shell=bash
# Runs inside the host of real_host_timer_test.sh.
# shellcheck source=tests/programs/real_host/inside.sh
source "$1/tests/programs/real_host/inside.sh" "$@"
start_network "$work" 36 || exit 1
# Where a person keeps it, in a repository of theirs.
mkdir -p /srv/mail /etc/mailstack
cd /srv/mail || exit 1
(umask 077 && printf %s "$powerdns_key" >/etc/mailstack/powerdns.key)
# Not in /tmp: the timer's service has one of its own.
cp "$pebble_ca" /etc/mailstack/pebble.pem
cat >mailstack.yaml <<YAML
version: 1
defaults_version: "2026.1"  # daemon.type: chasquid
hosts:
  mx1: {fqdn: smtp.wac.tax, ipv4: 203.0.113.10, ipv6: "2001:db8::10"}
dns:
  providers:
    ns1: {type: powerdns, url: "$powerdns_url", key: {file: /etc/mailstack/powerdns.key}}
  zones: {wac.tax: {provider: ns1}}
domains:
  wac.tax: {catch_all: me@example.net, dkim: {algorithms: [ed25519], selector: g19}}
issuers:
  pebble: {type: acme, directory: "$pebble_url", ca_file: /etc/mailstack/pebble.pem}
defaults: {certificate: {issuer: pebble}}
reconcile: {interval: 10s, jitter: 0s}
YAML
git init -q . && commit 'mail'
run apply --yes
expect 0
run plan
says 'Plan: 0 to add, 0 to change, 0 to remove;'

timer=mailstack-reconcile.timer service=mailstack-reconcile.service
triggered() { unit_property $timer Timer LastTriggerUSec; }
first=$(serial 465) before=$(triggered)
echo "issued $first"
for _ in $(seq 600); do
  now=$(serial 465)
  [[ -z $now || $now == "$first" ]] || break
  sleep 0.1
done
journal() { journalctl -o cat --no-pager -u "$service" | tail -n 40; }
[[ -n $now && $now != "$first" ]] || { out=$(journal) && fail 'the timer renews: another serial on 465'; }
[[ $(triggered) != "$before" ]] || fail "the timer's last trigger is another"
while [[ $(unit_property $service Unit ActiveState) == activating ]]; do sleep 0.1; done
[[ $(unit_property $service Service Result) == success ]] || { out=$(journal) && fail 'its service succeeds'; }
echo "renewed $now"
stored=$(openssl x509 -in /etc/chasquid/certs/smtp.wac.tax/fullchain.pem -noout -fingerprint -sha256)
[[ $(leaf 465) == "$stored" && $(leaf 25 starttls) == "$stored" && $(leaf 587 starttls) == "$stored" ]] ||
  fail "the renewed leaf on each port: $(leaf 465) $(leaf 25 starttls) $(leaf 587 starttls), not $stored"

# A record changed by hand comes back by itself.
record wac.tax. smtp.wac.tax. A 203.0.113.66
for _ in $(seq 300); do
  [[ $(dig +short smtp.wac.tax A) != 203.0.113.10 ]] || break
  sleep 0.1
done
[[ $(dig +short smtp.wac.tax A) == 203.0.113.10 ]] || { out=$(journal) && fail 'the timer repairs the record'; }
run history --limit 30
says 'reconcile'

# What it may do is little, and enough.
out=$(SYSTEMD_LOG_LEVEL=err systemd-analyze security --no-pager --offline=true "/etc/systemd/system/$service" 2>&1)
code=$?
level=$(sed -n 's/.*Overall exposure level.*: \([0-9.]*\) .*/\1/p' <<<"$out")
awk -v level="${level:-10}" 'BEGIN { exit !(level <= 2.5) }' || fail "an exposure of at most 2.5, not $level"
out=$(systemd-analyze verify --man=no "/etc/systemd/system/$service" "/etc/systemd/system/$timer" 2>&1)
code=$?
expect 0
finish
