#!/usr/bin/env bash
# Mail through the durable queue into smtp-sink, by mailstackd, Debian's Postfix and Debian's chasquid in turn: how many messages a second
# are accepted and delivered, what processor time 1,000 of them cost, and the memory at most. smtp-source brings them over loopback. Beside
# them smtp-source straight into smtp-sink: what the machine gives with nothing in between.
#
# mailstackd and Postfix relay for loopback; chasquid relays for nobody without a password, so its mail goes to an alias that leads to the
# sink's domain. The peers need root: all runs in a network of its own, whose names (chasquid asks for the MX) are answered here.
#
# Called with the directory of the programs. Medians of MAIL_BENCH_ROUNDS of MAIL_BENCH_MESSAGES; with MAIL_BENCH_TABLE the figures go to
# that file, too: LOAD SERVER ACCEPTED DELIVERED CPU MEMORY between tabs.
set -uo pipefail
bin=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/support/peers.sh
source "$root/tests/support/peers.sh"
# shellcheck source=tests/support/servers.sh
source "$root/tests/support/servers.sh"
# shellcheck source=tests/bench/median.sh
source "$root/tests/bench/median.sh"
# shellcheck source=tests/bench/relay.sh
source "$root/tests/bench/relay.sh"
rounds=${MAIL_BENCH_ROUNDS:-3} messages=${MAIL_BENCH_MESSAGES:-5000}
unpack_peers "${MAIL_BENCH_PEERS:-$root/build/peers}" || { printf 'mail: smtp-source cannot be fetched\tskipped\t\t\n' && exit 0; }
# shellcheck source=tests/support/own_network.sh
((EUID != 0)) || source "$root/tests/support/own_network.sh"
tools=$peers/postfix/usr/sbin
work=$(mktemp -d "${TMPDIR:-/tmp}/mail-bench-XXXXXX")
chmod 755 "$work"
declare -A port pid to
started=()
sink_pid='' sink_port=2500
finish() {
  local one
  [[ -z ${pid[Postfix]:-} ]] || stop_postfix
  for one in "${started[@]}" "$sink_pid"; do end_of "$one"; done
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM
wait_port() {
  listens "$1" && return
  echo "mail: nobody listens on port $1: $(tail -n 3 "$work"/*/out 2>/dev/null)" >&2
  return 1
}

# ---- the servers ----

start_ours() {
  local conf=$work/ours/conf
  relay_conf "$work/ours" 2510 "$sink_port"
  mkdir "$conf/domains/signs.example"
  openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048 -out "$conf/domains/signs.example/dkim:s1.pem" 2>/dev/null
  "$bin/mailstackd" --config "$conf" >"$work/ours/out" 2>&1 &
  pid[mailstackd]=$! port[mailstackd]=2510 to[mailstackd]=b@sink.example
  started+=("$!")
  wait_port 2510
}
start_names() {
  local public
  public=$(openssl pkey -in "$work/ours/conf/domains/signs.example/dkim:s1.pem" -pubout -outform DER | base64 -w0)
  printf '%s\n' 'sink.example MX 10 mx.sink.example' 'mx.sink.example A 127.0.0.1' \
    "s1._domainkey.signs.example TXT v=DKIM1; k=rsa; p=$public" >"$work/records"
  python3 "$root/tests/support/name_server.py" "$work/dns-port" "$work/records" 53 &
  started+=("$!")
}
start_peer_postfix() {
  start_postfix "$work/postfix" 2520 "relayhost = [127.0.0.1]:$sink_port" 'default_process_limit = 100' \
    'default_destination_concurrency_limit = 50' 'smtpd_client_connection_count_limit = 0' 'smtp_tls_security_level = none' \
    'smtpd_tls_security_level = none' 'message_size_limit = 52428800' 'mailbox_size_limit = 0' || return
  # shellcheck disable=SC2154  # set by start_postfix
  pid[Postfix]=$postfix_pid port[Postfix]=2520 to[Postfix]=b@sink.example
}
start_peer_chasquid() {
  local conf=$work/chasquid/conf
  command -v chasquid >/dev/null || return
  mkdir -p "$conf/domains/chasquid.example"
  self_signed chasquid.example "$conf/certs/chasquid.example"
  echo 'b: b@sink.example' >"$conf/domains/chasquid.example/aliases"
  start_chasquid "$conf" 2530 2531 "$sink_port" 'hostname: "chasquid.example"'
  # shellcheck disable=SC2154  # set by start_chasquid
  pid[chasquid]=$chasquid_pid port[chasquid]=2530 to[chasquid]=b@chasquid.example
  started+=("$chasquid_pid")
  wait_port 2530
}

# ---- measuring ----

# The processes of a server: itself and its children.
family() { echo "$1" && pgrep -P "$1"; }
# Of all of these, in clock ticks.
spent() { # PID
  local all
  readarray -t all < <(family "$1")
  ticks "${all[@]}"
}
# The most that one process had since it was last forgotten; of several (Postfix) what they have together now, shared pages shared.
memory_of() { # NAME
  local one
  if [[ $1 != Postfix ]]; then
    mib VmHWM "${pid[$1]}"
  else
    for one in $(family "${pid[$1]}"); do cat "/proc/$one/smaps_rollup" 2>/dev/null; done | awk '/^Pss:/ {t += $2} END {printf "%.1f", t / 1024}'
  fi
}

# once SERVER PORT PID FROM TO WORDS...: adds ACCEPTED DELIVERED CPU MEMORY to SERVER's samples.
once() {
  local name=$1 at=$2 of=$3 from=$4 recipient=$5 before after begun taken ended i came now memory=0
  shift 5
  "$tools/smtp-sink" -u nobody -c "127.0.0.1:$sink_port" 1000 >"$work/sink" 2>&1 &
  sink_pid=$!
  wait_port "$sink_port"
  [[ $name == straight ]] || echo 5 >"/proc/$of/clear_refs"
  before=$(spent "$of") begun=$EPOCHREALTIME
  timeout 300 "$tools/smtp-source" -m "$messages" "$@" -f "$from" -t "$recipient" "127.0.0.1:$at" >"$work/source" 2>&1
  taken=$EPOCHREALTIME
  [[ $name == straight ]] || memory=$(memory_of "$name")
  # Until all came, or none in five seconds.
  for ((i = 0, came = 0; i < 250; i++)); do
    now=$(sunk "$work/sink")
    if ((now > came)); then i=0 came=$now ended=$EPOCHREALTIME; fi
    ((came < messages)) || break
    sleep 0.02
  done
  after=$(spent "$of")
  ((came >= messages)) || echo "mail: of $messages messages by $name $came came, and count: $(tail -n 1 "$work/source")" >&2
  awk -v n="$came" -v b="$begun" -v a="$taken" -v e="$ended" -v t="$((after - before))" -v hertz="$(getconf CLK_TCK)" -v m="$memory" \
    'BEGIN {printf "%.0f %.0f %.3f %.1f\n", n / (a - b), n / (e - b), t / hertz / n * 1000, m}' >>"$work/$name.samples"
  end_of "$sink_pid"
  sink_pid=''
}

# say LOAD COLUMN WHAT: ours, and beside it the others'.
say() {
  local name beside=''
  for name in straight Postfix chasquid; do
    [[ -s $work/$name.samples && ! ($name == straight && $2 != 2) ]] || continue
    beside+="${beside:+; }${name/straight/straight into the sink}: $(median "$work/$name.samples" "$2")"
  done
  printf '%s: %s\t%s\t\t%s\n' "$1" "$3" "$(median "$work/mailstackd.samples" "$2")" "$beside"
}
measure_load() { # NAME SENDER WORDS...
  local name=$1 sender=$2 i server
  shift 2
  rm -f "$work"/*.samples
  for ((i = 0; i < rounds; i++)); do
    once straight "$sink_port" "${pid[mailstackd]}" "$sender" b@sink.example "$@"
    for server in "${servers[@]}"; do once "$server" "${port[$server]}" "${pid[$server]}" "$sender" "${to[$server]}" "$@"; done
  done
  say "$name" 1 'accepted a second'
  say "$name" 2 'delivered a second'
  say "$name" 3 'CPU s for 1,000'
  say "$name" 4 'memory, MiB'
  [[ -z ${MAIL_BENCH_TABLE:-} ]] || for server in straight "${servers[@]}"; do
    printf '%s\t%s' "$name" "$server"
    for i in 1 2 3 4; do printf '\t%s' "$(median "$work/$server.samples" "$i")"; done
    echo
  done >>"$MAIL_BENCH_TABLE"
}

[[ -z ${MAIL_BENCH_TABLE:-} ]] || : >"$MAIL_BENCH_TABLE"
start_ours || exit 1
if ((EUID == 0)); then
  start_names
  start_peer_postfix || echo 'mail: Postfix does not start' >&2
  start_peer_chasquid || echo 'mail: chasquid does not start' >&2
fi
servers=(mailstackd)
for name in Postfix chasquid; do [[ -z ${pid[$name]:-} ]] || servers+=("$name"); done
printf 'mailstackd: idle, MiB\t%s\t20\t\n' "$(mib VmRSS "${pid[mailstackd]}")"
measure_load '50 kept connections, 4 KiB' a@x.example -s 50 -d -l 4096
measure_load '50 sessions, a connection per message, 4 KiB' a@x.example -s 50 -l 4096
all=("${servers[@]}") servers=(mailstackd)
((EUID != 0)) || measure_load '50 kept connections, 4 KiB, signed (RSA 2048)' a@signs.example -s 50 -d -l 4096
servers=("${all[@]}")
messages=$((messages / 10))
measure_load 'one connection, 1 KiB' a@x.example -s 1 -d -l 1024
measure_load '20 sessions, 100 KiB' a@x.example -s 20 -d -l 102400
messages=20
measure_load '4 sessions, 20 MiB' a@x.example -s 4 -d -l 20971520
