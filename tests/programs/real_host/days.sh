# shellcheck shell=bash
# Runs inside the host of real_host_days_test.sh.
# shellcheck source=tests/programs/real_host/inside.sh
source "$1/tests/programs/real_host/inside.sh" "$@"
state_of() { unit_property "$1" Unit ActiveState; }
is_done() {
  run plan
  expect 0
  says 'Plan: 0 to add, 0 to change, 0 to remove;'
}
# A zone file and an authority of the host's own: these days are systemd's.
ip address add 203.0.113.10/32 dev lo
echo '127.0.0.1 localhost' >/etc/hosts
mkdir /srv/mail && cd /srv/mail || exit 1
cat >mailstack.yaml <<'YAML'
version: 1
defaults_version: "2026.1"  # daemon.type: chasquid
hosts:
  mx1: {fqdn: smtp.example.org, ipv4: 203.0.113.10, ptr: none}
dns:
  providers:
    local: {type: zonefile, directory: zones}
  zones:
    example.org:
      provider: local
      records: |
        www 300 IN A 203.0.113.80
domains:
  example.org: {catch_all: me@example.net, dkim: {algorithms: []}}
issuers:
  here: {type: local-ca}
defaults: {certificate: {issuer: here}}
reconcile: {timer: never}
daemon:
  listen: {smtp: ["203.0.113.10:25", "127.0.0.1:25"]}
YAML
drop_ins=/etc/systemd/system/chasquid.service.d

# A drop-in by hand names a user that is not there.
mkdir -p "$drop_ins"
printf '[Service]\nUser=nobody-of-that-name\n' >"$drop_ins/by-hand.conf"
run apply --yes
expect 6
says 'start of chasquid.service failed: its user does not exist (217/USER): nobody-of-that-name: create the user, or correct User='
says 'its last lines: '
says 'chasquid.service: Failed at step USER'
holds zones/example.org.zone 203.0.113.80
[[ -s /etc/chasquid/chasquid.conf && -d /etc/chasquid/domains/example.org ]] || fail 'the rest is applied'
[[ $(state_of chasquid-smtp.socket) == active ]] || fail 'a socket is none the worse for it'
run plan
says 'unit chasquid.service'
rm "$drop_ins/by-hand.conf"
run apply --yes
expect 0
[[ $(state_of chasquid.service) == active ]] || fail 'it runs'
is_done

# Somebody restarts it: what it has loaded is told from the disk now, certificates and folders too.
manager RestartUnit ss chasquid.service replace >/dev/null
for _ in $(seq 100); do
  [[ $(state_of chasquid.service) != active ]] || break
  sleep 0.05
done
is_done

# A unit of somebody else's uses a certificate, and its reload fails.
cat >/etc/systemd/system/web.service <<'UNIT'
[Service]
ExecStart=/bin/sleep infinity
ExecReload=/bin/sh -c 'test ! -e /srv/mail/broken || { echo "web.conf:7: syntax error"; exit 3; }'
UNIT
manager Reload >/dev/null
manager StartUnit ss web.service replace >/dev/null
sed -i 's/^reconcile:/certificates:\n  web: {names: [www.example.org], reload: [web.service]}\n&/' mailstack.yaml
run apply --yes
expect 0
is_done
main=$(unit_property web.service Service MainPID)
touch broken
sed -i 's/names: \[www.example.org/&, web.example.org/; s/203.0.113.80/203.0.113.81/' mailstack.yaml
run apply --yes
expect 6
says 'reload of web.service failed'
says 'it goes on with what it had loaded'
says 'web.conf:7: syntax error'
holds zones/example.org.zone 203.0.113.81
openssl x509 -in /etc/chasquid/certs/web/fullchain.pem -noout -ext subjectAltName | grep -q web.example.org || fail 'the pair is in place'
for _ in 1 2; do
  run plan
  expect 0
  says 'reload to load'
  says 'Plan: 0 to add, 1 to change, 0 to remove;'
done
rm broken
run apply --yes
expect 0
[[ $(unit_property web.service Service MainPID) == "$main" ]] || fail 'it was reloaded, not restarted'
is_done

# D-Bus goes while a unit starts, which takes its time today.
printf '[Service]\nExecStartPre=/bin/sleep 5\n' >"$drop_ins/by-hand.conf"
manager Reload >/dev/null
sed -i 's/203.0.113.81/203.0.113.82/; s/^daemon:/daemon:\n  limits: {message_size: 21M}/' mailstack.yaml
"$mailstack" apply --yes --as mx1 </dev/null >log 2>&1 &
run=$!
for _ in $(seq 300); do
  [[ $(state_of chasquid.service) != activating ]] || break
  kill -0 "$run" 2>/dev/null || break
  sleep 0.05
done
[[ $(state_of chasquid.service) == activating ]] || fail 'it is being started'
kill -9 "$(unit_property dbus.service Service MainPID)"
wait "$run"
code=$? out=$(<log)
expect 6
says '! unit chasquid.service'
holds zones/example.org.zone 203.0.113.82
grep -q '^max_data_size_mb: 21' /etc/chasquid/chasquid.conf || fail 'the rest is applied'
rm "$drop_ins/by-hand.conf"
for _ in $(seq 200); do
  [[ $(state_of chasquid.service 2>/dev/null) != active ]] || break
  sleep 0.05
done
run apply --yes
expect 0
[[ $(state_of chasquid.service) == active ]] || fail 'it runs'
is_done
finish
