#!/usr/bin/env bash
# Programs that hang, of mailstackd, as many as it runs at once for one destination. A login, a signed submission and a hook do not wait for them;
# the queue that they make long is as long as it may be.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
# shellcheck source=tests/support/mail_host.sh
source "$1/tests/support/mail_host.sh"

name_server 0
make_host ours ours.example
publish_key ours ours.example s1
cat >>ours/conf/mailstackd.yaml <<YAML
delivery: {local: maildir, maildir: $work/ours/mail/%to_user%, pipe_timeout: 25s}
YAML
cat >hang <<SH
#!/bin/sh
touch $work/ours/hangs-\$\$
exec sleep 60
SH
chmod +x hang
cat >refuse <<SH
#!/bin/sh
echo "\$0: cannot open $work/list"
exit 1
SH
chmod +x refuse
printf '%s\n' "hang: | $work/hang" 'missing: | /no/such/program --token 5ecret' "refuse: | $work/refuse 5ecret" 'part: alice, nosuch' >ours/conf/domains/ours.example/aliases
end_programs() {
  local program
  for program in "$work"/ours/hangs-*; do kill "${program##*-}" 2>/dev/null; done
}
at_exit+=(end_programs)
start_host ours
signs() { "$mailstackd" status --config "$work/ours/conf" --format json | grep -q '"signs":true'; }
wait_for signs || { out=$("$mailstackd" status --config "$work/ours/conf" --format json) && fail 'the key should sign'; }

# What is not there is named, by the check as by whoever waits for it; its arguments are nobody's business.
shown() { "$mailstackd" check config --config "$work/ours/conf" && "$mailstackd" queue list --config "$work/ours/conf" && cat ours/mail.log; }
out=$(swaks --server "127.0.0.1:${smtp[ours]}" --from a@example.com --to missing@ours.example 2>&1) || fail 'the mail should be taken'
wait_for grep -q 'could not be started' ours/mail.log
out=$(shown 2>&1)
says "/conf/domains/ours.example/aliases:2: warning: alias \`missing\`: there is no program /no/such/program, so that its mail waits; "
says '451 4.3.5 the program could not be started: No such file or directory [/no/such/program]'
says '/no/such/program: 451 4.3.5 the program could not be started: No such file or directory'
says 'to=/no/such/program failed (temporary)'
silent '5ecret'

# Whom an alias names in vain has a line; who wrote is not told where programs and files lie.
says "/conf/domains/ours.example/aliases:4: warning: alias \`part\`: there is no nosuch@ours.example, so that this share of its mail is dropped; "
submit ours --auth-user alice@ours.example --from alice@ours.example --to part@ours.example,refuse@ours.example
expect 0
wait_for has_files ours/mail/alice/new 2 '[0-9]*' || { out=$(tail -n 20 ours/mail.log) && fail 'a mail and a bounce should come'; }
out=$(cat ours/mail.log)
says 'to=nosuch@ours.example failed (permanent): 550 5.1.1 no such user: nosuch@ours.example'
says "to=$work/refuse failed (permanent): $work/refuse: 554 5.3.0 the program ended with status 1: $work/refuse: cannot open $work/list"
out=$(cat "$(grep -l 'Action: failed' ours/mail/alice/new/*)")
says 'said:'
says 'status 1: ...: cannot open'
silent "$work"
silent '5ecret'

for ((i = 0; i < 12; i++)); do
  out=$(swaks --server "127.0.0.1:${smtp[ours]}" --from "a$i@example.com" --to hang@ours.example 2>&1) || fail 'the mail should be taken'
done
wait_for has_files ours 5 'hangs-*' || { out=$(tail -n 20 ours/mail.log) && fail 'the programs should run'; }

# quick: a submission that ends within five seconds.
quick() {
  local from=$SECONDS
  submit ours --auth-user alice@ours.example --from alice@ours.example --to nobody@elsewhere.example
  expect 0
  ((SECONDS - from <= 5)) || fail "it took $((SECONDS - from)) s behind programs that hang"
}
quick
mkdir ours/conf/hooks
printf '#!/bin/sh\necho "X-Hook: ran"\n' >ours/conf/hooks/post-data
chmod +x ours/conf/hooks/post-data
kill -HUP "${host_pid[ours]}"
sleep 0.5
quick

# Twelve and two wait.
echo 'queue: {max_items: 10}' >>ours/conf/mailstackd.yaml
kill -HUP "${host_pid[ours]}"
sleep 0.5
submit ours --auth-user alice@ours.example --from alice@ours.example --to nobody@elsewhere.example
says '452 4.3.1 too much mail waits here'
stop_host ours KILL
finish
