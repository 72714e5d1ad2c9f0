#!/usr/bin/env bash
# The corpus, submitted to mailstackd, which hands it to the MX, Debian's Postfix; that hands it on.
# shellcheck source=tests/support/peers.sh
source "$1/tests/support/peers.sh"
unpack_peer "$2/peers" postfix postfix || { echo 'skipped: Postfix cannot be fetched' && exit 77; }
# shellcheck source=tests/support/own_network.sh
source "$1/tests/support/own_network.sh"
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
# shellcheck source=tests/support/mail_host.sh
source "$1/tests/support/mail_host.sh"
# shellcheck source=tests/support/peer_pair.sh
source "$1/tests/support/peer_pair.sh"

make_pair
peer_port=$(free_ports 1)
submits_by_mx "$peer_port"
start_host ours
self_signed mx.there.example postfix
start_postfix "$work/postfix" "$peer_port" "relayhost = [127.0.0.1]:$sink_port" 'local_header_rewrite_clients =' \
  'message_size_limit = 52428800' 'smtputf8_enable = yes' 'smtp_line_length_limit = 0' 'smtp_tls_security_level = none' 'smtpd_tls_security_level = may' \
  "smtpd_tls_cert_file = $work/postfix/fullchain.pem" "smtpd_tls_key_file = $work/postfix/privkey.pem" 'smtpd_tls_received_header = yes' ||
  give_up 'Postfix does not start' postfix/log
at_exit+=(stop_postfix)
listens "$peer_port" || give_up 'Postfix does not listen' postfix/log

cannot plain 'mailstackd takes no message without From from users (RFC 6409 8.1)'
send_corpus "${submission[ours]}" alice@example.org
compare_corpus
finish
