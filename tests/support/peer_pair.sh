# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # person.sh and mail_host.sh set, the tests use
# A corpus of mail through mailstackd and another mail program, compared octet by octet at the end. Sourced after person.sh and
# mail_host.sh. PEER_MESSAGES says how many of the corpus's 200 messages go; all by default.
#
#   make_pair              a name server on port 53, the corpus in corpus/, a sink for what arrives in arrived/ (its port is
#                          $sink_port), a host `ours` of example.org whose keys s1 (RSA) and s2 (Ed25519) are published
#   ours LINE...           more lines for its mailstackd.yaml
#   submits_by_mx PORT     what is submitted goes to PORT (of the sink, of a peer) as to the MX of there.example
#   cannot TRAIT WHY       this peer does not carry messages with TRAIT (see mail_corpus.py); they are left out, and named
#   changes NAME=TRAITS    a change that is known of this pair (see peer_mail.py)
#   adds FIELD...          header fields that this pair puts on top
#   send_corpus PORT [USER]   by SMTP, octet by octet
#   give_up WHY [FILE]
#   by_command WORD...     by a program that is run for each (see peer_mail.py run)
#   corpus_list            FILE FROM TO of what this pair carries
#   compare_corpus         what arrived with what was sent; then the signatures of both keys on all of it, by dkimpy and OpenDKIM

if ! command -v opendkim-testmsg >/dev/null || ! /usr/bin/python3 -c 'import dkim, nacl' 2>/dev/null; then
  echo 'skipped: opendkim-tools or python3-dkim is not installed'
  exit 77
fi
peer_mail() { python3 "$source_directory/tests/support/peer_mail.py" "$@"; }
# What mailstackd itself changes in what is submitted: docs/policy.md.
without=() changed=(--changed 'empty line=bodiless' --changed 'bcc=bcc') added=(--adds Received --adds DKIM-Signature)

# The test ends here, with what stands in FILE.
give_up() {
  [[ -z ${2:-} ]] || out=$(tail -n 30 "$2")
  fail "$1"
  exit 1
}

make_pair() {
  chmod 755 "$work"
  name_server 53
  mkdir corpus
  python3 "$source_directory/tests/support/mail_corpus.py" corpus "${PEER_MESSAGES:-200}"
  sink arrived
  sink_port=$port
  make_host ours example.org
  openssl genpkey -algorithm ed25519 -out "ours/conf/domains/example.org/dkim:s2.pem" 2>/dev/null
  publish_key ours example.org s1
  publish_key ours example.org s2
  printf 'users:\n  alice: {send_as: ["*@example.org"]}\n' >ours/conf/domains/example.org/mailstackd.yaml
  ours 'limits: {messages: 100000, commands: 100000, per_address: 500, per_address_rate: 100000}'
}
ours() { printf '%s\n' "$@" >>ours/conf/mailstackd.yaml; }
submits_by_mx() {
  printf '%s\n' 'mx.example.org A 127.0.0.1' 'there.example MX 10 mx.there.example' 'mx.there.example A 127.0.0.1' \
    'xn--bcher-kva.example MX 10 mx.there.example' >>records
  ours "delivery: {port: $1}"
}

cannot() {
  without+=(--without "$1")
  echo "not brought: $1: $2"
}
changes() {
  local word
  for word in "$@"; do changed+=(--changed "$word"); done
}
adds() {
  local word
  for word in "$@"; do added+=(--adds "$word"); done
}
corpus_list() { peer_mail list corpus "${without[@]}"; }
send_corpus() {
  local place=127.0.0.1:$1
  out=$(peer_mail send corpus "$place" ${2:+--user "$2"} "${without[@]}")
  code=$?
  ((code == 0)) || give_up "$place should take all"
}
by_command() {
  out=$(peer_mail run corpus "${without[@]}" -- "$@")
  code=$?
  ((code == 0)) || give_up "$1 should bring all"
}
compare_corpus() {
  out=$(peer_mail compare corpus arrived "${without[@]}" "${changed[@]}" "${added[@]}")
  code=$?
  ((code == 0)) || fail 'what arrives is what was sent'
  tail -n 1 <<<"$out"
  local keys=ours/conf/domains/example.org/dkim
  out=$(/usr/bin/python3 "$source_directory/tests/support/dkim_arrived.py" arrived example.org "s1=$keys:s1.pem" "s2=$keys:s2.pem" 2>&1)
  code=$?
  ((code == 0)) || fail 'each signature is good'
  tail -n 1 <<<"$out"
}
