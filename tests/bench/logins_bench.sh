#!/usr/bin/env bash
# Connections under TLS from the first octet (465), by mailstackd and Debian's chasquid in turn: TLS 1.3 handshakes a second, and handshake,
# EHLO, AUTH PLAIN and QUIT. Certificates with a P-256 key, no resumption; the password under scrypt with chasquid's cost (2^14), which
# chasquid works out at each login and mailstackd once in a while. Eight clients at a time share the two processors with the server, so
# the processor time says more than the rate. Debian's Postfix has no passwords of its own, and is left out.
#
# Called with the directory of the programs. Medians of LOGIN_BENCH_ROUNDS of LOGIN_BENCH_SECONDS.
set -uo pipefail
bin=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/support/servers.sh
source "$root/tests/support/servers.sh"
# shellcheck source=tests/bench/relay.sh
source "$root/tests/bench/relay.sh"
# shellcheck source=tests/bench/median.sh
source "$root/tests/bench/median.sh"
rounds=${LOGIN_BENCH_ROUNDS:-3} seconds=${LOGIN_BENCH_SECONDS:-3}
work=$(mktemp -d "${TMPDIR:-/tmp}/login-bench-XXXXXX")
declare -A port pid
finish() {
  local one
  for one in "${pid[@]}"; do end_of "$one"; done
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM
read -r -a free < <(free_ports 4)

make_conf() { # NAME
  local conf=$work/$1/conf
  mkdir -p "$conf/domains/$1.example" "$work/$1/state"
  self_signed "mx.$1.example" "$conf/certs/mx.$1.example"
  alice_in "$conf/domains/$1.example/users" 14
}

make_conf mailstackd
cat >"$work/mailstackd/conf/mailstackd.yaml" <<YAML
hostname: mx.mailstackd.example
listen: [{address: "127.0.0.1:${free[0]}", service: submissions}]
state: $work/mailstackd/state
spool: $work/mailstackd/state/queue
control_socket: $work/mailstackd/control
mail_log_path: $work/mailstackd/mail.log
limits: {per_address: 1000, per_address_rate: 1000000}
YAML
"$bin/mailstackd" --config "$work/mailstackd/conf" >"$work/mailstackd/out" 2>&1 &
pid[mailstackd]=$! port[mailstackd]=${free[0]}
servers=(mailstackd)
if command -v chasquid >/dev/null; then
  make_conf chasquid
  cat >"$work/chasquid/conf/chasquid.conf" <<CONF
hostname: "mx.chasquid.example"
smtp_address: "127.0.0.1:${free[1]}"
submission_address: "127.0.0.1:${free[2]}"
submission_over_tls_address: "127.0.0.1:${free[3]}"
data_dir: "$work/chasquid/state"
mail_log_path: "$work/chasquid/mail.log"
CONF
  chasquid -config_dir="$work/chasquid/conf" >"$work/chasquid/out" 2>&1 &
  pid[chasquid]=$! port[chasquid]=${free[3]}
  servers+=(chasquid)
fi
for name in "${servers[@]}"; do
  listens "${port[$name]}" || { echo "logins: $name does not listen" >&2 && exit 1; }
done

once() { # SERVER WORDS...: adds RATE CPU to its samples
  local name=$1 before rate
  shift
  before=$(ticks "${pid[$name]}")
  rate=$("$bin/login_load" "${port[$name]}" "$seconds" 8 "$@") || echo "logins: $name refused one" >&2
  awk -v r="$rate" -v s="$seconds" -v t="$(($(ticks "${pid[$name]}") - before))" -v hertz="$(getconf CLK_TCK)" \
    'BEGIN {printf("%.0f %.3f\n", r, (r > 0) ? t / hertz / (r * s) * 1000 : 0)}' >>"$work/$name.samples"
}
measure_load() { # NAME WORD [USER PASSWORD]: USER gets the domain of each server
  local what=$1 unit=$2 user=${3:-} password=${4:-} name i
  rm -f "$work"/*.samples
  for ((i = 0; i < rounds; i++)); do
    for name in "${servers[@]}"; do once "$name" ${user:+"$user@$name.example" "$password"}; done
  done
  local beside=''
  [[ ! -s $work/chasquid.samples ]] || beside="chasquid: $(median "$work/chasquid.samples" 1)"
  printf '%s a second\t%s\t\t%s\n' "$what" "$(median "$work/mailstackd.samples" 1)" "$beside"
  [[ ! -s $work/chasquid.samples ]] || beside="chasquid: $(median "$work/chasquid.samples" 2)"
  printf 'CPU s for 1,000 %s\t%s\t\t%s\n' "$unit" "$(median "$work/mailstackd.samples" 2)" "$beside"
}
measure_load 'TLS 1.3 handshakes' handshakes
measure_load 'logins over new connections' logins alice secret
