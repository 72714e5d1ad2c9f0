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
echo "X-Called: $USER"
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
says 'X-Called: nobody'
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
line=$(grep -n '^user:' ours/conf/mailstackd.yaml)
says "mailstackd: $work/ours/conf/mailstackd.yaml:${line%%:*}:1: error: \`user\`: there is no account nobody-at-all; make it: "
out=$("$mailstackd" check config --config ours/conf 2>&1)
code=$?
expect 3
says "$work/ours/conf/mailstackd.yaml:${line%%:*}:1: error: \`user\`: there is no account nobody-at-all; make it: "
sed -i 's/^user: .*/seccomp: off/' ours/conf/mailstackd.yaml
"$mailstackd" --config "$work/ours/conf" >>"$work/ours/out" 2>&1 &
host_pid[ours]=$!
wait_for serves || fail 'it should start'
out=$(grep -E '^(NoNewPrivs|Seccomp):' "/proc/${host_pid[ours]}/status")
says 'Seccomp:	0'
stop_host ours
out=$(<ours/out)
says 'warning: root serves: whoever breaks in has the whole machine; write '

# Somebody's first trial, who is not root and has no directory for the state. What is wrong is told once and at its place, by the check and by
# the start; what may not be written says how it becomes writable.
mkdir trial
cat >trial/mailstackd.yaml <<YAML
state: $work/closed/state
listen: {address: systemd, service: smtp}
YAML
mkdir -m 0755 closed
trial() {
  out=$(setpriv --reuid=nobody --regid=nogroup --clear-groups "$mailstackd" "$@" --config "$work/trial" 2>&1)
  code=$?
}
trial check config
# Where systemd runs, its unit may make the directory first.
if [[ -d /run/systemd/system ]]; then severity=warning code_of_check=0; else severity=error code_of_check=3; fi
expect "$code_of_check"
says "$work/trial/mailstackd.yaml:1:1: $severity: $work/closed/state cannot be made by the user nobody in $work/closed; run as root: install -d -o nobody -m 0700 $work/closed/state, or "
trial
expect 1
says "$work/trial/mailstackd.yaml:1:1: error: create directory $work/closed/state: Permission denied"
says "; run as root: install -d -o nobody -m 0700 $work/closed/state, or "
install -d -o nobody -m 0700 closed/state
echo "spool: $work/closed/spool" >>trial/mailstackd.yaml
trial
expect 1
says "mailstackd: spool: $work/closed/spool: Permission denied; run as root: install -d -o nobody -m 0700 $work/closed/spool, or "
sed -i '/^spool:/d' trial/mailstackd.yaml
trial
expect 1
says 'no socket was handed over; start it by its .socket units, or say in '
printf '%s\n' 'useer: nobody' 'queue: 3' >>trial/mailstackd.yaml
for words in '' 'check config'; do
  # shellcheck disable=SC2086
  trial $words
  [[ $(grep -c "^$work/trial/mailstackd.yaml:[34]:" <<<"$out") == 2 ]] || fail 'each mistake is a line of its own'
done

# The terminal shows what becomes of it, also where no syslogd is, and says each problem once.
cat >trial/mailstackd.yaml <<YAML
state: $work/closed/state
log: json
mail_log_path: <stderr>
listen: {address: "$work/closed/state/smtp", service: smtp}
YAML
answers() { "$mailstackd" status --config trial >/dev/null 2>&1; }
try_out() {
  setpriv --reuid=nobody --regid=nogroup --clear-groups "$mailstackd" --config "$work/trial" >shown 2>&1 &
  host_pid[trial]=$!
  wait_for answers || { out=$(<shown) && fail 'it should start'; }
  out=$("$mailstackd" status --config trial 2>&1)
  code=$?
  expect 0
  says "warning: $work/trial/certs: there is no certificate: nobody can log in"
  stop_host trial
  expect 0
  out=$(<shown)
  [[ $(grep -c 'nobody can log in' shown) == 1 ]] || fail 'a problem is told once'
}
try_out
says "\"event\":\"listening\",\"address\":\"$work/closed/state/smtp\"}"
says "\"event\":\"problem\",\"severity\":\"warning\",\"path\":\"$work/trial/certs\",\"what\":\"there is no certificate: "
if [[ ! -e /dev/log ]]; then
  sed -i '/^log:/d; /^mail_log_path:/d' trial/mailstackd.yaml
  try_out
  says "daemon listening on $work/closed/state/smtp"
  says 'nothing listens at /dev/log: until something does, it goes to standard error'
fi
((failures == 0))
