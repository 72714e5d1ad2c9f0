#!/usr/bin/env bash
# Every metric that the program declares is set by a daemon that runs: after mail that is taken, refused, brought on and put off, no name
# is without a sample, and what has happened is counted.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
# shellcheck source=tests/support/mail_host.sh
source "$1/tests/support/mail_host.sh"

name_server 0
sink inbox
cat >>records <<DNS
example.net MX 10 mx.example.net
mx.example.net A 127.0.0.1
dead.example MX 10 mx.dead.example
mx.dead.example A 127.0.0.77
DNS
make_host ours example.org
monitoring=$(free_ports 1)
cat >>ours/conf/mailstackd.yaml <<YAML
delivery: {port: $port}
monitoring_address: 127.0.0.1:$monitoring
YAML
start_host ours

submit ours --auth-user alice@example.org --from alice@example.org --to bob@example.net,carol@dead.example
expect 0
submit ours --auth-user alice@example.org --auth-password wrong --from alice@example.org --to bob@example.net
swaks --server "127.0.0.1:${smtp[ours]}" --from eve@example.com --to bob@example.net >/dev/null 2>&1
wait_for has_files inbox 1 || fail 'the mail should arrive'
wait_for grep -q 'failed (temporary)' ours/mail.log || fail 'the dead host should be seen'
wait_for grep -q 'completed loop, next in' ours/mail.log || fail 'the log should say when the next attempt is'

# One session stays open while it is asked.
exec 4<>"/dev/tcp/127.0.0.1/${smtp[ours]}"
read -r -t 5 _ <&4 || fail 'a session greets'

cat >judge.py <<'PY'
import re, sys, urllib.request

text = urllib.request.urlopen(sys.argv[1], timeout=10).read().decode()
source = open(sys.argv[2]).read()
declared = set(re.findall(r'"((?:mailstackd|process)_[a-z_]+)"', source))
samples = {}
for line in text.splitlines():
    if line.startswith("#"):
        continue
    name, value = re.fullmatch(r"(\S+(?:\{.*\})?) (\S+)", line).groups()
    samples[name] = float(value)
bare = {re.sub(r"\{.*", "", name) for name in samples}
bare |= {re.sub(r"_(bucket|sum|count)$", "", name) for name in bare}
typed = set(re.findall(r"^# TYPE (\S+)", text, re.M))
wrong = []
if len(declared) < 35:
    wrong.append(f"only {len(declared)} names were found in the source")
for name in sorted(declared ^ typed):
    wrong.append(f"{name} is declared or exposed, not both")
for name in sorted(declared - bare):
    wrong.append(f"{name} has no sample: nobody sets it")

def over(name, least=0.0):
    if not samples.get(name, -1.0) > least:
        wrong.append(f"{name} is {samples.get(name)}")

def equal(name, value):
    if samples.get(name) != value:
        wrong.append(f"{name} is {samples.get(name)}, not {value}")

equal('mailstackd_messages_received_total{service="submissions"}', 1)
equal('mailstackd_sessions_open{service="smtp"}', 1)
equal('mailstackd_sessions_open{service="submissions"}', 0)
over('mailstackd_sessions_total{service="submissions"}', 1)
equal('mailstackd_auth_total{result="failed"}', 1)
equal('mailstackd_delivery_attempts_total{result="sent"}', 1)
equal('mailstackd_delivery_duration_seconds_count{result="sent"}', 1)
equal('mailstackd_delivery_duration_seconds_count{result="deferred"}', 1)
equal("mailstackd_time_to_delivery_seconds_count", 1)
equal("mailstackd_commit_duration_seconds_count", 1)
equal("mailstackd_queue_messages", 1)
equal('mailstackd_queue_destination_messages{destination="dead.example"}', 1)
over('mailstackd_queue_destination_pause_seconds{destination="dead.example"}')
over('mailstackd_certificate_expiry_timestamp_seconds{certificate="mx.example.org"}', 1.7e9)
over("mailstackd_configuration_loaded_timestamp_seconds", 1.7e9)
over('mailstackd_spool_bytes{kind="live"}')
over("mailstackd_spool_syncs_total")
over("process_open_fds", 5)
if not any(name.startswith('mailstackd_tls_sessions_total{service="submissions"') for name in samples):
    wrong.append("no session under TLS was counted")
if not any(name.startswith('mailstackd_rejects_total{service="smtp",code="550"') for name in samples):
    wrong.append("no refusal was counted")
print("\n".join(wrong))
sys.exit(bool(wrong))
PY
out=$(python3 judge.py "http://127.0.0.1:$monitoring/metrics" "$source_directory/daemon/control/metrics.cpp" 2>&1)
code=$?
expect 0
exec 4>&-

# chasquid's lines: the peer with its port, and the end of a message.
grep -Eq '127\.0\.0\.1:[0-9]+ auth failed for alice@example.org' ours/mail.log || fail 'the peer of a login'
grep -Eq '127\.0\.0\.1:[0-9]+ rejected from=eve@example.com' ours/mail.log || fail 'the peer of a refusal'
grep -Eq 'from=alice@example.org queued ip=127\.0\.0\.1:[0-9]+ to=\[bob@example.net carol@dead.example\]' ours/mail.log || fail 'the peer of a message'
submit ours --auth-user alice@example.org --from alice@example.org --to bob@example.net
wait_for grep -q 'from=alice@example.org all done' ours/mail.log || fail 'the end of a message'
stop_host ours
out=$(<ours/out)
((failures == 0))
