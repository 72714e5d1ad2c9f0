#!/usr/bin/env bash
# The corpus, submitted to mailstackd, which hands it to the MX, Debian's Exim; that hands it on.
# shellcheck source=tests/support/peers.sh
source "$1/tests/support/peers.sh"
unpack_peer "$2/peers" exim exim4-daemon-light || { echo 'skipped: Exim cannot be fetched' && exit 77; }
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
self_signed mx.there.example exim
start_exim "$work/exim" "$peer_port" "$sink_port" || give_up 'Exim does not start' exim/start
at_exit+=(stop_exim)
listens "$peer_port" || give_up 'Exim does not listen' exim/start

cannot plain 'mailstackd takes no message without From from users (RFC 6409 8.1)'
send_corpus "${submission[ours]}" alice@example.org
compare_corpus
# Exim, a third opinion on the signatures. It takes a NUL for the end of a line's text, and does not look at lines beyond 16 KiB.
out=$(awk '/DKIM: d=example.org .*verification succeeded/ {good[$3]++}
  $4 == "=>" {number[$3] = substr($5, 1, 4)}
  END {for (id in number) if (good[id] != 2) print number[id]; else count++; print count + 0, "good by Exim"}' exim/mainlog)
if grep -qvE '^(m06[4-8]|m094)$|^[1-9][0-9]* good by' <<<"$out"; then fail 'Exim should find both signatures good'; fi
echo "messages with both signatures $(tail -n 1 <<<"$out")"
finish
