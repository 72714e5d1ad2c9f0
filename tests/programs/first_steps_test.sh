#!/usr/bin/env bash
# From a manifest to a repaired record, as a person does it.
# shellcheck disable=SC2016  # dollars and backticks are meant as they stand
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"

small_manifest
git init -q .
commit "the manifest"

# What is wrong is said with its place; nothing else is needed to find it.
sed 's/fqdn/fqnd/' mailstack.yaml >wrong.yaml
run validate --manifest wrong.yaml
expect 3
says 'wrong.yaml:3:9: error[unknown-key]'
says 'fqdn'
run validate
expect 0
says 'is valid'

# A plan changes nothing.
run plan
expect 0
says '+ MX example.org 10 smtp.example.org.'
says '(mailstack.yaml:'
says 'Plan: '
[[ ! -e zones ]] || fail 'a plan wrote the zone'
[[ ! -e root/etc ]] || fail 'a plan wrote the host'
run plan --detailed-exitcode
expect 2

run apply --yes
expect 0
says '0 failed'
holds zones/example.org.zone 'smtp.example.org'
holds root/etc/mailstackd/domains/example.org/aliases 'me@example.net'
[[ -n $(find root -name 'dkim:*.pem') ]] || fail 'no DKIM key for the daemon'

# The second plan is empty, and an apply of it writes nothing, not even a record of it.
run plan --detailed-exitcode
expect 0
says 'Plan: 0 to add, 0 to change, 0 to remove;'
before=$(cat state/journal.jsonl state/inventory.jsonl zones/*.zone | cksum)
run apply --yes
expect 0
[[ $before == $(cat state/journal.jsonl state/inventory.jsonl zones/*.zone | cksum) ]] || fail 'an empty apply wrote'

# A hand's edit is named, with both values and the two looks between which it came, and put back.
sed -i 's/203\.0\.113\.80/203.0.113.99/' zones/example.org.zone
run drift
expect 2
says '~ A www.example.org 203.0.113.[-80-]{+99+}'
says 'between '
run drift --format json
expect 2
says '"type": "A"'
run reconcile --yes
expect 0
holds zones/example.org.zone '203.0.113.80'
run drift
expect 0
says 'Drift: 0 changes'

# A new manifest waits for apply; reconcile says so and does its own work only.
sed -i 's/203\.0\.113\.80/203.0.113.81/' mailstack.yaml
commit "www moves"
run reconcile --yes
expect 0
says 'waits for `mailstack apply`'
holds zones/example.org.zone '203.0.113.80'
run plan
expect 0
says '~ A www.example.org 203.0.113.[-80-]{+81+}'
run apply --yes
expect 0
holds zones/example.org.zone '203.0.113.81'

run history www.example.org
expect 0
says '+ A www.example.org 203.0.113.80'
says 'was changed by hand'
says 'by reconcile'
run status
expect 0
says 'The manifest is the applied one.'
# What only changes the order of a run is no change of the records that wait for it.
cp mailstack.yaml kept.yaml
sed -i 's/203.0.113.10/203.0.113.11/' mailstack.yaml
run status
says 'Waits for `mailstack apply`: 0 new, 2 changed, 0 no longer asked for.'
run reconcile --yes
expect 0
says 'waits for `mailstack apply`: 2 changes'
cp kept.yaml mailstack.yaml && echo '# a remark' >>mailstack.yaml
run status
says 'The manifest was edited since, and asks for nothing else.'
cp kept.yaml mailstack.yaml
run records example.org
expect 0
says 'example.org. 300 IN MX 10 smtp.example.org.'
says 'v=DKIM1'

# The record of it all is a branch of its own; the checked-out one and the work tree are a person's.
[[ $(git branch --show-current) == main ]] || fail 'another branch is checked out'
[[ -z $(git status --porcelain mailstack.yaml) ]] || fail 'the work tree was touched'
git show mailstack/mx1:conf/etc/mailstackd/domains/example.org/aliases >/dev/null || fail 'no conf text on the branch'
if git log -p mailstack/mx1 | grep -qE 'PRIVATE KEY|\$scrypt\$'; then fail 'a secret was committed'; fi
finish
