#!/usr/bin/env bash
# Mail of two domains leaves from an address and under a name of each; the reply to one domain's EHLO is not reused for the other.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
# shellcheck source=tests/support/mail_host.sh
source "$1/tests/support/mail_host.sh"

name_server 0
sink inbox
cat >>records <<DNS
example.net MX 10 mx.example.net
mx.example.net A 127.0.0.1
far.example MX 10 mx.far.example
mx.far.example A 192.0.2.9
DNS
make_host ours example.org
mkdir -p ours/conf/domains/wac.example
sed 's/alice/i/' ours/conf/domains/example.org/users >ours/conf/domains/wac.example/users
echo 'source: {ipv4: 127.0.0.9, name: mail.wac.example}' >ours/conf/domains/wac.example/mailstackd.yaml
printf 'delivery: {port: %s, source: {ipv4: 127.0.0.8}, keep_idle: 30s}\n' "$port" >>ours/conf/mailstackd.yaml
start_host ours

count=0
# comes_from USER ADDRESS NAME: a mail of the user arrives from there, under that name.
comes_from() {
  submit ours --auth-user "$1" --from "$1" --to bob@example.net
  expect 0
  count=$((count + 1))
  wait_for has_files inbox $count || fail "mail $count should arrive"
  holds "inbox/$count.envelope" "\"peer\": \"$2\""
  holds "inbox/$count.envelope" "\"helo\": \"$3\""
}
comes_from alice@example.org 127.0.0.8 mx.example.org
comes_from i@wac.example 127.0.0.9 mail.wac.example
comes_from alice@example.org 127.0.0.8 mx.example.org
comes_from i@wac.example 127.0.0.9 mail.wac.example

# An address that is not ours: the mail waits, and the log says why.
echo 'source: {ipv4: 192.0.2.1}' >ours/conf/domains/wac.example/mailstackd.yaml
kill -HUP "${host_pid[ours]}"
wait_for grep -q 'reloaded' ours/mail.log
submit ours --auth-user i@wac.example --from i@wac.example --to bob@far.example
expect 0
wait_for grep -q 'failed (temporary).*192\.0\.2\.1' ours/mail.log || fail 'the log should name the source'
stop_host ours
out=$(<ours/mail.log)
((failures == 0))
