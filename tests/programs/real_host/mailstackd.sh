# shellcheck shell=bash
# Runs inside the host of real_host_mailstackd_test.sh.
# shellcheck source=tests/programs/real_host/inside.sh
source "$1/tests/programs/real_host/inside.sh" "$@"
# shellcheck disable=SC2154  # person.sh sets binary_directory
cp "$binary_directory/bin/mailstackd" /srv/mailstackd # beside mailstack, where it is looked for
start_network "$work" || exit 1
record example.net. other.example.net. A 203.0.113.99
mkdir -p secrets /etc/mailstack
(umask 077 && printf %s "$powerdns_key" >/etc/mailstack/powerdns.key)
cat >mailstack.yaml <<YAML
version: 1
defaults_version: "2026.1"
hosts:
  mx1: {fqdn: smtp.wac.tax, ipv4: 203.0.113.10, ipv6: "2001:db8::10"}
dns:
  providers:
    ns1: {type: powerdns, url: "$powerdns_url", key: {file: /etc/mailstack/powerdns.key}}
  zones: {wac.tax: {provider: ns1}}
domains:
  wac.tax:
    users: {i: {password: {hash_file: secrets/i@wac.tax}, receive: false}}
    aliases: {sales: me@example.net}
    catch_all: me@example.net
    dkim: {algorithms: [rsa2048], selector: g19}
issuers:
  pebble: {type: acme, directory: "$pebble_url", account: ops@wac.tax, ca_file: "$pebble_ca"}
certificates:
  wac.tax: {names: [wac.tax, "*.wac.tax"], issuer: pebble}
sysctl: {net.ipv6.conf.all.disable_ipv6: 0}
reconcile: {timer: never}
daemon:
  type: mailstackd
YAML
cp "$source_directory/examples/secrets/i@wac.tax" secrets/
service=mailstackd.service certificate=/etc/mailstackd/certs/wac.tax/fullchain.pem
main_pid() { unit_property $service Service MainPID; }
journal() { journalctl -o cat --no-pager -u $service | tail -n 40; }
nothing_to_do() {
  run plan
  expect 0
  says 'Plan: 0 to add, 0 to change, 0 to remove;'
}
stored() { openssl x509 -in $certificate -noout -fingerprint -sha256; }
same_certificate() {
  [[ $(leaf 465) == "$(stored)" && $(leaf 25 starttls) == "$(stored)" && $(leaf 587 starttls) == "$(stored)" ]] ||
    fail "$1: $(leaf 465) $(leaf 25 starttls) $(leaf 587 starttls), not $(stored)"
}
# send TO WORD...: as the user, on 465
send() {
  local to=$1
  shift
  out=$(swaks --server 203.0.113.10 --port 465 --tls-on-connect --auth PLAIN --auth-user i@wac.tax --auth-password 'correct horse' \
    --from i@wac.tax --to "$to" --body hello "$@" 2>&1)
  code=$?
}
# arrived NUMBER: waits for that mail at the sink
arrived() {
  for _ in $(seq 200); do
    [[ ! -e $work/sink/$1.envelope ]] || return 0
    sleep 0.05
  done
  out=$(journal) && fail "mail $1 did not arrive"
}

run apply --yes
expect 0
out=$(journal)
[[ $(unit_property $service Unit ActiveState) == active ]] || fail 'it runs'
id mailstackd >/dev/null || fail 'the account is there'
[[ $(ps -o user= -p "$(main_pid)") == mailsta* ]] || fail "it runs as that account: $(ps -o user= -p "$(main_pid)")"
for socket in smtp submission submission_tls; do
  [[ $(unit_property mailstackd-$socket.socket Unit ActiveState) == active ]] || fail "$socket listens"
done
# Nobody else looks into what it keeps, nor steers it.
[[ $(stat -c '%U %G %a' /var/lib/mailstackd) == 'mailstackd mailstackd 700' ]] || fail "$(stat /var/lib/mailstackd)"
[[ $(stat -c '%U %G %a' /run/mailstackd) == 'mailstackd mailstackd 750' ]] || fail "$(stat /run/mailstackd)"
nothing_to_do
same_certificate 'the leaf on each port'

# The user sends to a name that is only the catch-all's: it leaves, signed.
send any123@wac.tax --header 'Subject: through the catch-all'
expect 0
arrived 1
holds "$work/sink/1.envelope" '"helo": "smtp.wac.tax"'
holds "$work/sink/1.envelope" '"to": ["me@example.net"]'
out=$(python3 "$source_directory/tests/support/dkim_verify.py" <"$work/sink/1.eml" 2>&1)
[[ $out == 'g19 rsa-sha256 good' ]] || fail 'dkimpy finds the signature good, by the key in the zone'
# Who only sends gets nothing.
out=$(swaks --server 203.0.113.10 --helo mx.example.net --from a@example.net --to i@wac.tax --quit-after RCPT 2>&1)
[[ $out == *'550 5.2.1'* ]] || fail 'mail for who only sends is refused'

# A changed alias: a reload, and the next mail goes there.
main=$(main_pid)
sed -i 's/sales: me@example.net/sales: her@example.net/' mailstack.yaml
run apply --yes
expect 0
[[ $(main_pid) == "$main" ]] || fail 'it was reloaded, not restarted'
nothing_to_do
send sales@wac.tax
expect 0
arrived 2
holds "$work/sink/2.envelope" '"to": ["her@example.net"]'
# One that leaves: its name is the catch-all's again.
sed -i '/aliases: {sales/d' mailstack.yaml
run apply --yes
expect 0
[[ $(main_pid) == "$main" ]] || fail 'it was reloaded, not restarted'
nothing_to_do
send sales@wac.tax
expect 0
arrived 3
holds "$work/sink/3.envelope" '"to": ["me@example.net"]'

# What the daemon loads once it is told to.
sed -i 's/^  type: mailstackd/&\n  limits: {message_size: 20M}/' mailstack.yaml
run plan
says 'reload'
run apply --yes
expect 0
[[ $(main_pid) == "$main" ]] || fail 'a changed limit is a reload'
out=$(swaks --server 203.0.113.10 --helo mx.example.net --quit-after EHLO 2>&1)
says 'SIZE 20971520'
nothing_to_do

# The certificate grew old: 75 of its 90 days are over, and the daemon serves that one.
mkdir old && cd old || exit 1
touch index
openssl req -new -key ${certificate%/*}/privkey.pem -subj /CN=wac.tax -out request.pem
cat >ca.conf <<'CONF'
[ca]
default_ca = old
[old]
database = index
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
[names]
subjectAltName = DNS:wac.tax, DNS:*.wac.tax
CONF
openssl ca -batch -notext -config ca.conf -extensions names -selfsign -keyfile ${certificate%/*}/privkey.pem -in request.pem -out old.pem \
  -startdate "$(date -u -d '-75 days' +%Y%m%d%H%M%SZ)" -enddate "$(date -u -d '+15 days' +%Y%m%d%H%M%SZ)" 2>log || cat log
cat old.pem >$certificate
cd "$work" || exit 1
systemctl reload $service
same_certificate 'the old leaf on each port'
before=$(stored)
run apply --yes
expect 0
says 'two thirds of its lifetime are over'
[[ $(stored) != "$before" ]] || fail 'there is another certificate'
[[ $(main_pid) == "$main" ]] || fail 'a renewed certificate is a reload'
same_certificate 'the renewed leaf on each port'
nothing_to_do

# What it may do is little, and enough.
out=$(SYSTEMD_LOG_LEVEL=err systemd-analyze security --no-pager --offline=true /etc/systemd/system/$service 2>&1)
code=$?
level=$(sed -n 's/.*Overall exposure level.*: \([0-9.]*\) .*/\1/p' <<<"$out")
echo "exposure $level"
awk -v level="${level:-10}" 'BEGIN { exit !(level <= 2) }' || fail "an exposure of at most 2, not $level"
out=$(systemd-analyze verify --man=no /etc/systemd/system/mailstackd* 2>&1)
code=$?
expect 0

# systemctl stop, and who connects starts it again.
out=$(systemctl stop $service 2>&1)
code=$?
expect 0
[[ $(unit_property $service Service Result) == success && $(unit_property $service Service ExecMainStatus) == 0 ]] ||
  { out=$(journal) && fail "it ends well: $(unit_property $service Service Result) $(unit_property $service Service ExecMainStatus)"; }
[[ $(unit_property $service Unit ActiveState) == inactive ]] || fail "it is $(unit_property $service Unit ActiveState)"
same_certificate 'a knock on the socket starts it'
[[ $(main_pid) != "$main" && $(main_pid) != 0 ]] || fail 'it is another process'
nothing_to_do
finish
