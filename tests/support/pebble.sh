# shellcheck shell=bash
# A real Pebble (an ACME server for tests) of one's own, on loopback and free ports. Sourced by scripts, after
# powerdns.sh (free_port).
#
#   start_pebble DIRECTORY DNS [SECONDS]   sets pebble_pid, pebble_url (of its directory), pebble_ca (what its HTTPS is
#                               trusted by). It asks DNS (HOST:PORT) for challenges; certificates are valid for SECONDS.
#                               PEBBLE_PORT=14000 has it there
#   stop_pebble

start_pebble() {
  local directory=$1 dns=$2 validity=${3:-7776000} port management
  mkdir -p "$directory"
  pebble_ca=$directory/ca.pem
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$directory/server.key" -out "$pebble_ca" 2>/dev/null
  port=${PEBBLE_PORT:-$(free_port)} management=$(free_port)
  pebble_url=https://127.0.0.1:$port/dir
  cat >"$directory/pebble.json" <<CONF
{"pebble": {"listenAddress": "127.0.0.1:$port", "managementListenAddress": "127.0.0.1:$management",
  "certificate": "$pebble_ca", "privateKey": "$directory/server.key", "httpPort": 5002, "tlsPort": 5001,
  "ocspResponderURL": "", "externalAccountBindingRequired": false, "certificateValidityPeriod": $validity}}
CONF
  PEBBLE_VA_NOSLEEP=1 PEBBLE_WFE_NONCEREJECT=${PEBBLE_NONCES:-30} PEBBLE_AUTHZREUSE=0 \
    pebble -config "$directory/pebble.json" -strict -dnsserver "$dns" >"$directory/log" 2>&1 &
  pebble_pid=$!
  # It makes RSA keys first, which takes seconds on a busy machine.
  for _ in $(seq 600); do
    if curl -sf --cacert "$pebble_ca" "$pebble_url" >/dev/null; then return 0; fi
    kill -0 "$pebble_pid" 2>/dev/null || break
    sleep 0.1
  done
  echo 'Pebble did not start:' >&2
  cat "$directory/log" >&2
  return 1
}

stop_pebble() {
  [[ -n ${pebble_pid:-} ]] || return 0
  kill "$pebble_pid" 2>/dev/null || true
  wait "$pebble_pid" 2>/dev/null || true
  pebble_pid=
}
