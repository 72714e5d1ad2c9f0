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
submits_by_mx "$sink_port"
start_host ours
cannot address 'swaks 20201014 has no SMTPUTF8'
cannot plain 'mailstackd takes no message without From from users (RFC 6409 8.1)'
cannot bodiless 'swaks takes the dot at the end for a field'
# What swaks takes for a message ends in a line of one dot, or has an end of line too many.
mkdir ended
python3 - corpus/*.eml <<'PY'
import sys
for name in sys.argv[1:]:
    octets = open(name, "rb").read()
    open(name.replace("corpus", "ended"), "wb").write(octets + (b".\r\n" if octets.endswith(b"\r\n") else b"\r\n.\r\n"))
PY
changes 'backslash n=*' # of --data
by_command swaks --server "127.0.0.1:${submission[ours]}" --tls --auth LOGIN --auth-user alice@example.org --auth-password secret --silent 2 \
  --from '{from}' --to '{to}' --data '@ended/{number}.eml'
compare_corpus
finish
