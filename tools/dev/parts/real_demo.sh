#!/usr/bin/env bash
# What `./dev demo --real` shows: runs inside the host that it boots, with the tree as $1 and yes or no for --slow as $2.
set -uo pipefail
root=$1 slow=$2
source "$root/tests/support/powerdns.sh"
source "$root/tests/support/pebble.sh"
source "$root/tests/support/host_network.sh"
# Where units and the daemon's user reach it, wherever this tree stands.
cp "$root/build/bin/mailstack" /srv/mailstack-program
mailstack=/srv/mailstack-program
export HOME=/root NO_COLOR=1

tell() { printf '\n== %s\n' "$*"; }
fail() {
  echo "demo: $*" >&2
  exit 1
}
pause() { if [[ $slow == yes ]]; then read -rp 'Enter goes on. '; fi; }
# show COMMAND…: says it, and runs it.
show() {
  printf '$ %s\n' "$*"
  "$@"
}
# step WANTED WORDS…: runs mailstack, and insists on its exit code.
step() {
  local wanted=$1 code=0
  shift
  printf '$ mailstack %s\n' "$*"
  "$mailstack" "$@" --as mx1 </dev/null || code=$?
  [[ $code == "$wanted" ]] || fail "\`mailstack $*\` ended with $code and not with $wanted: see above"
  ((code == 0)) || printf '(exit %s)\n' "$code"
  pause
}
work=$(mktemp -d)
trap 'stop_network; rm -rf "$work"' EXIT

tell 'A host: systemd as PID 1, Debian'\''s chasquid as its package leaves it, addresses 203.0.113.10 and 2001:db8::10.
   Around it: PowerDNS with its zone, a CA (Pebble, whose certificates live for 90 seconds here), and example.net'\''s mail server.'
start_network "$work" 90 || exit 1
mkdir -p /srv/mail/secrets /etc/mailstack && cd /srv/mail || exit 1
cp "$root/examples/secrets/i@wac.tax" secrets/
(umask 077 && printf %s "$powerdns_key" >/etc/mailstack/powerdns.key)
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
  wac.tax:
    users: {i: {password: {hash_file: secrets/i@wac.tax}}}    # "correct horse"
    aliases: {i: i.wac.tax@example.net}
    catch_all: i.wac.tax@example.net
    spf: {text: {"@": "v=spf1 a mx include:_spf.wac.tax ~all", _spf: "v=spf1 a:smtp.wac.tax ~all"}}
    dmarc: {text: "v=DMARC1; p=quarantine; fo=1; ruf=mailto:ruf@wac.tax; rua=mailto:rua@wac.tax"}
    dkim: {algorithms: [rsa2048], selector: g19}
issuers:
  pebble: {type: acme, directory: "$pebble_url", account: ops@wac.tax, ca_file: /etc/mailstack/pebble.pem}
certificates:
  wac.tax: {names: [wac.tax, "*.wac.tax"], issuer: pebble}
sysctl: {net.ipv6.conf.all.disable_ipv6: 0, net.ipv6.conf.default.disable_ipv6: 0, net.ipv6.conf.lo.disable_ipv6: 0}
reconcile: {interval: 15s, jitter: 0s}
YAML
git config --global user.name 'A person' && git config --global user.email person@wac.tax
git init -q . && git add -A && git commit -qm 'wac.tax' || exit 1

tell '1. The manifest: one file in a repository of yours.'
cat mailstack.yaml

tell '2. Is this machine fit for it? (The way out is tried at the one mail server there is.)'
step 0 doctor --probe mx.example.net

tell '3. What would change, and why? Nothing is written.'
step 0 plan

tell '4. Do it: records, keys, users, a certificate, units, the timer. Each write is looked at afterwards.'
step 0 apply --yes

tell '5. What a stranger sees.'
show dig +short wac.tax MX
show dig +short wac.tax TXT
show dig +short g19._domainkey.wac.tax TXT | cut -c1-100
for port in 465 '25 starttls' '587 starttls'; do
  # shellcheck disable=SC2086  # a port and how to talk to it
  printf 'port %s: certificate %s\n' "${port%% *}" "$(serial $port)"
done

tell '6. A user sends mail to a name that nobody has. The catch-all sends it on to example.net.'
swaks --server 203.0.113.10 --port 465 --tls-on-connect --auth PLAIN --auth-user i@wac.tax --auth-password 'correct horse' \
  --from i@wac.tax --to any123@wac.tax --header 'Subject: through the catch-all' --body 'hello' --hide-all --show-time-lapse ||
  fail 'the mail was not taken'
for _ in $(seq 200); do
  [[ ! -e $work/sink/1.envelope ]] || break
  sleep 0.05
done
[[ -e $work/sink/1.envelope ]] || fail 'the mail did not arrive'
cat "$work/sink/1.envelope" && echo
sed '/^\r*$/q' "$work/sink/1.eml" | cut -c1-110
signature=$(python3 "$root/tests/support/dkim_verify.py" <"$work/sink/1.eml")
echo "dkimpy, asking the name server: $signature"
[[ $signature == 'g19 rsa-sha256 good' ]] || fail 'the signature is not good'
pause

tell '7. The certificate lives for 90 seconds. Nobody does anything: at two thirds the timer renews it, and chasquid shows the new one.'
timer='mailstack-reconcile.timer'
first=$(serial 465) trigger=$(unit_property $timer Timer LastTriggerUSec)
echo "on 465: $first    the timer's last trigger: $trigger"
for _ in $(seq 1200); do
  now=$(serial 465)
  [[ -z $now || $now == "$first" ]] || break
  sleep 0.1
done
[[ -n $now && $now != "$first" ]] || fail "the timer did not renew: journalctl -u mailstack-reconcile says
$(journalctl -o cat --no-pager -u mailstack-reconcile.service | tail -n 20)"
again=$(unit_property $timer Timer LastTriggerUSec)
[[ $again != "$trigger" ]] || fail 'it was not the timer'
echo "on 465: $now    the timer's last trigger: $again"
while [[ $(unit_property mailstack-reconcile.service Unit ActiveState) == activating ]]; do sleep 0.1; done
pause

tell '8. Again: there is nothing left to do.'
step 0 plan --detailed-exitcode

tell '9. Somebody stops the timer, points the host elsewhere, and edits the users file.'
manager StopUnit ss $timer replace >/dev/null
record wac.tax. smtp.wac.tax. A 203.0.113.66
sed -i 's/logN: 14/logN: 15/' /etc/chasquid/domains/wac.tax/users
step 2 drift

tell '10. Repaired. This is what the timer runs, too.'
step 0 reconcile --yes
step 0 drift

tell '11. What happened, by whom.'
step 0 history --limit 12
