#!/usr/bin/env bash
# Hosts with networks of their own, on port 25, that find each other by MX: what a user of a.example sends to somebody at b.example goes to that
# host, whose catch-all forwards it to c.example. It arrives with the sender rewritten and with the signature of a.example as good as it was;
# when c.example cannot deliver, its notice goes back to b.example, and from there to the sender.
if [[ -z ${MAILSTACK_OWN_NETWORK:-} ]]; then
  own=(unshare -mn)
  ((EUID == 0)) || own=(unshare -rmn)
  "${own[@]}" true 2>/dev/null || { echo 'skipped: no network of its own can be made' && exit 77; }
  command -v ip >/dev/null || { echo 'skipped: iproute2 is not installed' && exit 77; }
  MAILSTACK_OWN_NETWORK=yes exec "${own[@]}" bash "$0" "$@"
fi
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
# shellcheck source=tests/support/mail_host.sh
source "$1/tests/support/mail_host.sh"
declare -A network address=([a]=192.0.2.10 [b]=192.0.2.20 [c]=192.0.2.30)

# inside HOST COMMAND...: in its network; the process is the command itself.
inside() { nsenter -t "${network[$1]}" -n -- "${@:2}"; }
answers() { inside "$1" bash -c "exec 3<>/dev/tcp/$2/$3"; }

# connect_host HOST: its end of a cable to the bridge.
connect_host() {
  unshare --net sleep infinity &
  network[$1]=$!
  started+=($!)
  until [[ $(readlink "/proc/${network[$1]}/ns/net") != "$(readlink /proc/self/ns/net)" ]]; do sleep 0.01; done
  ip link add "to-$1" type veth peer name eth0 netns "${network[$1]}"
  ip link set "to-$1" master bridge up
  inside "$1" ip link set lo up
  inside "$1" ip link set eth0 up
  inside "$1" ip address add "${address[$1]}/24" dev eth0
  nsenter -t "${network[$1]}" -n -- python3 "$source_directory/tests/support/name_server.py" "$work/dns-$1" "$work/records" &
  started+=($!)
  wait_for test -s "dns-$1" || fail 'the name server does not start'
  dns=127.0.0.1:$(<"dns-$1")
}

# host NAME: mx.NAME.example with the user alice, whose mail lies in NAME/mail/alice.
host() {
  connect_host "$1"
  make_host "$1" "$1.example"
  publish_key "$1" "$1.example" s1
  sed -i "s/\"127.0.0.1:${smtp[$1]}\"/\"${address[$1]}:25\"/; s/\"127.0.0.1:${submissions[$1]}\"/\"${address[$1]}:465\"/" "$1/conf/mailstackd.yaml"
  cat >>"$1/conf/mailstackd.yaml" <<YAML
delivery: {local: maildir, maildir: $work/$1/mail/%to_user%}
queue: {retry: {first: 1s, max: 2s}, host_backoff: {first: 1s, max: 1s}}
YAML
  printf '%s\n' "$1.example MX 10 mx.$1.example" "mx.$1.example A ${address[$1]}" >>records
}
start_inside() {
  nsenter -t "${network[$1]}" -n -- "$mailstackd" --config "$work/$1/conf" >>"$1/out" 2>&1 &
  host_pid[$1]=$!
  wait_for answers "$1" "${address[$1]}" 465 || { out=$(<"$1/out") && fail "$1 does not start"; }
}
send() { # WORDS...: a mail of alice@a.example
  out=$(swaks --server "${address[a]}:465" --tls-on-connect --auth PLAIN --auth-user alice@a.example --auth-password secret \
    --from alice@a.example "$@" 2>&1)
  code=$?
  expect 0
}
has_mail() { [[ $(find "$1/mail/alice/new" -type f 2>/dev/null | wc -l) -ge $2 ]]; }
newest() { find "$1/mail/alice/new" -type f -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2-; }
logs() { tail -n 20 [abc]/mail.log; }

ip link set lo up
ip link add bridge type bridge
ip address add 192.0.2.1/24 dev bridge
ip link set bridge up
for name in a b c; do host "$name"; done
echo '*: c@c.example' >b/conf/domains/b.example/aliases
echo 'c: alice' >c/conf/domains/c.example/aliases
for name in a b c; do start_inside "$name"; done

send --to anybody@b.example --header 'Subject: there' --body 'a line'
wait_for has_mail c 1 || { out=$(logs) && fail 'the mail should arrive at c.example'; }
arrived=$(newest c)
holds "$arrived" 'Subject: there'
out=$(sed -n '/^Return-Path/p; /^Received/p' "$arrived")
says 'Return-Path: <SRS0='
says '=a.example=alice@b.example>'
says "from mx.a.example"
says "from mx.b.example"
if /usr/bin/python3 -c 'import dkim' 2>/dev/null; then
  out=$(/usr/bin/python3 "$source_directory/tests/support/dkim_verify.py" 's1=a/conf/domains/a.example/dkim:s1.pem' <"$arrived" 2>&1)
  [[ $out == 's1 rsa-sha256 good' ]] || fail 'the signature of a.example should verify'
fi
[[ $(grep -c '^DKIM-Signature:' "$arrived") == 1 ]] || fail 'who forwards does not sign'

# Taken, and then not delivered: the notice goes to b.example, which knows whose it is.
printf '#!/bin/sh\ncat >/dev/null\nexit 67\n' >refuse
chmod 755 refuse
echo "c: | $work/refuse" >c/conf/domains/c.example/aliases
kill -HUP "${host_pid[c]}"
sleep 0.5
send --to somebody@b.example --header 'Subject: and back'
wait_for has_mail a 1 || { out=$(logs) && fail 'the notice should come back'; }
arrived=$(newest a)
out=$(<"$arrived")
says 'Return-Path: <>'
says 'multipart/report'
says 'Reporting-MTA: dns; mx.c.example'
says 'from mx.c.example'
says 'from mx.b.example'
says 'Subject: and back'
# An address that b.example did not make is no way to the sender.
out=$(swaks --server "${address[b]}:25" --from '<>' --to SRS0=AAAA=AA=a.example=alice@b.example 2>&1)
says '550 5.7.1 this SRS address is not valid'
for name in a b c; do
  stop_host "$name"
  expect 0
done
finish
