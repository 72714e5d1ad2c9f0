#!/usr/bin/env bash
# What `validate` says of a manifest that is wrong: everything at once, nothing that follows from it only, no secret, and at once.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"

small_manifest
run validate
expect 0

# A mistake of form in one place hides no rule in another.
cp mailstack.yaml whole.yaml
cat >>mailstack.yaml <<'YAML'
    dmarc: {text: "v=DMARC1; p=quarantined"}
  example.com: {catch_all: me@example.net, spf: {text: {"@": "v=spf2 mx"}}}
daemon: {limits: {message_size: big}}
YAML
run validate
expect 3
says 'wrong-type'
says 'dmarc-syntax'
says 'spf-syntax'
silent 'warning'
[[ $(grep -c '^  why: ' <<<"$out") == 3 ]] || fail 'each error says why'
[[ $(grep -c '^  fix: ' <<<"$out") == 3 ]] || fail 'each error says what to do'
run plan
expect 3
says 'dmarc-syntax'

# The same as JSON, and what has no JSON refuses it.
"$mailstack" validate --format json >problems.json 2>/dev/null
python3 -c '
import json, sys
document = json.load(open("problems.json"))
sys.exit(not (document["errors"] == 3 and all(one["remedy"] for one in document["diagnostics"])))' || fail 'three errors with remedies as JSON'
run user add new@example.org --no-password --format json
expect 3
says 'has no JSON'

# From a directory beside the manifest.
mkdir beside
(cd beside && "$mailstack" validate --manifest ../mailstack.yaml) >out 2>&1 && fail 'it has errors'
grep -q "^\.\./mailstack.yaml:" out || fail 'the path is shown as it was typed'

# What is no file of text is refused at once.
mkfifo pipe
for odd in /dev/zero pipe; do
  out=$(timeout 10 "$mailstack" validate --manifest "$odd" 2>&1) code=$?
  expect 3
  says 'not a regular file'
done
run validate --manifest .
expect 3
says 'directory'
says '--manifest ./mailstack.yaml'
truncate -s 20M huge.yaml
run validate --manifest huge.yaml
expect 3
says 'larger than 16 MiB'
{
  printf 'version: 1\na: '
  printf '[%.0s' {1..100000}
} >brackets.yaml
run validate --manifest brackets.yaml
expect 3
((${#out} < 5000)) || fail 'the quoted line should be cut'

# Names that are none.
for name in -x.example 1.2.3.4 x-.example a_b.example; do
  sed "s/^  example.org:$/  $name:/" whole.yaml >odd.yaml
  run validate --manifest odd.yaml
  expect 3
  says 'bad-domain'
  sed "s/smtp.example.org/$name/" whole.yaml >odd.yaml
  run validate --manifest odd.yaml
  expect 3
  says 'fqdn'
done
sed 's/^        www /        _odd-.x /' whole.yaml >odd.yaml
run validate --manifest odd.yaml
expect 0

# An include shows nothing of a file that was never meant as a manifest.
echo 'hunter2' >token
ln -s token link.yaml
mkdir d
ln -s ../token d/x.yaml
for pattern in token 'tok*' link.yaml 'd/*.yaml'; do
  sed "1a include: [\"$pattern\"]" whole.yaml >including.yaml
  run validate --manifest including.yaml
  expect 3
  says 'include-'
  silent 'hunter2'
done
finish
