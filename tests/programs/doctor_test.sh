#!/usr/bin/env bash
# The doctor on a machine that is a network of its own: mail servers that greet, refuse and are silent, a name server, a
# competing listener, IPv6 with and without a way out.
# shellcheck disable=SC2016  # dollars and backticks are meant as they stand
if [[ ${3:-} != inside ]]; then
  # Root needs no user namespace for it, and may get none (in a chroot).
  apart=(unshare --net)
  ((EUID == 0)) || apart+=(--map-root-user)
  if ! "${apart[@]}" true 2>/dev/null || ! command -v ip >/dev/null; then
    echo "skipped: no network namespace of one's own"
    exit 77
  fi
  exec "${apart[@]}" bash "$0" "$1" "$2" inside
fi
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"

servers=()
stop_servers() {
  kill "${servers[@]}"
  wait 2>/dev/null
}
at_exit+=(stop_servers)
# start NAME SCRIPT ARGUMENTS...: a server of tests/support; its port is then in the file NAME.
start() {
  local name=$1 script=$2
  shift 2
  python3 "$source_directory/tests/support/$script" "$name" "$@" &
  servers+=("$!")
  for _ in $(seq 200); do
    [[ ! -s $name ]] || return 0
    sleep 0.05
  done
  fail "$name did not start"
}

ip link set lo up
ip address add 203.0.113.10/32 dev lo
ip route add default dev lo src 203.0.113.10
cat >records <<'RECORDS'
smtp.example.org A 203.0.113.10
10.113.0.203.in-addr.arpa CNAME 10.8-15.113.0.203.in-addr.arpa
10.8-15.113.0.203.in-addr.arpa PTR smtp.example.org
gmail.com MX 5 mx.gmail.com
gmail.com MX 20 other.gmail.com
mx.gmail.com A 127.0.0.1
mx.example.net A 127.0.0.1
RECORDS
start dns name_server.py records
start greets mail_server.py
start unwelcome mail_server.py --greeting '554 5.7.1 you are listed'
start silent mail_server.py --silent
start full mail_server.py --full
small_manifest
sed -i "s/, ptr: none//; s|^dns:|dns:\n  resolvers: \"127.0.0.1:$(<dns)\"|" mailstack.yaml

doctor() {
  out=$("$mailstack" doctor --as mx1 --state "$work/state" "$@" </dev/null 2>&1)
  code=$?
}
# verdict WORD PATTERN: some check says so.
verdict() { grep -qE "^  $1 +$2" <<<"$out" || fail "should be $1: $2"; }

# A server that greets, by name and port; the rest of this machine.
doctor --probe "mx.example.net:$(<greets)"
verdict ok "port $(<greets) of mx.example.net \(127.0.0.1\): 220 mx.example.net ESMTP"
verdict unknown 'port 25 of 203.0.113.10 from elsewhere: not asked'
says 'from another machine: `nc -vz 203.0.113.10 25`'
verdict ok 'who listens on port 25: nobody: it is free'
verdict ok 'source of connections over IPv4: 203.0.113.10'
verdict ok 'source of connections over IPv6: '
verdict ok 'PTR of 203.0.113.10: smtp.example.org'
verdict ok 'A of smtp.example.org: 203.0.113.10'
verdict ok 'what time is it: 20'
says "room in $work/state (mailstack's state): "
says 'room in /var/lib/mailstackd'
says 'Doctor of mx1 (smtp.example.org): '
[[ ! -e state ]] || fail 'the doctor wrote'
# What this machine may lack is not ours: mailstackd, or room on its disk.
machine_is_fit=$code

# Closed, silent and dropping servers; each has its port to itself, so none vouches for another.
begun=$SECONDS
doctor --probe "127.0.0.1:1" --probe "127.0.0.1:$(<silent)" --probe "127.0.0.1:$(<full)" --probe "127.0.0.1:$(<unwelcome)"
expect 1
((SECONDS - begun < 9)) || fail 'mail servers are waited for one after the other'
says 'doctor: connections to mail servers 2 of 4'
verdict problem 'port 1 of 127.0.0.1: Connection refused'
verdict problem "port $(<full) of 127.0.0.1: no answer within 5 s"
says 'your provider (or a firewall on this machine) blocks outbound port'
says "ask the provider's support to open outbound port 1;"
verdict warning "port $(<silent) of 127.0.0.1: connected, and no word within 5 s"
verdict warning "port $(<unwelcome) of 127.0.0.1: 554 5.7.1 you are listed"

# Without --probe: the MX of large receivers. This name server knows of one only, which here is nobody on port 25.
doctor -q
verdict problem 'port 25 of mx.gmail.com \(127.0.0.1\), MX of gmail.com: Connection refused'
silent 'MX of outlook.com'
doctor
verdict unknown 'MX of outlook.com: the resolver says that there is none'

# Others on the ports of mail.
start rival mail_server.py --port 587
start own mail_server.py --port 25
doctor --probe 127.0.0.1
expect 1
verdict ok 'port 25 of 127.0.0.1: 220'
verdict problem "who listens on port 587: python3.* \(/.*, process ${servers[-2]}\) on 127.0.0.1"
says "so mailstackd will not get it"
verdict ok 'who listens on port 465: nobody'
# A mail server is known by its name.
kill "${servers[-1]}" && wait "${servers[-1]}" 2>/dev/null
unset 'servers[-1]'
start exim mail_server.py --port 25 --name exim4
doctor --probe 127.0.0.1
verdict problem "who listens on port 25: exim4 \(/.*python3.*, process ${servers[-1]}\) on 127.0.0.1"
says 'fix: `systemctl disable --now exim4`'

# JSON: one document, the same verdicts.
out=$("$mailstack" doctor --as mx1 --state "$work/state" --probe 127.0.0.1 --format json 2>errors)
code=$?
expect 1
python3 - "$out" <<'PYTHON' || fail 'the document is not as promised'
import json, sys

document = json.loads(sys.argv[1])
assert list(document) == ["version", "host", "checks"] and document["version"] == 1 and document["host"] == "mx1", document
for check in document["checks"]:
    assert list(check) == ["check", "verdict", "asked", "answered", "cause", "remedy"], check
    assert check["verdict"] in ("ok", "warning", "problem", "unknown") and check["asked"], check
    assert check["verdict"] == "ok" or check["cause"], check
    assert check["verdict"] != "problem" or check["remedy"], check
kinds = {check["check"] for check in document["checks"]}
assert kinds == {"outbound", "inbound", "listeners", "address", "reverse", "clock", "disk", "name", "programs"}, kinds
rival = [check for check in document["checks"] if check["asked"] == "who listens on port 25"]
assert len(rival) == 1 and rival[0]["remedy"] == "`systemctl disable --now exim4`", rival
PYTHON

# IPv6: another address than the declared one, no way out, none declared.
sed -i 's/ipv4: 203.0.113.10/ipv4: 203.0.113.10, ipv6: "2001:db8::10"/' mailstack.yaml
doctor --probe "127.0.0.1:$(<greets)"
expect 1
verdict problem 'source of connections over IPv6: .*unreachable'
says '2001:db8::10 is declared, and no route leads out'
verdict problem 'PTR of 2001:db8::10: there is none'
verdict warning 'AAAA of smtp.example.org: there is none'
says '`mailstack apply` publishes it'
if ip -6 address add 2001:db8::99/128 dev lo 2>/dev/null && ip -6 address add 2001:db8::10/128 dev lo &&
  ip -6 route add default dev lo src 2001:db8::99; then
  doctor --probe "127.0.0.1:$(<greets)"
  verdict problem 'source of connections over IPv6: 2001:db8::99'
  says 'this machine has 2001:db8::10 too, but mail leaves by 2001:db8::99'
  sed -i 's/, ipv6: "2001:db8::10"//' mailstack.yaml
  doctor --probe "127.0.0.1:$(<greets)"
  verdict warning 'source of connections over IPv6: 2001:db8::99'
  says 'which is not in the manifest'
else
  echo 'not shown: this machine has no IPv6'
  sed -i 's/, ipv6: "2001:db8::10"//' mailstack.yaml
fi

# A clock that is behind what mailstack itself noted.
mkdir state && echo -n 2099-01-01T00:00:00Z >state/looked_at
doctor --probe "127.0.0.1:$(<greets)"
expect 1
verdict problem 'what time is it: 20'
says 'mailstack last ran at 2099-01-01T00:00:00Z, so the clock is behind'
rm -r state

# Whom it examines must be clear.
out=$("$mailstack" doctor --state "$work/state" --as mx9 2>&1) code=$?
expect 3
says 'Did you mean mx1?'
sed -i 's/203.0.113.10/203.0.113.77/' mailstack.yaml
out=$("$mailstack" doctor --state "$work/state" 2>&1) code=$?
expect 3
says 'this machine is none of the hosts of mailstack.yaml: --as mx1 if it is smtp.example.org'
doctor --manifest nowhere.yaml
expect 3
says 'nowhere.yaml'
doctor --probe mx:smtp
expect 3
says 'is no mail server'

((machine_is_fit <= 1)) || fail "a doctor that found nothing ends with 0, with problems 1; not $machine_is_fit"
finish
