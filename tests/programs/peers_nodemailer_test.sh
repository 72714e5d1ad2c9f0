#!/usr/bin/env bash
# nodemailer over 465: a mail as a web application composes it, signed by both keys at the other end, and the corpus.
export NODE_PATH=/usr/share/nodejs
node -e 'require("nodemailer")' 2>/dev/null || { echo 'skipped: nodemailer (Debian: node-nodemailer) is not installed' && exit 77; }
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
sed -i "s/:${submissions[ours]}\"/:465\"/" ours/conf/mailstackd.yaml
submissions[ours]=465
start_host ours

nodemailer() {
  out=$(node "$source_directory/tests/support/nodemailer_send.js" mx.example.org 465 alice@example.org "$@" 2>&1)
  code=$?
}
ca=ours/conf/certs/mx.example.org/fullchain.pem
nodemailer "$ca"
expect 0
wait_for has_files arrived 1 || fail 'the mail should arrive'
holds arrived/1.eml 'Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe_von_nodemailer?='
holds arrived/1.eml 'DKIM-Signature:'
holds arrived/1.envelope '"from": "alice@example.org", "to": ["bob@there.example"]'
nodemailer /etc/ssl/certs/ca-certificates.crt
[[ $code == 1 && $out == *certificate* ]] || fail 'nodemailer should refuse a certificate that it does not know'

cannot plain 'mailstackd takes no message without From from users (RFC 6409 8.1)'
corpus_list >list
nodemailer "$ca" list
((code == 0)) || give_up 'nodemailer should bring all'
compare_corpus
finish
