#!/usr/bin/env bash
# What a running mailstackd says of its tree: each problem once for who reads the log where standard error goes, too; a log that cannot be
# opened anew is told to who asks for a reload, and stays in the status.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
# shellcheck source=tests/support/mail_host.sh
source "$1/tests/support/mail_host.sh"

name_server 0
make_host ours ours.example
mkdir logs
sed -i "s|^mail_log_path: .*|mail_log_path: $work/logs/mail.log|" ours/conf/mailstackd.yaml
start_host ours
rm -r logs
out=$("$mailstackd" reload --config ours/conf 2>&1) || fail 'the rest should be taken'
says "warning: $work/logs/mail.log: log $work/logs/mail.log: No such file or directory; what was open before is written to"
out=$("$mailstackd" status --config ours/conf 2>&1)
says "warning: $work/logs/mail.log: log $work/logs/mail.log: No such file or directory"
mkdir logs
out=$("$mailstackd" reload --config ours/conf 2>&1) || fail 'the log should be opened anew'
silent 'No such file'
[[ -e logs/mail.log ]] || fail 'the log should be there again'
stop_host ours

# An MDA that is not there is a warning.
echo 'delivery: {mda: /no/such/program}' >>ours/conf/mailstackd.yaml
sed -i 's|^mail_log_path: .*|mail_log_path: <stdout>|' ours/conf/mailstackd.yaml
start_host ours
stop_host ours
out=$(<ours/out)
[[ $(grep -c '/no/such/program.*waits' ours/out) == 1 ]] || fail 'the problem should be told once'
finish
