#!/usr/bin/env bash
# A queue of 100,000 in the running mailstackd: what it holds of memory, how soon after a start mail is taken again and how soon the whole
# queue is known, what one more message costs as the queue grows, and whether somebody who looks at it keeps others waiting.
#
# Every standing message is of 4 KiB, for a domain of its own, and was put off once by the sink (450 at RCPT). More messages than the
# queue's own come from smtp-source and go to a sink that takes them. Needs smtp-source, as mail_bench.sh does.
#
# Called with the directory of the programs. BIG_QUEUE_BENCH_MESSAGES (100,000) stand at the end; BIG_QUEUE_BENCH_LOAD (5,000) are sent
# through beside them; BIG_QUEUE_BENCH_DIRECTORY is where the spool is.
set -uo pipefail
bin=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/support/peers.sh
source "$root/tests/support/peers.sh"
# shellcheck source=tests/support/servers.sh
source "$root/tests/support/servers.sh"
# shellcheck source=tests/bench/relay.sh
source "$root/tests/bench/relay.sh"
most=${BIG_QUEUE_BENCH_MESSAGES:-100000} load=${BIG_QUEUE_BENCH_LOAD:-5000}
unpack_peers "${MAIL_BENCH_PEERS:-$root/build/peers}" || { printf 'big queue: smtp-source cannot be fetched\tskipped\t\t\n' && exit 0; }
tools=$peers/postfix/usr/sbin
work=$(mktemp -d "${BIG_QUEUE_BENCH_DIRECTORY:-${TMPDIR:-/tmp}}/big-queue-XXXXXX")
sink_pid='' daemon_pid=''
chmod 755 "$work"
finish() {
  end_of "$daemon_pid"
  end_of "$sink_pid"
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

read -r sink_port daemon_port < <(free_ports 2)
relay_conf "$work" "$daemon_port" "$sink_port"
echo 'queue: {retry: {first: 8h, max: 8h}, lifetime: 5d}' >>"$work/conf/mailstackd.yaml"

# until_greeted PORT: by the shell itself, since on a busy machine a program more takes longer to start than the daemon.
exec {never}<> <(:)
until_greeted() {
  local line='' begun=$EPOCHSECONDS
  while ((EPOCHSECONDS - begun < 60)); do
    { { read -r -t 10 line <&3 && printf 'QUIT\r\n' >&3; } 3<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null
    [[ $line != 220* ]] || return 0
    read -r -t 0.003 -u "$never" || true
  done
  cat "$work/output" >&2
  exit 1
}

# The sink that puts off or takes. smtp-sink counts what it takes into $work/sink.
start_sink() { # WORDS...
  end_of "$sink_pid"
  "$tools/smtp-sink" -u nobody -c "$@" "127.0.0.1:$sink_port" 1000 >"$work/sink" 2>&1 &
  sink_pid=$!
  until_greeted "$sink_port"
}
start_daemon() {
  "$bin/mailstackd" --config "$work/conf" >>"$work/output" 2>&1 &
  daemon_pid=$!
}
stats() { "$bin/mailstackd" --config "$work/conf" queue stats --format json | python3 -c "import json, sys; print(json.load(sys.stdin)['$1'])"; }
# wait_stats NAME NUMBER: until the queue says so.
wait_stats() {
  local i
  for ((i = 0; i < 1200; i++)); do
    [[ $(stats "$1" 2>/dev/null) == "$2" ]] && return 0
    sleep 0.1
  done
  echo "big queue: $1 is not $2 but $(stats "$1")" >&2
  exit 1
}

start_daemon
until_greeted "$daemon_port"
printf 'big queue, empty: memory, MiB\t%s\t20\t\n' "$(mib VmRSS "$daemon_pid")"

# through STANDING: `load` more are taken and delivered beside those that stand.
through() {
  local before begun ended i
  start_sink
  before=$(ticks "$daemon_pid") begun=$(date +%s.%N)
  timeout 300 "$tools/smtp-source" -m "$load" -s 50 -d -l 4096 -f a@x.example -t b@y.example "127.0.0.1:$daemon_port" >/dev/null 2>&1
  for ((i = 0; i < 3000; i++)); do
    [[ $(sunk "$work/sink") -ge $load ]] 2>/dev/null && break
    sleep 0.02
  done
  ended=$(date +%s.%N)
  wait_stats messages "$1"
  awk -v what="$1 standing: delivered a second beside them" -v n="$load" -v b="$begun" -v e="$ended" -v t="$(($(ticks "$daemon_pid") - before))" \
    -v hertz="$(getconf CLK_TCK)" 'BEGIN {printf "%s\t%.0f\t\t%.3f CPU s for 1,000\n", what, n / (e - b), t / hertz / n * 1000}'
}
standing=0
grow_to() { # STANDING
  start_sink -r rcpt
  python3 "$root/tests/bench/queue_mail.py" fill "$daemon_port" "$standing" "$1"
  standing=$1
  wait_stats messages "$1"
  wait_stats running 0
  wait_stats ready 0
}
for size in 1000 10000 100000; do
  ((size <= most)) || continue
  grow_to "$size"
  through "$size"
done
((standing == most)) || grow_to "$most"
printf '%s standing: memory, MiB\t%s\t\tat its highest %s; on the disk %s\n' "$most" "$(mib VmRSS "$daemon_pid")" "$(mib VmHWM "$daemon_pid")" \
  "$(du -sm "$work/state/queue" | cut -f1)"

# looked_at WHAT COMMAND...: how long it takes, and the longest that a new connection waits for its greeting meanwhile.
looked_at() {
  local what=$1
  shift
  python3 "$root/tests/bench/queue_mail.py" beside "$daemon_port" "$bin/mailstackd" --config "$work/conf" "$@" |
    awk -v what="$most standing: $what" '{printf "%s, s\t%s\t\ta new connection waits %s ms at most meanwhile, %s ms without\n", what, $1, $2, $3}'
}
looked_at 'queue stats' queue stats
looked_at 'queue list' queue list
looked_at 'queue list of a sender that none has' queue list --sender nobody@nowhere.example
looked_at 'queue hold' queue hold --all
looked_at 'queue release' queue release --all

# again WHAT SIGNAL [cold]: ends the daemon, starts it, and measures until it greets and until the whole queue is known.
again() {
  kill "-$2" "$daemon_pid" && wait "$daemon_pid" 2>/dev/null
  [[ ${3:-} != cold ]] || python3 "$root/tests/bench/queue_mail.py" forget "$work/state/queue"
  local begun=$EPOCHREALTIME greeted serving
  start_daemon
  until_greeted "$daemon_port"
  greeted=$EPOCHREALTIME
  serving=$(awk -v b="$begun" -v e="$greeted" 'BEGIN {printf "%.3f", e - b}')
  wait_stats messages "$most"
  awk -v what="$most standing: serving after $1, s" -v s="$serving" -v hertz="$(getconf CLK_TCK)" -v t="$(ticks "$daemon_pid")" -v rss="$(mib VmRSS "$daemon_pid")" \
    -v high="$(mib VmHWM "$daemon_pid")" 'BEGIN {printf "%s\t%s\t1\t%s%.2f s of CPU; %s MiB, %s at its highest\n", what, s, (s > 1 ? "OVER, " : ""), t / hertz, rss, high}'
}
again 'a stop' TERM
again 'a stop, nothing cached' TERM cold
again 'kill -9' KILL
again 'kill -9, nothing cached' KILL cold
through "$most"
