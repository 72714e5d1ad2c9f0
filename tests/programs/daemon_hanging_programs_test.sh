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
echo "hang: | $work/hang" >ours/conf/domains/ours.example/aliases
end_programs() {
  local program
  for program in "$work"/ours/hangs-*; do kill "${program##*-}" 2>/dev/null; done
}
at_exit+=(end_programs)
start_host ours
signs() { "$mailstackd" status --config "$work/ours/conf" --format json | grep -q '"signs":true'; }
wait_for signs || { out=$("$mailstackd" status --config "$work/ours/conf" --format json) && fail 'the key should sign'; }

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
