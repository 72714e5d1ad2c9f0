#!/usr/bin/env bash
# Mail through the durable queue into smtp-sink, by mailstackd and by Debian's Postfix in turn: how many messages a second are delivered,
# and what processor time 1,000 of them cost. smtp-source brings them from loopback, which both trust to relay.
#
# Called with the directory of the programs. Rounds are interleaved; medians are printed. MAIL_BENCH_ROUNDS, MAIL_BENCH_MESSAGES.
set -uo pipefail
bin=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/support/peers.sh
source "$root/tests/support/peers.sh"
rounds=${MAIL_BENCH_ROUNDS:-3} messages=${MAIL_BENCH_MESSAGES:-5000}
work=$(mktemp -d "${TMPDIR:-/tmp}/mail-bench-XXXXXX")
chmod 755 "$work"
unpack_peers "${MAIL_BENCH_PEERS:-$root/build/peers}" || { printf 'mail: Postfix cannot be fetched\tskipped\t\t\n' && exit 0; }
sink_pid='' daemon_pid=''
finish() {
  [[ -z $daemon_pid ]] || { kill "$daemon_pid" && wait "$daemon_pid"; } 2>/dev/null
  [[ ! -d $work/postfix ]] || stop_postfix "$work/postfix"
  [[ -z $sink_pid ]] || { kill "$sink_pid" && wait "$sink_pid"; } 2>/dev/null
  rm -rf "$work"
}
trap finish EXIT

read -r sink_port daemon_port postfix_port < <(python3 -c 'import socket
sockets = [socket.socket() for _ in range(3)]
[s.bind(("127.0.0.1", 0)) for s in sockets]
print(*(s.getsockname()[1] for s in sockets))')

start_sink() {
  : >"$work/sink"
  postfix_tool smtp-sink -u nobody -c "127.0.0.1:$sink_port" 1000 >"$work/sink" 2>&1 &
  sink_pid=$!
}
stop_sink() {
  kill "$sink_pid" 2>/dev/null
  wait "$sink_pid" 2>/dev/null
  sink_pid=''
}
sunk() { tr '\r' '\n' <"$work/sink" | sed -n 's/.*mesg= *\([0-9]*\).*/\1/p' | tail -n 1; }

start_mailstackd() {
  mkdir -p "$work/conf/domains/ours.example" "$work/state"
  cat >"$work/conf/mailstackd.yaml" <<YAML
hostname: ours.example
listen: [{address: "127.0.0.1:$daemon_port", service: smtp}]
state: $work/state
spool: $work/state/queue
control_socket: $work/control
mail_log_path: $work/mail.log
trusted_networks: [127.0.0.0/8]
smarthost: {host: 127.0.0.1, port: $sink_port, tls: never}
limits: {messages: 1000000, commands: 1000000}
delivery: {concurrency: {per_destination: 50, total: 200}}
YAML
  "$bin/mailstackd" --config "$work/conf" >"$work/output" 2>&1 &
  daemon_pid=$!
}
begin_postfix() {
  make_postfix "$work/postfix" "$postfix_port" "relayhost=[127.0.0.1]:$sink_port" "default_process_limit=100" "smtp_destination_concurrency_limit=50" \
    "default_destination_concurrency_limit=50" "smtpd_client_connection_count_limit=0" "smtpd_client_connection_rate_limit=0"
  start_postfix "$work/postfix"
}
wait_port() {
  local i
  for ((i = 0; i < 200; i++)); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return 0; fi
    sleep 0.05
  done
  return 1
}

# ticks PID...: processor time of these and of their ended children, in clock ticks.
ticks() { cat "${@/%//stat}" 2>/dev/null | sed 's/^.*) //' | awk '{t += $12 + $13 + $14 + $15} END {print t + 0}'; }
cost() {
  if [[ $1 == mailstackd ]]; then
    ticks "/proc/$daemon_pid"
  else
    local master
    master=$(tr -d ' ' <"$work/postfix/queue/pid/master.pid")
    # shellcheck disable=SC2046
    ticks "/proc/$master" $(pgrep -P "$master" | sed 's#^#/proc/#')
  fi
}

# round SERVER PORT WORDS...: adds DELIVERED-A-SECOND CPU-SECONDS-FOR-1,000 to the server's samples.
round() {
  local server=$1 port=$2 before after begun ended
  shift 2
  start_sink
  wait_port "$sink_port"
  before=$(cost "$server")
  begun=$(date +%s.%N)
  postfix_tool smtp-source -s 50 -m "$messages" "$@" -f a@x.example -t b@y.example "127.0.0.1:$port" >/dev/null 2>&1
  local i
  for ((i = 0; i < 3000; i++)); do
    [[ $(sunk) -ge $messages ]] 2>/dev/null && break
    sleep 0.02
  done
  ended=$(date +%s.%N)
  after=$(cost "$server")
  awk -v n="$messages" -v b="$begun" -v e="$ended" -v t="$((after - before))" -v hertz="$(getconf CLK_TCK)" \
    'BEGIN {printf "%.1f %.3f\n", n / (e - b), t / hertz / n * 1000}' >>"$work/$server.samples"
  stop_sink
}
median() { sort -n -k "$2,$2" "$1" | awk -v c="$2" '{v[NR] = $c} END {print v[int((NR + 1) / 2)]}'; }

start_mailstackd
begin_postfix
wait_port "$daemon_port" && wait_port "$postfix_port" || { cat "$work/output" >&2 && exit 1; }
for load in 'kept connections:-d' 'a connection per message:-X'; do
  rm -f "$work"/*.samples
  words=("${load##*:}")
  [[ ${words[0]} == -d ]] || words=()
  for ((i = 0; i < rounds; i++)); do
    round mailstackd "$daemon_port" "${words[@]}" -l 4096
    round postfix "$postfix_port" "${words[@]}" -l 4096
  done
  ours=$(median "$work/mailstackd.samples" 1) theirs=$(median "$work/postfix.samples" 1)
  ours_cpu=$(median "$work/mailstackd.samples" 2) theirs_cpu=$(median "$work/postfix.samples" 2)
  name="50 sessions, ${load%%:*}, 4 KiB"
  printf '%s: delivered a second\t%s\t%s\tPostfix %s; limit: 8 times that\n' "$name" "$ours" "$(awk -v t="$theirs" 'BEGIN {print 8 * t}')" "$theirs"
  printf '%s: CPU s for 1,000\t%s\t%s\tPostfix %s; limit: 1/15 of that\n' "$name" "$ours_cpu" "$(awk -v t="$theirs_cpu" 'BEGIN {printf "%.3f", t / 15}')" "$theirs_cpu"
done
printf 'mailstackd: most memory, MiB\t%s\t\t\n' "$(awk '/VmHWM/ {printf "%.1f", $2 / 1024}' "/proc/$daemon_pid/status")"
