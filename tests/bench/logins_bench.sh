#!/usr/bin/env bash
# Connections under TLS from the first octet (465), by mailstackd and Debian's chasquid in turn: TLS 1.3 handshakes a second, and handshake,
# EHLO, AUTH PLAIN and QUIT. Certificates with a P-256 key, no resumption; the password under scrypt with chasquid's cost (2^14), which
# chasquid works out at each login and mailstackd once in a while. Eight clients at a time share the two processors with the server, so
# the processor time says more than the rate. Debian's Postfix has no passwords of its own, and is left out.
#
# Called with the directory of the programs. Medians of LOGIN_BENCH_ROUNDS of LOGIN_BENCH_SECONDS.
set -uo pipefail
bin=$1
rounds=${LOGIN_BENCH_ROUNDS:-3} seconds=${LOGIN_BENCH_SECONDS:-3}
work=$(mktemp -d "${TMPDIR:-/tmp}/login-bench-XXXXXX")
declare -A port pid
finish() {
  local one
  for one in "${pid[@]}"; do { kill "$one" && wait "$one"; } 2>/dev/null; done
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM
read -r -a free < <(python3 -c 'import socket
sockets = [socket.socket() for _ in range(4)]
[s.bind(("127.0.0.1", 0)) for s in sockets]
print(*(s.getsockname()[1] for s in sockets))')

make_conf() { # NAME
  local conf=$work/$1/conf
  mkdir -p "$conf/certs/mx.$1.example" "$conf/domains/$1.example" "$work/$1/state"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=mx.$1.example" \
    -addext "subjectAltName=DNS:mx.$1.example" -keyout "$conf/certs/mx.$1.example/privkey.pem" \
    -out "$conf/certs/mx.$1.example/fullchain.pem" 2>/dev/null
  python3 - "$conf/domains/$1.example/users" <<'PY'
import hashlib, sys
salt = b"0123456789abcdef"
key = hashlib.scrypt(b"secret", salt=salt, n=1 << 14, r=8, p=1, dklen=32, maxmem=1 << 26)
octal = lambda octets: "".join("\\%03o" % octet for octet in octets)
with open(sys.argv[1], "w") as file:
    file.write('users { key: "alice" value { scrypt { logN: 14 r: 8 p: 1 keyLen: 32 salt: "%s" encrypted: "%s" } } }\n' % (octal(salt), octal(key)))
PY
}
wait_port() {
  local i
  for ((i = 0; i < 200; i++)); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return 0; fi
    sleep 0.05
  done
  echo "logins: nobody listens on port $1" >&2
  return 1
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
for name in "${servers[@]}"; do wait_port "${port[$name]}" || exit 1; done

ticks() { sed 's/^.*) //' "/proc/$1/stat" | awk '{print $12 + $13}'; }
median() { sort -n -k "$2,$2" "$1" | awk -v c="$2" '{v[NR] = $c} END {print v[int((NR + 1) / 2)]}'; }
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
