# shellcheck shell=bash
# What a mail host meets outside, inside of a real_host.sh: its addresses, the name servers of its zones and of others
# (PowerDNS on port 53), a CA (Pebble), and somebody else's mail server that keeps what it gets. Sourced after powerdns.sh and
# pebble.sh, run inside the host.
#
#   start_network DIRECTORY [SECONDS]   certificates are valid for SECONDS. The host is smtp.wac.tax at 203.0.113.10 and
#                                       2001:db8::10; mail for example.net is kept in DIRECTORY/sink. POWERDNS_CACHES=yes has
#                                       PowerDNS as it ships, with its caches
#   stop_network
#   record ZONE NAME TYPE CONTENT       puts it there, in place of what the name had of that type
#   outside COMMAND…                    runs it at the other end of the cable
#   leaf PORT [starttls]                the fingerprint of the certificate that the host shows there
#   serial PORT                         its serial number
#   manager METHOD SIGNATURE ARGUMENT…  asks systemd
#   unit_property UNIT INTERFACE NAME   such as ActiveState of Unit

# shellcheck disable=SC2154  # powerdns.sh sets powerdns_key and powerdns_url
start_network() {
  local directory=$1 zone
  # The outside is a network of its own at the other end of a cable.
  unshare --net sleep infinity &
  network_outside=$!
  until [[ $(readlink "/proc/$network_outside/ns/net") != "$(readlink /proc/self/ns/net)" ]]; do sleep 0.01; done
  ip link add eth0 type veth peer name eth0 netns "$network_outside"
  ip address add 203.0.113.10/24 dev eth0
  ip address add 2001:db8::10/64 dev eth0 nodad
  ip link set eth0 up
  outside ip address add 203.0.113.1/24 dev eth0
  outside ip address add 203.0.113.99/24 dev eth0
  outside ip address add 2001:db8::1/64 dev eth0 nodad
  outside ip link set eth0 up
  ip route add default via 203.0.113.1
  ip -6 route add default via 2001:db8::1
  echo 'nameserver 127.0.0.1' >/etc/resolv.conf
  echo '127.0.0.1 localhost' >/etc/hosts
  POWERDNS_PORT=53 start_powerdns "$directory/pdns" ${POWERDNS_CACHES:+caches} || return 1
  for zone in wac.tax. example.net. 113.0.203.in-addr.arpa. 8.b.d.0.1.0.0.2.ip6.arpa.; do
    create_zone "$zone" || return 1
  done
  record 113.0.203.in-addr.arpa. 10.113.0.203.in-addr.arpa. PTR smtp.wac.tax.
  record 8.b.d.0.1.0.0.2.ip6.arpa. 0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR smtp.wac.tax.
  record wac.tax. ns1.wac.tax. A 127.0.0.1
  record example.net. example.net. MX '10 mx.example.net.'
  record example.net. mx.example.net. A 203.0.113.99
  start_pebble "$directory/pebble" 127.0.0.1:53 "${2:-7776000}" || return 1
  outside python3 "$(dirname "${BASH_SOURCE[0]}")/smtp_sink.py" 203.0.113.99 25 "$directory/sink" &
  network_sink=$!
}

outside() { nsenter -t "$network_outside" -n -- "$@"; }

stop_network() {
  if [[ -n ${network_sink:-} ]]; then kill "$network_sink" "$network_outside" 2>/dev/null; fi
  stop_pebble
  stop_powerdns
}

# shellcheck disable=SC2154  # powerdns_* come from powerdns.sh
record() {
  curl -sf -o /dev/null -X PATCH -H "X-API-Key: $powerdns_key" -H 'Content-Type: application/json' -d "{\"rrsets\": [{\"name\":
    \"$2\", \"type\": \"$3\", \"ttl\": 60, \"changetype\": \"REPLACE\", \"records\": [{\"content\": \"$4\"}]}]}" \
    "$powerdns_url/api/v1/servers/localhost/zones/$1"
}

shown() { # PORT [starttls]
  openssl s_client -connect "203.0.113.10:$1" -servername smtp.wac.tax ${2:+-starttls smtp} </dev/null 2>/dev/null
}
leaf() { shown "$@" | openssl x509 -noout -fingerprint -sha256; }
serial() { shown "$@" | openssl x509 -noout -serial; }

systemd=(org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager)
manager() { busctl call "${systemd[@]}" "$@"; }
unit_property() {
  local object
  object=$(manager LoadUnit s "$1" | cut -d'"' -f2)
  busctl get-property "${systemd[0]}" "$object" "org.freedesktop.systemd1.$2" "$3" | cut -d' ' -f2- | tr -d '"'
}
