#!/usr/bin/env bash
# The corpus by Debian's chasquid to mailstackd, which hands it on.
# shellcheck source=tests/support/peers.sh
source "$1/tests/support/peers.sh"
command -v chasquid >/dev/null || { echo 'skipped: chasquid is not installed' && exit 77; }
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
submits_by_mx 0
make_host theirs example.org
read -r other_port peer_port < <(free_ports 2)
start_chasquid "$work/theirs/conf" "$other_port" "$peer_port" "${smtp[ours]}" 'hostname: "mx.example.org"'
at_exit+=(stop_chasquid)
listens "$peer_port" || give_up 'chasquid does not listen' theirs/conf/start

cannot bodiless 'chasquid refuses a header section without an end'
send_corpus "$peer_port" alice@example.org
compare_corpus
finish
