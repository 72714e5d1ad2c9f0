#!/usr/bin/env bash
# What a first user broke by hand, and what must not happen then.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"

small_manifest
run apply --yes
expect 0
echo 'theirs 300 IN A 198.51.100.7' >>zones/example.org.zone

# A zone file that is away (a mount that is missing) is not begun anew: all foreign records would be lost.
mv zones away
run plan
expect 4
says 'is empty, but held records of ours'
run reconcile --yes
expect 4
[[ ! -e zones/example.org.zone ]] || fail 'a zone was begun anew'
mv away zones
run reconcile --yes
expect 0
holds zones/example.org.zone 'theirs 300 IN A 198.51.100.7'

# An include cannot show what stands in another place.
echo root:SECRETHASHLINE:1:2:: >"$work/fakeshadow"
mkdir inner
sed "1a include: [../fakeshadow]" mailstack.yaml >inner/mailstack.yaml
run validate --manifest inner/mailstack.yaml
expect 3
says 'include-outside'
silent 'SECRETHASHLINE'
sed "1a include: [$work/fakeshadow]" mailstack.yaml >inner/mailstack.yaml
run validate --manifest inner/mailstack.yaml
expect 3
silent 'SECRETHASHLINE'

# A user's name is no path.
run user add '../../etc@example.org' --no-password
expect 3

# A domain that merely vanished is a hazard, also where the zone of its name stays.
cp mailstack.yaml whole.yaml
sed -i '/^domains:/,$d' mailstack.yaml
run plan
says 'domain'
run apply --yes --allow deletes --allow mx --allow spf --allow user --allow dkim
expect 5
says '--allow domain'
cp whole.yaml mailstack.yaml

# Ten addresses that one replaces are nine deletions.
for i in 1 2 3 4 5 6 7 8 9; do sed -i "s/^        www 300 IN A 203.0.113.80/        many 300 IN A 198.51.100.$i\n&/" mailstack.yaml; done
run apply --yes
expect 0
sed -i '/^        many/d; s/^        www 300 IN A/        many 300 IN A 198.51.100.77\n&/' mailstack.yaml
run apply --yes
expect 5
says '--allow deletes'
run apply --yes --allow deletes
expect 0

# A domain that goes together with its zone, which nothing else names: its records are removed where they stand, and
# the hazards are those of any domain. What came first, its mail or its records, is not left alone with the other.
cp mailstack.yaml alone.yaml
cat >>mailstack.yaml <<'YAML'
  second.example: {catch_all: me@example.net, dkim: {algorithms: []}}
YAML
run apply --yes
expect 0
holds zones/second.example.zone 'MX'
cp alone.yaml mailstack.yaml
run apply --yes --allow domain --allow deletes --allow spf
expect 5
says '--allow mx'
run apply --yes --allow domain --allow deletes --allow spf --allow mx
expect 0
silent 'no provider holds it'
if grep -q 'MX\|v=spf1\|v=DMARC1' zones/second.example.zone; then fail 'records of the domain were left'; fi
run plan --detailed-exitcode
expect 0

# A password that was written once is not written over.
run user add gen@example.org --generate --reveal-to gen.txt
expect 0
first=$(<gen.txt)
run user add gen2@example.org --generate --reveal-to gen.txt
expect 3
[[ $(<gen.txt) == "$first" ]] || fail 'the first password is lost'
if grep -q gen2 mailstack.yaml; then fail 'the user was added without a password'; fi
finish
