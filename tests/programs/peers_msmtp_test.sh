#!/usr/bin/env bash
# msmtp submits the corpus over 465: TLS that it verifies, AUTH.
command -v msmtp >/dev/null || { echo 'skipped: msmtp is not installed' && exit 77; }
# shellcheck source=tests/support/own_network.sh
source "$1/tests/support/own_network.sh"
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
# shellcheck source=tests/support/mail_host.sh
source "$1/tests/support/mail_host.sh"
# shellcheck source=tests/support/peer_pair.sh
source "$1/tests/support/peer_pair.sh"

make_pair
submits_by_mx "$sink_port"
start_host ours
cannot address 'msmtp 1.8 has no SMTPUTF8'
cannot plain 'mailstackd takes no message without From from users (RFC 6409 8.1)'
by_command msmtp --host=mx.example.org "--port=${submissions[ours]}" --tls=on --tls-starttls=off \
  "--tls-trust-file=$work/ours/conf/certs/mx.example.org/fullchain.pem" --auth=plain --user=alice@example.org '--passwordeval=echo secret' \
  --domain=msmtp.example --set-from-header=off --set-date-header=off --set-msgid-header=off '--from={from}' -- '{to}'
compare_corpus
finish
