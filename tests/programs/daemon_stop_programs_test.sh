#!/usr/bin/env bash
# A stop of mailstackd while programs of aliases run: who is in the middle of his work finishes it, and is not run again. Asked a second time,
# the stop ends who hangs: the log names whom (they may have delivered), and the next start runs them again; the same of another host that
# does not answer. That programs end after 20 seconds where nobody asks twice is shown by the unit tests of the curfew.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
# shellcheck source=tests/support/mail_host.sh
source "$1/tests/support/mail_host.sh"

name_server 0
make_host ours ours.example
silent_port=$(free_ports 1)
cat >>ours/conf/mailstackd.yaml <<YAML
delivery: {pipe_timeout: 1h, port: $silent_port}
YAML
echo 'silent.example A 127.0.0.1' >records
# It takes a connection and says nothing.
python3 -c 'import socket, sys, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
client, _ = listener.accept()
open("called", "w")
time.sleep(600)' "$silent_port" &
silent=$!
started+=("$silent")
# `short` is in the middle of its work when the stop comes. The others hang in their first life; one of them hears no SIGTERM.
cat >short <<SH
#!/bin/sh
cat >/dev/null
touch $work/ours/begun-short
while [ ! -e $work/ours/stops ]; do sleep 0.1; done
sleep 4
echo x >>$work/ours/delivered-short
SH
cat >hangs <<SH
#!/bin/sh
cat >/dev/null
[ "\$1" != bad ] || trap '' TERM
echo \$\$ >$work/ours/group-\$1
if mkdir $work/ours/begun-\$1; then sleep 3600; exit 69; fi
echo x >>$work/ours/delivered-\$1
SH
chmod +x short hangs
cat >ours/conf/domains/ours.example/aliases <<ALIASES
short: | $work/short
good: | $work/hangs good
bad: | $work/hangs bad
far: somebody@silent.example
ALIASES
end_programs() {
  local group
  for group in "$work"/ours/group-*; do kill -9 -- "-$(<"$group")" 2>/dev/null; done
}
at_exit+=(end_programs)
start_host ours
mail_to() {
  out=$(swaks --server "127.0.0.1:${smtp[ours]}" --from a@example.com --to "$1@ours.example" 2>&1) || fail "mail to $1 should be taken"
}
mail_to good
mail_to bad
mail_to short
mail_to far
wait_for test -e called || fail 'the other host should be asked'
wait_for test -d ours/begun-good -a -d ours/begun-bad || fail 'the programs should run'
# A client waits for a hook that hangs.
mkdir ours/conf/hooks
cat >ours/conf/hooks/post-data <<SH
#!/bin/sh
echo \$\$ >$work/ours/group-hook
exec sleep 3600
SH
chmod +x ours/conf/hooks/post-data
out=$("$mailstackd" reload --config "$work/ours/conf" 2>&1) || fail 'the hook should be taken'
swaks --server "127.0.0.1:${smtp[ours]}" --from a@example.com --to short@ours.example --timeout 60s >hooked 2>&1 &
client=$!
wait_for test -s ours/group-hook || fail 'the hook should run'
wait_for test -e ours/begun-short || fail 'the short program should run'

from=$SECONDS
touch ours/stops
kill -TERM "${host_pid[ours]}"
wait_for grep -q 'to=.*/short.* sent' ours/mail.log || { out=$(<ours/mail.log) && fail 'who was in the middle of his work should finish it'; }
[[ -e ours/delivered-short ]] || fail 'what is sent should be delivered'
kill -0 "${host_pid[ours]}" || fail 'the others should have time'
stop_host ours
expect 0
took=$((SECONDS - from))
((took <= 15)) || fail "the stop took $took s"
[[ ! -e ours/delivered-good && ! -e ours/delivered-bad ]] || fail 'who hung has delivered nothing'
out=$(<ours/mail.log)
silent 'status 69'
[[ $(grep -c ' cut by the stop, may be delivered, is tried again: ' ours/mail.log) == 3 ]] || fail 'all that hung should be named'
says 'to=somebody@silent.example cut by the stop'
wait "$client"
out=$(<hooked)
says '<** 451 '
rm -r ours/conf/hooks

rm ours/begun-short
kill "$silent"
start_host ours
all_there() { [[ -e ours/delivered-good && -e ours/delivered-bad ]]; }
wait_for all_there || { out=$(tail -n 20 ours/mail.log) && fail 'the next start should try what was not finished'; }
one_left() { "$mailstackd" queue stats --config "$work/ours/conf" --format json | grep -q '"messages":1'; }
wait_for one_left || { out=$("$mailstackd" queue list --config "$work/ours/conf") && fail 'only the mail for the other host should wait'; }
stop_host ours
for name in short good bad; do
  [[ $(wc -l <"ours/delivered-$name") == 1 ]] || fail "$name should be delivered once"
done
[[ ! -e ours/begun-short ]] || fail 'what was delivered before the stop ran again'
finish
