#!/usr/bin/env bash
# Bad days of mailstackd: no descriptors left, no name server, a clock that jumps. Nothing that was acknowledged is lost, the processor is left
# alone, and when the day is over all goes on.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
# shellcheck source=tests/support/mail_host.sh
source "$1/tests/support/mail_host.sh"
marked=(python3 "$source_directory/tests/support/marked_mail.py")
rude=(python3 "$source_directory/tests/support/rude_client.py")

"${marked[@]}" take sink-port marks &
started+=($!)
wait_for test -s sink-port || fail 'the sink does not start'
sink_port=$(<sink-port)
# Ticks of the processor, user and system, that a host has taken.
ticks() { awk '{print $14 + $15}' "/proc/${host_pid[$1]}/stat"; }
# rests NAME: for two seconds it takes less than a tenth of a processor.
rests() {
  local before
  before=$(ticks "$1")
  sleep 2
  (($(ticks "$1") - before < $(getconf CLK_TCK) / 5))
}
all_came() { "${marked[@]}" count marks >/dev/null; }
deferred() { [[ $(grep -c 'temporary' "$1/mail.log") -ge $2 ]]; }
send() { "${marked[@]}" send "${smtp[$1]}" marks --connections "${3:-4}" --messages "$2" >"$1/load"; }

# No descriptors: the kernel holds who comes, those who are there are served, and the processor is left alone.
relay_host crowded "$sink_port"
start_relay crowded prlimit --nofile=48
"${marked[@]}" send "${smtp[crowded]}" marks --connections 4 --rate 100 >crowded/load &
load=$!
sleep 0.5
"${rude[@]}" idle "${smtp[crowded]}" 100 >crowd &
crowd=$!
started+=("$crowd")
wait_for grep -q open crowd || fail 'the crowd does not come'
out=$(<crowd)
sleep 1
kill "$load"
wait "$load"
rests crowded || fail 'out of descriptors it should not spin'
kill "$crowd"
wait "$crowd"
send crowded 20
wait_for all_came || fail 'after the crowd all goes on'
cp -r . /tmp/w7-proof-keep2; kill -0 "${host_pid[crowded]}" || { out=$(<crowded/out) && fail 'it should live'; }
stop_host crowded
expect 0
finish
