#!/usr/bin/env bash
# What the commands say: nearest names, quiet runs, one count of changes, one line a blind zone, whose work it was.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"

small_manifest
printf 'state\nroot\nhome\nzones\n' >.gitignore
git init -q .
commit 'the manifest'

run valdate
expect 3
says 'Did you mean'
says 'validate'
out=$("$mailstack" --version 2>&1) code=$?
expect 0
says 'mailstack '

# --only that names nothing.
run apply --yes
expect 0
for command in plan drift 'apply --yes' 'reconcile --yes' status; do
  # shellcheck disable=SC2086  # two words
  run $command --only exampel.org
  expect 3
  says 'Did you mean example.org?'
  # shellcheck disable=SC2086
  run $command --only example.org
  expect 0
done

# Whose work it was: the commit, and that it is not the whole truth.
sed -i 's/203.0.113.80/203.0.113.81/' mailstack.yaml
run status
says ': 0 new, 1 changed, 0 no longer asked for.'
run plan
says 'Plan: 0 to add, 1 to change, 0 to remove'
run reconcile --yes
says '1 change of the manifest'
says '; 0 later; 0 blind; 1 waiting for apply.'
run apply --yes
expect 0
revision=$(git rev-parse --short=12 HEAD)
run status
says "from $revision with uncommitted changes"
# Where a command ends early, --format json still gives one document on standard output.
one_document() {
  out=$("$mailstack" "$@" --format json --state "$work/state" --root "$work/root" 2>/dev/null) code=$?
  expect 3
  python3 -c 'import json, sys; d = json.load(sys.stdin); sys.exit(d["errors"] < 1)' <<<"$out" || fail "no document: $*"
}
one_document explain nosuch
one_document plan --only nosuch
echo 'version: 2' >broken.yaml
for command in plan apply drift status; do one_document "$command" --manifest broken.yaml; done
run history nonsense
expect 3
says 'nothing is recorded of'
run history
says "by apply at $revision with uncommitted changes, run "
git log -1 --format=%B mailstack/mx1 | grep -q 'with uncommitted changes' || fail 'the branch should say so too'
commit 'another address'
run apply --yes
expect 0
run status
silent 'uncommitted'
says "from $(git rev-parse --short=12 HEAD)"
last=$(grep -o 'run [^ ]*$' <<<"$("$mailstack" history --state "$work/state")" | tail -1)
run history "${last#run }"
says "${last#run }"

# Quiet: nothing of what goes well, all of what does not.
run plan -q
expect 0
[[ $out == 'Plan: '* ]] || fail 'a quiet plan is its last line'
run apply --yes -q
expect 0
[[ -z $out ]] || fail 'a quiet apply that has nothing to do says nothing'
sed -i 's/www 300 IN A 203.0.113.81/www 300 IN A 203.0.113.81\n        hand 300 IN CNAME www/' mailstack.yaml
echo 'hand 300 IN A 198.51.100.7' >>zones/example.org.zone
run apply --yes -q
expect 5
says 'hand.example.org'
says 'Conflict: '
silent 'Plan: '
sed -i '/hand 300/d' mailstack.yaml

# A second SPF record is removed because it is a second one; ours has not vanished.
for purge in 'purge: all' 'purge: owned'; do
  sed -i "s/^      provider: local/      provider: local\n      $purge/" mailstack.yaml
  echo '@ 300 IN TXT "v=spf1 -all"' >>zones/example.org.zone
  run plan
  says '- TXT example.org "v=spf1 -all"'
  says 'appeared beside TXT example.org "v=spf1 mx ~all"'
  silent 'vanished'
  sed -i '/v=spf1 -all/d' zones/example.org.zone
  sed -i '/purge: /d' mailstack.yaml
done
run plan

# A blind zone is one line.
sed -i 's|{type: zonefile, directory: zones}|{type: powerdns, url: "http://127.0.0.1:9", key: {env: PDNS_KEY}}|' mailstack.yaml
export PDNS_KEY=key
run drift
[[ $(grep -c 'not seen' <<<"$out") == 1 ]] || fail 'one line for the one zone that is blind'
says 'resources depend on it'
run apply --yes -q
expect 4
says 'Blind'

# The way of an address, hop by hop.
small_manifest
sed -i 's/^    catch_all:.*/    aliases: {team: i, all: team}\n    catch_all: me@example.net/' mailstack.yaml
run apply --yes
expect 0
run alias resolve all@example.org
expect 0
says 'team@example.org'
says '=> i@example.org'
"$mailstack" alias resolve all@example.org --root "$work/root" --format json | python3 -c '
import json, sys
sys.exit(json.load(sys.stdin)["recipients"] != ["i@example.org"])' || fail 'recipients as JSON'
"$mailstack" records example.org --state "$work/state" --root "$work/root" --format json | python3 -c '
import json, sys
sys.exit(not any(one["type"] == "MX" for one in json.load(sys.stdin)["records"]))' || fail 'records as JSON'
# Every key of a manifest has a value in force.
for key in version safety.max_deletes hosts.mx1.fqdn domains.example.org.dkim.rotate dns.resolvers daemon.limits.message_size; do
  run explain "$key"
  expect 0
  says 'in force'
done
run plan --only ''
expect 3
says 'names nothing'
run explain domains.example.org.mta_sts
expect 0
says 'not supported yet'
"$mailstack" explain domains.example.org.spf.all --format json | python3 -m json.tool >/dev/null || fail 'explain as JSON'

# One spelling of one name.
sed -i 's/^domains:/domains:\n  bücher.example: {catch_all: me@example.net, users: {x: {}}}/' mailstack.yaml
run plan
says 'xn--bcher-kva.example (bücher.example)'
[[ $(grep -v '^  + folder' <<<"$out" | grep -c 'bücher') == 1 ]] || fail 'U-labels in the heading and in paths only'
run plan --only bücher.example
expect 0
says 'alias postmaster@xn--bcher-kva.example'
finish
