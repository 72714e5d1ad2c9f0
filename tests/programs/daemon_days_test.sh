#!/usr/bin/env bash
# Bad days of mailstackd: no descriptors left, no name server, a clock that jumps. Nothing that was acknowledged is lost, the processor is left
# alone, and when the day is over all goes on.
# ctest-cost: 40
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
# shellcheck source=tests/support/mail_host.sh
source "$1/tests/support/mail_host.sh"
# shellcheck source=tests/support/marked_mail.sh
source "$1/tests/support/marked_mail.sh"
rude=(python3 "$source_directory/tests/support/rude_client.py")

marked_sink marks
sink_port=$port
# Ticks of the processor, user and system, that a host has taken.
ticks() { awk '{print $14 + $15}' "/proc/${host_pid[$1]}/stat"; }
# rests NAME: for two seconds it takes less than a tenth of a processor.
rests() {
  local before
  before=$(ticks "$1")
  sleep 2
  (($(ticks "$1") - before < $(getconf CLK_TCK) / 5))
}
deferred() { [[ $(grep -c 'temporary' "$1/mail.log") -ge $2 ]]; }
send() { marked send "${smtp[$1]}" marks --messages "$2" "${@:3}" >"$1/load"; }

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
all_came || fail 'after the crowd all goes on'
kill -0 "${host_pid[crowded]}" || { out=$(<crowded/out) && fail 'it should live'; }
stop_host crowded
expect 0

# No name server: who sends does not notice, what is sent waits, and goes when names have addresses again.
name_server 0
name_server_pid=${started[-1]}
printf '%s\n' 'sink.example MX 10 mx.sink.example' 'mx.sink.example A 127.0.0.1' 'other.example MX 10 mx.other.example' 'mx.other.example A 127.0.0.1' >records
relay_host nameless 1 "delivery: {port: $sink_port}" "dns: {servers: [\"$dns\"], timeout: 500ms, attempts: 1}"
sed -i '/^smarthost/d' nameless/conf/mailstackd.yaml
start_relay nameless
send nameless 10
all_came || { out=$(tail -n 5 nameless/mail.log) && fail 'with names it should come'; }
kill -STOP "$name_server_pid"
send nameless 20 --recipient b@other.example # nobody has asked for that yet
wait_for deferred nameless 20 || { out=$(tail -n 5 nameless/mail.log) && fail 'it should wait for names'; }
rests nameless || fail 'without names it should not spin'
kill -CONT "$name_server_pid"
all_came || { out=$(tail -n 5 nameless/mail.log) && fail 'with names again it should come'; }
stop_host nameless
expect 0

# A clock that jumps, to and fro, while mail waits for a server that is away: every message is tried within the time of a retry, not after three
# days, not in a storm, and none is given up.
if [[ -r ${faketime:=/usr/lib/$(uname -m)-linux-gnu/faketime/libfaketimeMT.so.1} ]]; then
  relay_host jumpy 1
  echo +0 >clock
  start_relay jumpy env LD_PRELOAD="$faketime" FAKETIME_TIMESTAMP_FILE="$work/clock" FAKETIME_NO_CACHE=1 DONT_FAKE_MONOTONIC=1
  send jumpy 20
  wait_for deferred jumpy 5 || { out=$(tail -n 5 jumpy/mail.log) && fail 'it should wait'; }
  for jump in -3d +3h +0; do
    before=$(grep -c temporary jumpy/mail.log)
    echo "$jump" >clock
    wait_for deferred jumpy $((before + 5)) || { out=$(tail -n 5 jumpy/mail.log) && fail "it should be tried again after $jump"; }
    before=$(grep -c temporary jumpy/mail.log)
    rests jumpy || fail "after $jump it should not spin"
    out="$(($(grep -c temporary jumpy/mail.log) - before)) attempts in two seconds"
    ((${out%% *} < 200)) || fail "after $jump there should be no storm"
  done
  sed -i "s/port: 1,/port: $sink_port,/" jumpy/conf/mailstackd.yaml
  kill -HUP "${host_pid[jumpy]}"
  all_came || { out=$(tail -n 5 jumpy/mail.log) && fail 'it should come in the end'; }
  stop_host jumpy
  expect 0
else
  echo 'the clock does not jump: faketime is not installed'
fi
out=$(marked count marks)
echo "$out"
finish
