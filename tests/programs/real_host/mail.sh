# shellcheck shell=bash
# Runs inside the host of real_host_test.sh.
# shellcheck source=tests/programs/real_host/inside.sh
source "$1/tests/programs/real_host/inside.sh" "$@"
start_network "$work" || exit 1
mkdir secrets
mkdir -p /etc/mailstack
(umask 077 && printf %s "$powerdns_key" >/etc/mailstack/powerdns.key)
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
    users: {i: {password: {hash_file: secrets/i@wac.tax}}}
    catch_all: me@example.net
    dkim: {algorithms: [rsa2048], selector: g19}
issuers:
  pebble: {type: acme, directory: "$pebble_url", account: ops@wac.tax, ca_file: "$pebble_ca"}
certificates:
  wac.tax: {names: [wac.tax, "*.wac.tax"], issuer: pebble}
sysctl: {net.ipv6.conf.all.disable_ipv6: 0}
reconcile: {timer: never}
daemon:
  listen: {smtp: ["203.0.113.10:25", "[2001:db8::10]:25", "127.0.0.1:25"]}
YAML
cp "$source_directory/examples/secrets/i@wac.tax" secrets/

run apply --yes

expect 0
run plan
expect 0
says 'Plan: 0 to add, 0 to change, 0 to remove;'

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
out=$(python3 "$source_directory/tests/support/dkim_verify.py" <"$work/sink/1.eml" 2>&1)
[[ $out == 'g19 rsa-sha256 good' ]] || fail 'dkimpy finds the signature good, by the key in the zone'
[[ $(dig +short -x 203.0.113.10) == smtp.wac.tax. ]] || fail 'the PTR is the name in EHLO'

# Changed by hand: a unit stopped, a record and the users file edited. Drift names the three, reconcile repairs them.
manager StopUnit ss chasquid-submission.socket replace >/dev/null
record wac.tax. smtp.wac.tax. A 203.0.113.66
sed -i 's/logN: 14/logN: 15/' /etc/chasquid/domains/wac.tax/users
while [[ $(unit_property chasquid.service Unit ActiveState) == active ]]; do sleep 0.05; done
run drift
expect 2
says 'unit chasquid.service'
says 'unit chasquid-submission.socket'
says 'A smtp.wac.tax'
says 'user i@wac.tax'
run reconcile --yes
expect 0
run drift
expect 0
[[ $(leaf 587 starttls) == "$stored" ]] || fail 'it answers again'

# A changed configuration is a restart that says so; nobody who connects meanwhile is refused.
sed -i 's/^daemon:/daemon:\n  limits: {message_size: 20M}/' mailstack.yaml
run plan
says 'restart to load chasquid.conf (open sessions may be cut; the sockets stay open, so no connection is refused)'
(while [[ ! -e stop ]]; do (exec 3<>/dev/tcp/203.0.113.10/25) 2>/dev/null || echo refused >>refused; done) &
knocking=$!
run apply --yes
expect 0
touch stop
wait "$knocking"
[[ ! -e refused ]] || fail "$(wc -l <refused) connections were refused"

# A key that the daemon's user cannot read: found by the trial, and what runs goes on.
chown root:root /etc/chasquid/certs/wac.tax/privkey.pem
mkdir /etc/chasquid/certs/by-hand
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=x -keyout /etc/chasquid/certs/by-hand/privkey.pem \
  -out /etc/chasquid/certs/by-hand/fullchain.pem 2>/dev/null
chmod 600 /etc/chasquid/certs/by-hand/privkey.pem
sed -i 's/message_size: 20M/message_size: 21M/' mailstack.yaml
run apply --yes
expect 6
says 'its configuration was tried out first, and it does not start with it; what runs goes on with what it had loaded'
says 'by-hand/privkey.pem: permission denied'
[[ $(leaf 465) == "$stored" ]] || fail 'the daemon goes on'
rm -r /etc/chasquid/certs/by-hand
run apply --yes
expect 0
[[ $(stat -c %G /etc/chasquid/certs/wac.tax/privkey.pem) == chasquid ]] || fail 'the key is for the daemon again'

# A second domain comes and leaves: the daemon takes mail for it, and then no more.
takes() { # ADDRESS
  out=$(swaks --server 203.0.113.10 --helo mx.example.net --from a@example.net --to "$1" --quit-after RCPT 2>&1)
  code=$?
  ((code == 0))
}
create_zone second.example.
record second.example. ns1.second.example. A 127.0.0.1
sed -i 's/^domains:/domains:\n  second.example: {catch_all: me@example.net}/; s/^  zones: {/  zones: {second.example: {provider: ns1}, /' mailstack.yaml
run apply --yes
expect 0
takes x@second.example || fail 'mail for the new domain is taken'
sed -i 's/second.example: {catch_all: me@example.net}/second.example: {state: absent}/' mailstack.yaml
run apply --yes --allow mx --allow spf --allow dkim --allow deletes
expect 0
! takes x@second.example || fail 'mail for the domain that left is not taken'
run plan
expect 0
says 'Plan: 0 to add, 0 to change, 0 to remove;'
finish
