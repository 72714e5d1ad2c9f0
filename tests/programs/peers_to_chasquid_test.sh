#!/usr/bin/env bash
# The corpus, submitted to mailstackd, which hands it to the MX, Debian's chasquid; that hands it to a program.
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
make_host theirs there.example
mkdir -p theirs/conf/domains/bücher.example
# It asks for names in the form of RFC 8265: narrow letters.
corpus_list | cut -f 3 | sed 's/\(.*\)@.*/users: { key: "\1" }/; s/ｆｕｌｌ/full/' | tee -a theirs/conf/domains/bücher.example/users >>theirs/conf/domains/there.example/users
# What it takes is kept as smtp_sink.py keeps it; chasquid hands over LF.
cat >take <<SH
#!/bin/sh
sed 's/\$/\r/' >"$work/arrived/\$1.eml"
printf '{"to": ["%s"]}' "\$1" >"$work/arrived/\$1.envelope"
SH
chmod 755 take
read -r peer_port other_port < <(free_ports 2)
start_chasquid "$work/theirs/conf" "$peer_port" "$other_port" 0 'hostname: "mx.there.example"' "mail_delivery_agent_bin: \"$work/take\"" \
  'mail_delivery_agent_args: "%to_user%"' 'suffix_separators: ""' 'drop_characters: ""'
at_exit+=(stop_chasquid)
listens "$peer_port" || give_up 'chasquid does not listen' theirs/conf/start
submits_by_mx "$peer_port"
start_host ours

adds Received-SPF
cannot plain 'mailstackd takes no message without From from users (RFC 6409 8.1)'
send_corpus "${submission[ours]}" alice@example.org
compare_corpus
finish
