#!/usr/bin/env bash
# Root starts it on ports below 1024; then it is somebody else, and neither it nor a hook of its gets anywhere: a user of its own, no
# capabilities, no new privileges, a filter for system calls on every thread.
if ((EUID != 0)); then
  echo 'skipped: only root can become another'
  exit 77
fi
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
# shellcheck source=tests/support/mail_host.sh
source "$1/tests/support/mail_host.sh"

name_server 0
sink inbox
cat >>records <<DNS
example.net MX 10 mx.example.net
mx.example.net A 127.0.0.1
DNS
make_host ours example.org
# An address of loopback that no other test has, so that its ports of 25 and 465 are free.
address=127.$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1)).$((RANDOM % 250 + 2))
sed -i -E "s/127.0.0.1:${smtp[ours]}/$address:25/; s/127.0.0.1:${submissions[ours]}/$address:465/; /^(control_socket|mail_log_path|state|spool):/d" ours/conf/mailstackd.yaml
cat >>ours/conf/mailstackd.yaml <<YAML
user: nobody
state: $work/ours/made
control_socket: $work/ours/run/control
mail_log_path: <stdout>
delivery: {port: $port, local: maildir, maildir: $work/ours/made/mail/%to_user%}
YAML
mkdir -p ours/conf/hooks
cat >ours/conf/hooks/post-data <<'SH'
#!/bin/sh
echo "X-Who: $(id -u)"
grep -E '^(NoNewPrivs|Seccomp|CapEff):' /proc/self/status | sed 's/^/X-/'
if unshare -r true 2>/dev/null; then echo 'X-Unshare: done'; else echo 'X-Unshare: refused'; fi
SH
chmod 755 ours/conf/hooks/post-data
chmod 755 "$work" ours
chmod -R a+rX ours/conf

"$mailstackd" --config "$work/ours/conf" >>"$work/ours/out" 2>&1 &
host_pid[ours]=$!
serves() { (exec 3<>"/dev/tcp/$address/465") 2>/dev/null; }
wait_for serves || { out=$(<ours/out) && fail 'it should start'; }

nobody=$(id -u nobody)
for status in /proc/"${host_pid[ours]}"/task/*/status; do
  out=$(grep -E '^(Uid|Gid|CapPrm|NoNewPrivs|Seccomp|Groups):' "$status")
  says "Uid:	$nobody	$nobody	$nobody	$nobody"
  says 'CapPrm:	0000000000000000'
  says 'NoNewPrivs:	1'
  says 'Seccomp:	2'
done
[[ $(stat -c %U:%a ours/made) == nobody:700 ]] || fail 'the state is its own'

out=$(swaks --server "$address:465" --tls-on-connect --auth PLAIN --auth-user alice@example.org --auth-password secret \
  --from alice@example.org --to bob@example.net,alice@example.org 2>&1)
code=$?
expect 0
wait_for has_files inbox 1 || fail 'the mail should arrive'
out=$(<inbox/1.eml)
says "X-Who: $nobody"
says 'X-Unshare: refused'
says 'X-NoNewPrivs:	1'
says 'X-Seccomp:	2'
wait_for has_files ours/made/mail/alice/new 1 '*' || fail 'the mail of a user should be kept'
out=$("$mailstackd" status --config ours/conf 2>&1)
says "$address:25"
stop_host ours
expect 0

# Whoever cannot be, is not; and what is switched off is off.
sed -i 's/^user: .*/user: nobody-at-all/' ours/conf/mailstackd.yaml
out=$("$mailstackd" --config ours/conf 2>&1)
code=$?
expect 1
says 'there is no account nobody-at-all'
sed -i 's/^user: .*/seccomp: off/' ours/conf/mailstackd.yaml
"$mailstackd" --config "$work/ours/conf" >>"$work/ours/out" 2>&1 &
host_pid[ours]=$!
wait_for serves || fail 'it should start'
out=$(grep -E '^(NoNewPrivs|Seccomp):' "/proc/${host_pid[ours]}/status")
says 'Seccomp:	0'
stop_host ours
out=$(<ours/out)
((failures == 0))
