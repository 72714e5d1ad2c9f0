# shellcheck shell=bash
# Mail hosts on loopback, on ports of nobody: mailstackd with a conf tree of its own, a name server that knows what the
# test says, a server that takes all mail. Sourced after person.sh; everything is ended with the test.
#
#   name_server [PORT]     answers from the file $work/records; its place is $dns (ADDRESS:PORT)
#   sink NAME              takes mail into the directory NAME; its port is $port
#   make_host NAME DOMAIN [LOG_N]  a conf tree NAME/conf of mx.DOMAIN with the user alice (password `secret`, scrypt of LOG_N or 10)
#                          and the DKIM key s1;
#                          its ports are ${smtp[NAME]} ${submission[NAME]} ${submissions[NAME]}
#   publish_key NAME DOMAIN SELECTOR   its record for the name server
#   start_host NAME        until it listens
#   stop_host NAME [SIGNAL]

: "${binary_directory:?}" "${source_directory:?}" "${work:?}"  # of the caller
mailstackd=$binary_directory/bin/mailstackd
[[ -x $mailstackd ]] || { echo "skipped: $mailstackd is not built" && exit 77; }
for program in swaks openssl python3; do
  command -v "$program" >/dev/null || { echo "skipped: $program is not installed" && exit 77; }
done
# shellcheck source=tests/support/servers.sh
source "$source_directory/tests/support/servers.sh"
touch "$work/records"
dns=''
port=0
declare -A smtp submission submissions host_pid
declare -a started=()

end_hosts() {
  local pid
  for pid in "${host_pid[@]}" "${started[@]}"; do kill -9 "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; done
}
at_exit+=(end_hosts)

# wait_for COMMAND...: until it succeeds, at most 20 seconds.
wait_for() {
  local i
  for ((i = 0; i < 400; i++)); do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.05
  done
  return 1
}
has_files() { [[ $(find "$1" -name "${3:-*.envelope}" | wc -l) -ge $2 ]]; }

name_server() {
  python3 "$source_directory/tests/support/name_server.py" "$work/dns-port" "$work/records" "$@" &
  started+=($!)
  wait_for test -s "$work/dns-port" || fail 'the name server does not start'
  dns=127.0.0.1:$(<"$work/dns-port")
}

sink() {
  mkdir -p "$1"
  port=$(free_ports 1)
  python3 "$source_directory/tests/support/smtp_sink.py" 127.0.0.1 "$port" "$1" &
  started+=($!)
  listens "$port" || fail 'the sink does not start'
}

make_host() {
  local name=$1 domain=$2 conf=$work/$1/conf
  mkdir -p "$conf/domains/$domain" "$work/$name/state"
  self_signed "mx.$domain" "$conf/certs/mx.$domain"
  openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048 -out "$conf/domains/$domain/dkim:s1.pem" 2>/dev/null
  # Cheap parameters, which chasquid takes too.
  alice_in "$conf/domains/$domain/users" "${3:-10}"
  read -r smtp["$name"] submission["$name"] submissions["$name"] < <(free_ports 3)
  cat >"$conf/mailstackd.yaml" <<YAML
hostname: mx.$domain
listen:
  - {address: "127.0.0.1:${smtp[$name]}", service: smtp}
  - {address: "127.0.0.1:${submission[$name]}", service: submission}
  - {address: "127.0.0.1:${submissions[$name]}", service: submissions}
spool: $work/$name/spool
state: $work/$name/state
control_socket: $work/$name/control
mail_log_path: $work/$name/mail.log
dns: {servers: ["$dns"]}
YAML
}

publish_key() {
  local public kind=rsa
  public=$(openssl pkey -in "$work/$1/conf/domains/$2/dkim:$3.pem" -pubout -outform DER | base64 -w0)
  # RFC 8463 4.2: of an Ed25519 key the last 32 octets stand there, RFC 8410 has 12 before them.
  ((${#public} != 60)) || { kind=ed25519 && public=${public:16}; }
  echo "$3._domainkey.$2 TXT v=DKIM1; k=$kind; p=$public" >>"$work/records"
}

start_host() {
  "$mailstackd" --config "$work/$1/conf" >>"$work/$1/out" 2>&1 &
  host_pid[$1]=$!
  listens "${submissions[$1]}" || { out=$(<"$work/$1/out") && fail "$1 does not start"; }
}

stop_host() {
  kill "-${2:-TERM}" "${host_pid[$1]}"
  wait "${host_pid[$1]}" 2>/dev/null
  # shellcheck disable=SC2034
  code=$?
  unset "host_pid[$1]"
}

# submit NAME WORDS...: a mail by swaks over implicit TLS as alice; sets out and code.
submit() {
  local name=$1
  shift
  # shellcheck disable=SC2034  # both are the caller's
  out=$(swaks --server "127.0.0.1:${submissions[$name]}" --tls-on-connect --auth PLAIN --auth-password secret "$@" 2>&1)
  # shellcheck disable=SC2034
  code=$?
}
