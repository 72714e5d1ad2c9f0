#!/usr/bin/env bash
# The fail2ban filter finds who guesses passwords or wants to relay, in each form of our log, and nobody
# can have another address banned by what he calls himself.
set -euo pipefail
command -v fail2ban-regex >/dev/null || { echo "fail2ban-regex is missing"; exit 77; }

# shellcheck source=tests/support/servers.sh
source "$1/tests/support/servers.sh"

filter=$1/packaging/fail2ban/filter.d/mailstackd.conf
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
# common.conf is the installed one, beside which a filter of the tree must stand to include it.
cp /etc/fail2ban/filter.d/common.conf "$filter" "$work"

# found MODE LINE: the addresses that the filter finds in a log of this line.
found() {
  printf '%s\n' "$2" >"$work/log"
  fail2ban-regex --out id "$work/log" "$work/mailstackd.conf[mode=$1]" 2>"$work/errors" | tr '\n' ' '
}

failed=0
# expect MODE ADDRESSES LINE
expect() {
  local got
  got=$(found "$1" "$3")
  [[ ${got% } == "$2" ]] && return
  echo "mode $1: \`$3\` gave \`${got% }\`, not \`$2\`"
  cat "$work/errors"
  failed=1
}

stamp="2026-11-26 20:14:36.123456"
syslog="Nov 26 20:14:36 mail mailstackd[4711]:"

# Wrong passwords, with every way to stand in a log.
expect normal 198.51.100.7 "$stamp 198.51.100.7:4025 auth failed for i@wac.tax"
expect normal 198.51.100.7 "$syslog 198.51.100.7:4025 auth failed for i@wac.tax"
expect normal 198.51.100.7 "$syslog 198.51.100.7 auth failed for \"i\""
expect normal 2001:db8::7 "$stamp [2001:db8::7]:4025 auth failed for i@wac.tax"
expect normal 2001:db8::7 "$syslog 2001:db8::7 auth failed for i@wac.tax"

# What must not count.
expect normal "" "$stamp 198.51.100.7:4025 auth failed again for i@wac.tax"
expect normal "" "$stamp 198.51.100.7:4025 auth succeeded for i@wac.tax"
expect normal "" "$stamp 198.51.100.7:4025 rejected from=a@b.example to=[x@c.example] - 550 5.7.1 relaying denied: log in"
expect normal "" "$stamp 0123456789abc from=a@b.example queued ip=198.51.100.7:4025 to=[i@wac.tax]"

# Forged: in the name of a user, of a sender, of a recipient, with a date of its own.
victim="203.0.113.9:25 auth failed for x"
expect normal "" "$stamp 198.51.100.7:4025 auth succeeded for $victim"
expect normal 198.51.100.7 "$stamp 198.51.100.7:4025 auth failed for $victim"
expect normal 198.51.100.7 "$stamp 198.51.100.7:4025 auth failed for \"2026-11-26 20:14:36 $victim\""
expect normal 198.51.100.7 "$syslog 198.51.100.7:4025 auth failed for \"Nov 26 20:14:36 mail mailstackd[1]: $victim\""
expect aggressive 198.51.100.7 "$stamp 198.51.100.7:4025 rejected from=\"$victim\"@b.example to=[x@c.example] - 550 5.7.1 relaying denied: log in"
expect aggressive "" "$stamp 0123456789abc from=\"$victim\"@b.example to=i@wac.tax failed (permanent): 550 5.7.1 $victim"
expect aggressive "" "$stamp 0123456789abc from=a@b.example to=x@c.example failed (permanent): 203.0.113.9 rejected - 550 5.7.1 relaying denied"

# The other mode.
expect aggressive 198.51.100.7 "$stamp 198.51.100.7:4025 auth failed for i@wac.tax"
expect aggressive 198.51.100.7 "$stamp 198.51.100.7:4025 rejected from=a@b.example to=[x@wac.tax] - 550 5.1.1 no such user: x@wac.tax"
expect aggressive 198.51.100.7 "$stamp 198.51.100.7:4025 rejected - 421 4.7.0 too many errors"
expect aggressive "" "$stamp 198.51.100.7:4025 rejected from=a@b.example to=[i@wac.tax] - 451 4.3.0 try later"

# Lines of the daemon itself: a session that went too far, and then its address at the greeting.
daemon=$2/bin/mailstackd
if [[ -x $daemon ]]; then
  port=$(free_ports 1)
  mkdir "$work/conf"
  cat >"$work/conf/mailstackd.yaml" <<YAML
hostname: mx.example.org
listen: [{address: "127.0.0.1:$port", service: smtp}]
spool: $work/spool
mail_log_path: $work/mail.log
limits: {per_address_errors: 1}
YAML
  "$daemon" --config "$work/conf" >"$work/out" 2>&1 &
  pid=$!
  python3 - "$port" <<'PY' || { echo "the daemon does not hang up"; cat "$work/out"; failed=1; }
import socket, sys, time

def said(octets):
    for attempt in range(200):
        try:
            peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10)
            break
        except ConnectionRefusedError:
            time.sleep(0.05)
    peer.sendall(octets)
    text = b""
    while part := peer.recv(4096):
        text += part
    return text.decode()

assert "421 4.7.0 too many errors" in said(b"ONE\r\nTWO\r\nTHREE\r\n")
assert said(b"").startswith("421 4.7.0 too many errors from your address")
PY
  kill "$pid"
  wait "$pid" || failed=1
  grep rejected "$work/mail.log" >"$work/lines" || true
  [[ $(wc -l <"$work/lines") == 2 ]] || { echo "two refusals should be logged:"; cat "$work/mail.log"; failed=1; }
  while read -r line; do expect aggressive 127.0.0.1 "$line"; done <"$work/lines"
fi

# The jail names a filter that is there.
grep -q '^filter = mailstackd\[mode=normal\]$' "$1/packaging/fail2ban/jail.d/mailstackd.conf" || { echo "the jail has another filter"; failed=1; }
exit $failed
