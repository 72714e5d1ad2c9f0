#!/usr/bin/env bash
# Debian's Postfix hands the corpus to mailstackd, which hands it on.
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
ours 'trusted_networks: [127.0.0.0/8]' "smarthost: {host: 127.0.0.1, port: $sink_port, tls: never}"
start_host ours
peer_port=$(free_ports 1)
start_postfix "$work/postfix" "$peer_port" "relayhost = [127.0.0.1]:${smtp[ours]}" 'local_header_rewrite_clients =' \
  'message_size_limit = 52428800' 'smtp_tls_security_level = may' 'smtputf8_enable = yes' 'smtp_destination_concurrency_limit = 20' ||
  give_up 'Postfix does not start' postfix/log
at_exit+=(stop_postfix)
listens "$peer_port" || give_up 'Postfix does not listen' postfix/log

changes 'folded=long' # smtp_line_length_limit
send_corpus "$peer_port"
compare_corpus
finish
