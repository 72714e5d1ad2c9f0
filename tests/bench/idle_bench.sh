#!/usr/bin/env bash
# Memory of mailstackd with connections that said EHLO and are silent, plain and under TLS (1.3, ECDSA P-256): IDLE_BENCH_CONNECTIONS (10,000)
# of each.
#
# Called with the directory of the programs.
set -uo pipefail
bin=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/support/servers.sh
source "$root/tests/support/servers.sh"
# shellcheck source=tests/bench/relay.sh
source "$root/tests/bench/relay.sh"
wanted=${IDLE_BENCH_CONNECTIONS:-10000}
ulimit -n "$(ulimit -Hn)"
if (($(ulimit -n) < wanted + 100)); then printf 'idle connections: descriptors do not suffice\tskipped\t\t\n' && exit 0; fi
work=$(mktemp -d "${TMPDIR:-/tmp}/idle-bench-XXXXXX")
daemon_pid='' clients_pid=''
finish() {
  end_of "$clients_pid"
  end_of "$daemon_pid"
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

read -r plain_port tls_port < <(free_ports 2)
mkdir -p "$work/state"
self_signed ours.example "$work/conf/certs/ours.example"
cat >"$work/conf/mailstackd.yaml" <<YAML
hostname: ours.example
listen: [{address: "127.0.0.1:$plain_port", service: smtp}, {address: "127.0.0.1:$tls_port", service: submissions}]
state: $work/state
control_socket: $work/control
mail_log_path: $work/mail.log
limits: {per_address: 100000, per_address_rate: 10000000, connections: 100000, command_timeout: 1h}
YAML

# with NAME LIMIT PORT [tls]: in a daemon that has done nothing else.
with() {
  local name=$1 limit=$2 note='' found
  shift 2
  "$bin/mailstackd" --config "$work/conf" >"$work/output" 2>&1 &
  daemon_pid=$!
  listens "$1"
  python3 "$root/tests/support/rude_client.py" idle "$1" "$wanted" "${@:2}" >"$work/open" &
  clients_pid=$!
  until grep -q open "$work/open" || ! kill -0 "$clients_pid" 2>/dev/null; do sleep 0.1; done
  found=$(mib VmRSS "$daemon_pid")
  [[ $(<"$work/open") == "$wanted open" ]] || note="OVER: $(<"$work/open")"
  if [[ -n $limit ]] && awk "BEGIN {exit !($found > $limit)}"; then note='OVER'; fi
  printf 'mailstackd: %s idle connections, %s, MiB\t%s\t%s\t%s\n' "$wanted" "$name" "$found" "$limit" "$note"
  end_of "$clients_pid"
  end_of "$daemon_pid"
  clients_pid='' daemon_pid=''
}
with plain 200 "$plain_port"
with TLS '' "$tls_port" tls
