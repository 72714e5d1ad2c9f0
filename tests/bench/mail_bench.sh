#!/usr/bin/env bash
# Mail through the durable queue into smtp-sink, by mailstackd and (as root) by Debian's Postfix in turn: how many messages a second are
# delivered, and what processor time 1,000 of them cost. smtp-source brings them over loopback, which both trust to relay. Beside them
# smtp-source straight into smtp-sink: what the machine gives with nothing in between.
#
# Called with the directory of the programs. Medians of MAIL_BENCH_ROUNDS of MAIL_BENCH_MESSAGES.
set -uo pipefail
bin=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/support/peers.sh
source "$root/tests/support/peers.sh"
rounds=${MAIL_BENCH_ROUNDS:-3} messages=${MAIL_BENCH_MESSAGES:-5000}
unpack_peers "${MAIL_BENCH_PEERS:-$root/build/peers}" || { printf 'mail: smtp-source cannot be fetched\tskipped\t\t\n' && exit 0; }
tools=$peers/postfix/usr/sbin
work=$(mktemp -d "${TMPDIR:-/tmp}/mail-bench-XXXXXX")
sink_pid='' daemon_pid='' postfix_pid=''
chmod 755 "$work"
end_of() { [[ -z $1 ]] || { kill "$1" && wait "$1"; } 2>/dev/null; }
finish() {
  end_of "$daemon_pid"
  [[ -z $postfix_pid ]] || { stop_postfix && sleep 1; }
  end_of "$sink_pid"
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

read -r sink_port daemon_port postfix_port < <(python3 -c 'import socket
sockets = [socket.socket() for _ in range(3)]
[s.bind(("127.0.0.1", 0)) for s in sockets]
print(*(s.getsockname()[1] for s in sockets))')
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
limits: {messages: 100000, commands: 100000}
delivery: {concurrency: {per_destination: 50, total: 200}}
YAML
"$bin/mailstackd" --config "$work/conf" >"$work/output" 2>&1 &
daemon_pid=$!

wait_port() {
  local i
  for ((i = 0; i < 200; i++)); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return 0; fi
    sleep 0.05
  done
  cat "$work/output" >&2
  exit 1
}
if ((EUID == 0)); then
  start_postfix "$work/postfix" "$postfix_port" "relayhost = [127.0.0.1]:$sink_port" 'default_process_limit = 100' \
    'default_destination_concurrency_limit = 50' 'smtpd_client_connection_count_limit = 0' 'smtp_tls_security_level = none' \
    'smtpd_tls_security_level = none' 'message_size_limit = 52428800' || postfix_pid=''
fi

# User and system time in clock ticks, of a server and of its children, ended ones too.
ticks() { # PID
  # shellcheck disable=SC2046
  cat "/proc/$1/stat" $(pgrep -P "$1" | sed 's#.*#/proc/&/stat#') 2>/dev/null | sed 's/^.*) //' | awk '{t += $12 + $13 + $14 + $15} END {print t + 0}'
}
sunk() { tr '\r' '\n' <"$work/sink" | sed -n 's/.*mesg= *\([0-9]*\).*/\1/p' | tail -n 1; }

# once NAME PORT PID WORDS...: adds DELIVERED-A-SECOND CPU-SECONDS-FOR-1,000 to NAME's samples.
once() {
  local name=$1 port=$2 pid=$3 before after begun ended i
  shift 3
  "$tools/smtp-sink" -u nobody -c "127.0.0.1:$sink_port" 1000 >"$work/sink" 2>&1 &
  sink_pid=$!
  wait_port "$sink_port"
  before=$(ticks "$pid") begun=$(date +%s.%N)
  timeout 120 "$tools/smtp-source" -m "$messages" "$@" -f a@x.example -t b@y.example "127.0.0.1:$port" >/dev/null 2>&1
  for ((i = 0; i < 3000; i++)); do
    [[ $(sunk) -ge $messages ]] 2>/dev/null && break
    sleep 0.02
  done
  ended=$(date +%s.%N) after=$(ticks "$pid")
  awk -v n="$messages" -v b="$begun" -v e="$ended" -v t="$((after - before))" -v hertz="$(getconf CLK_TCK)" \
    'BEGIN {printf "%.0f %.3f\n", n / (e - b), t / hertz / n * 1000}' >>"$work/$name.samples"
  end_of "$sink_pid"
  sink_pid=''
}
median() { sort -n -k "$2,$2" "$1" | awk -v c="$2" '{v[NR] = $c} END {print v[int((NR + 1) / 2)]}'; }

wait_port "$daemon_port"
printf 'mailstackd: idle, MiB\t%s\t20\t\n' "$(awk '/VmRSS/ {printf "%.1f", $2 / 1024}' "/proc/$daemon_pid/status")"
measure_load() { # NAME WORDS...
  local name=$1 i
  shift
  rm -f "$work"/*.samples
  for ((i = 0; i < rounds; i++)); do
    once through "$daemon_port" "$daemon_pid" "$@"
    once straight "$sink_port" "$daemon_pid" "$@"
    [[ -z $postfix_pid ]] || once postfix "$postfix_port" "$postfix_pid" "$@"
  done
  local beside='' cost=''
  if [[ -n $postfix_pid ]]; then
    beside="; Postfix: $(median "$work/postfix.samples" 1)" cost="Postfix: $(median "$work/postfix.samples" 2)"
  fi
  printf '%s: delivered a second\t%s\t\tstraight into the sink: %s%s\n' "$name" "$(median "$work/through.samples" 1)" \
    "$(median "$work/straight.samples" 1)" "$beside"
  printf '%s: CPU s for 1,000\t%s\t\t%s\n' "$name" "$(median "$work/through.samples" 2)" "$cost"
}
measure_load '50 kept connections, 4 KiB' -s 50 -d -l 4096
measure_load '50 sessions, a connection per message, 4 KiB' -s 50 -l 4096
messages=$((messages / 10))
measure_load 'one connection, 1 KiB' -s 1 -d -l 1024
measure_load '20 sessions, 100 KiB' -s 20 -d -l 102400
messages=20
measure_load '4 sessions, 20 MiB' -s 4 -d -l 20971520
printf 'mailstackd: most memory, MiB\t%s\t\t\n' "$(awk '/VmHWM/ {printf "%.1f", $2 / 1024}' "/proc/$daemon_pid/status")"
