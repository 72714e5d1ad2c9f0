#!/usr/bin/env bash
# swaks submits the corpus over 587: STARTTLS, AUTH.
# shellcheck source=tests/support/own_network.sh
source "$1/tests/support/own_network.sh"
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
# shellcheck source=tests/support/mail_host.sh
source "$1/tests/support/mail_host.sh"
# shellcheck source=tests/support/peer_pair.sh
source "$1/tests/support/peer_pair.sh"

make_pair
submits_by_mx
start_host ours
cannot address 'swaks 20201014 has no SMTPUTF8'
cannot plain 'mailstackd takes no message without From from users (RFC 6409 8.1)'
# What swaks takes for a message ends in a line of one dot, or has an end of line too many.
mkdir ended
for file in corpus/*.eml; do cat "$file" - <<<. >"ended/${file#corpus/}"; done
by_command swaks --server "127.0.0.1:${submission[ours]}" --tls --auth LOGIN --auth-user alice@example.org --auth-password secret --silent 2 \
  --from '{from}' --to '{to}' --data '@ended/{number}.eml'
compare_corpus
finish
