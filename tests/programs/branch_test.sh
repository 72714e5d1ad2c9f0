#!/usr/bin/env bash
# The applier's branch and the repository around the manifest: on bad days, and with two manifests.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"

small_manifest
echo -e 'state\nother\nroot\nzones\nhome\nbin' >.gitignore
git init -q .
commit 'the manifest'
run apply --yes
expect 0

# A commit that did not get through is made up for by the next run, though nothing else is to do.
sed -i 's/203.0.113.80/203.0.113.81/' mailstack.yaml
commit 'www moves'
touch .git/refs/heads/mailstack/mx1.lock
run apply --yes
expect 6
says 'applied, but not committed'
rm .git/refs/heads/mailstack/mx1.lock
if git show mailstack/mx1:inventory.jsonl | grep -q 203.0.113.81; then fail 'it was committed in spite of the lock'; fi
run apply --yes
expect 0
git show mailstack/mx1:inventory.jsonl | grep -q 203.0.113.81 || fail 'the missed commit was not made up for'
before=$(git rev-parse mailstack/mx1)
run apply --yes
[[ $(git rev-parse mailstack/mx1) == "$before" ]] || fail 'a run that does nothing commits something'

# Where git does not let us in, nobody knows whether the checkout is older than what was applied.
mkdir bin
cat >bin/git <<'SH'
#!/bin/sh
echo "fatal: detected dubious ownership in repository" >&2
exit 128
SH
chmod +x bin/git
PATH=$work/bin:$PATH run apply --yes
expect 1
says 'safe.directory'
says 'cannot be seen'
[[ $(grep -o safe.directory <<<"$out" | wc -l) == 1 ]] || fail 'the remedy is said twice'
rm -r bin

# The same where git is not there; and a repair that cannot be committed is committed by the next run.
PATH=/nonexistent run apply --yes
expect 1
says 'git is not installed'
sed -i '/www/d' zones/example.org.zone
mv .git/HEAD head
run reconcile --yes
expect 6
says 'applied, but not committed'
mv head .git/HEAD
before=$(git rev-parse mailstack/mx1)
run apply --yes
expect 0
[[ $(git rev-parse mailstack/mx1) != "$before" ]] || fail 'the missed commit was not made up for'

# Without a repository it goes on, says so, and does not forget what was applied.
old=$(git rev-parse HEAD~1)
mv .git away
run apply --yes
expect 0
says 'cannot see whether this manifest is older'
mv away .git
git checkout -q "$old"
run plan
expect 0
# shellcheck disable=SC2016  # said with backticks
says '`mailstack apply` will refuse this: the checkout'
run apply --yes
expect 9
git checkout -q main

# A state and a branch belong to one manifest each; one that was renamed is the same.
cp mailstack.yaml second.yaml
run apply --yes --manifest second.yaml
expect 3
says "is that of the manifest $work/mailstack.yaml"
mkdir elsewhere
cp mailstack.yaml elsewhere/
git init -q elsewhere
for command in apply plan drift status; do
  run "$command" --manifest elsewhere/mailstack.yaml
  expect 3
  says "is that of the manifest $work/mailstack.yaml"
done
rm -r elsewhere
out=$("$mailstack" apply --yes --manifest second.yaml --state other --root root 2>&1)
code=$?
expect 3
says 'records the manifest mailstack.yaml'
rm mailstack.yaml
run apply --yes --manifest second.yaml
expect 0

# An apply of a part binds the state, too.
rm -rf state zones root
run apply --yes --only 'dns_record/*' --manifest second.yaml
expect 0
cp second.yaml third.yaml
run apply --yes --manifest third.yaml
expect 3
finish
