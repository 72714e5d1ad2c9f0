# shellcheck shell=bash
# A real PowerDNS of one's own, on loopback and free ports. Sourced by scripts.
#
#   start_powerdns DIRECTORY [caches]   sets powerdns_pid, powerdns_port (DNS), powerdns_url, powerdns_key. Its caches are
#                               off, so that a test sees at once what it changed behind the API; `caches`: as PowerDNS ships
#                               POWERDNS_PORT=53 has it there
#   create_zone NAME            with SOA and one NS
#   stop_powerdns

# free_port: one on which nothing listens now.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}

start_powerdns() {
  local directory=$1 attempt
  local caches='cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0'
  [[ ${2:-} != caches ]] || caches=
  mkdir -p "$directory/run"
  sqlite3 "$directory/db.sqlite" </usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql
  # Another process may take a port between the look and the start, so a start that fails is tried again.
  for attempt in 1 2 3; do
    powerdns_port=${POWERDNS_PORT:-$(free_port)} powerdns_key=key-$RANDOM$RANDOM
    local api
    api=$(free_port)
    powerdns_url=http://127.0.0.1:$api
    cat >"$directory/pdns.conf" <<CONF
launch=gsqlite3
gsqlite3-database=$directory/db.sqlite
gsqlite3-dnssec=yes
gsqlite3-pragma-synchronous=0
local-address=127.0.0.1
local-port=$powerdns_port
api=yes
api-key=$powerdns_key
webserver=yes
webserver-address=127.0.0.1
webserver-port=$api
webserver-allow-from=127.0.0.1
socket-dir=$directory/run
daemon=no
guardian=no
$caches
security-poll-suffix=
version-string=anonymous
loglevel=4
CONF
    pdns_server --config-dir="$directory" >"$directory/log" 2>&1 &
    powerdns_pid=$!
    for _ in $(seq 100); do
      if curl -sf -H "X-API-Key: $powerdns_key" "$powerdns_url/api/v1/servers/localhost" >/dev/null; then return 0; fi
      kill -0 "$powerdns_pid" 2>/dev/null || break
      sleep 0.05
    done
    kill "$powerdns_pid" 2>/dev/null || true
    wait "$powerdns_pid" 2>/dev/null || true
  done
  echo "PowerDNS did not start after $attempt attempts:" >&2
  cat "$directory/log" >&2
  return 1
}

create_zone() {
  curl -sf -o /dev/null -H "X-API-Key: $powerdns_key" -H 'Content-Type: application/json' \
    -d "{\"name\":\"$1\",\"kind\":\"Native\",\"nameservers\":[\"ns1.$1\"]}" "$powerdns_url/api/v1/servers/localhost/zones"
}

stop_powerdns() {
  [[ -n ${powerdns_pid:-} ]] || return 0
  kill "$powerdns_pid" 2>/dev/null || true
  wait "$powerdns_pid" 2>/dev/null || true
  powerdns_pid=
}
