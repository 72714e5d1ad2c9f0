#!/usr/bin/env bash
# Every exit code by what a person meets it with.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"

fresh() { rm -rf zones state root .git && small_manifest && echo -e 'state\nroot\nzones\nhome' >.gitignore && git init -q . && commit "the manifest"; }

# 0 and usage.
run version
expect 0
says 'mailstack '
out=$("$mailstack" --help 2>&1) code=$?
expect 0
says 'Exit codes:'
says 'mailstack apply'
for word in migrate completion 'import zone x'; do
  silent "  $word "
  # shellcheck disable=SC2086
  out=$("$mailstack" $word 2>&1) code=$?
  expect 3
  says 'not supported yet'
done

# JSON is one document, whatever ends the run.
out=$("$mailstack" plan --format json --no-such-option 2>/dev/null) code=$?
expect 3
says '"code": "usage"'
says '--no-such-option'

# 1: what cannot be written was not said.
for words in version --help; do
  out=$("$mailstack" $words 2>&1 >/dev/full) code=$?
  expect 1
  says 'standard output cannot be written'
done

# 3: a wrong manifest, an option that is not built, a word that is none, nobody to ask.
fresh
run plan --format md
expect 3
says 'not supported yet'
run plan -o plan.json
expect 3
says 'not supported yet'
run apply plan.json
expect 3
says 'not supported yet'
run validate --online
expect 3
says 'not supported yet'
run apply --allow everything
expect 3
says 'is no hazard'
run frobnicate
expect 3
run plan --manifest nowhere.yaml
expect 3
says 'nowhere.yaml'
run apply
expect 3
says '--yes'
[[ ! -e zones ]] || fail 'an apply that could not ask wrote'
run apply --yes --as mx9
expect 3
says 'Did you mean mx1?'

# 5: asked on a terminal, a person says no; then yes.
ask() {
  out=$(echo "$1" | script -qec "$mailstack apply --state $work/state --root $work/root" /dev/null 2>&1)
  code=$?
}
ask n
expect 5
says 'Apply these changes? [y/N]'
says 'Nothing was changed.'
[[ ! -e zones ]] || fail 'declined, and written'
ask y
expect 0
[[ -e zones ]] || fail 'agreed to, and not written'

# 4: a provider that cannot be reached; what does not depend on it is applied all the same.
fresh
sed -i 's|{type: zonefile, directory: zones}|{type: powerdns, url: "http://127.0.0.1:9", key: {env: PDNS_KEY}}|' mailstack.yaml
run plan
expect 4
says 'PDNS_KEY'
export PDNS_KEY=secret-of-the-test
run plan
expect 4
says 'Blind'
says '127.0.0.1:9'
silent secret-of-the-test
run apply --yes
expect 4
[[ -e root/etc/mailstackd/domains/example.org/users ]] || fail 'what could be done was not done'
if grep -rq secret-of-the-test state root .git; then fail 'a credential was written'; fi

# 5: a hazard, a conflict.
fresh
run apply --yes
expect 0
sed -i '/users:/i\    receive: none' mailstack.yaml
commit "no mail any more"
run plan
expect 0
says '--allow mx'
run apply --yes
expect 5
says '--allow mx'
holds zones/example.org.zone 'MX'
run apply --yes --allow mx --allow spf --allow deletes
expect 0
if grep -q ' MX ' zones/example.org.zone; then fail 'the MX is still there'; fi

fresh
mkdir zones
cat >zones/example.org.zone <<'ZONE'
$ORIGIN example.org.
@ 3600 IN SOA ns1 hostmaster 1 3600 900 604800 300
@ 3600 IN NS ns1
@ 3600 IN TXT "v=spf1 -all"
@ 3600 IN TXT "somebody else's"
ZONE
run apply --yes
expect 5
says '--adopt'
run plan --detailed-exitcode # a conflict alone is not "in order"
expect 2
says '1 conflict'
says 'Plan: 0 to add, 0 to change, 0 to remove'
holds zones/example.org.zone 'v=spf1 -all'
holds zones/example.org.zone 'MX'
run apply --yes --adopt
expect 0
holds zones/example.org.zone 'v=spf1 mx ~all'
holds zones/example.org.zone "somebody else's"

# 4 again: the host's own files cannot be seen; the zone is written all the same, and the next apply converges.
# (6, a server that refuses one record, is in bad_servers_test.sh.)
fresh
mkdir root && ln -s etc root/etc # a link to itself
run apply --yes
expect 4
says 'Too many levels of symbolic links'
says '13 blind'
holds zones/example.org.zone 'MX'
rm root/etc
run apply --yes
expect 0
run plan --detailed-exitcode
expect 0

# 7: another run holds the lock, and is named; the lock goes with its process.
fresh
mkdir state
(
  exec 9>>state/lock
  flock -x 9
  echo "apply, since now, pid 1" >state/lock
  touch held
  exec sleep 60
) &
holder=$!
until [[ -e held ]]; do sleep 0.05; done
run apply --yes
expect 7
says 'apply, since now'
run plan
expect 0
kill "$holder" 2>/dev/null
wait "$holder" 2>/dev/null
run apply --yes
expect 0

# 9: an older checkout does not undo newer work.
fresh
run apply --yes
expect 0
old=$(git rev-parse HEAD)
sed -i 's/203\.0\.113\.80/203.0.113.81/' mailstack.yaml
commit "www moves"
run apply --yes
expect 0
git checkout -q "$old"
run apply --yes
expect 9
holds zones/example.org.zone '203.0.113.81'
git checkout -q main
run apply --yes
expect 0
finish
