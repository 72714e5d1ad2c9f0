#!/usr/bin/env bash
# init, users and aliases: what a person types ends up in the manifest, in place, and on the host.
# shellcheck disable=SC2016  # dollars and backticks are meant as they stand
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"

run init example.org
expect 0
says 'mailstack user add NAME@example.org'
[[ -d .git && -s mailstack.schema.json ]] || fail 'init makes a repository and the schema'
run init example.org
expect 3
says 'left as it is'
# The manifest as it stands is right.
run validate
expect 0
silent 'warning'

run user add app@example.org --generate --reveal-to password.txt
expect 0
silent "$(<password.txt)"
[[ $(stat -c %a password.txt) == 600 ]] || fail 'the password must be closed to others'
[[ $(stat -c %a secrets/app@example.org) == 600 ]] || fail 'the hash must be closed to others'
holds secrets/app@example.org '$scrypt$'
holds mailstack.yaml 'hash_file: secrets/app@example.org'
run user add app@example.org --generate --reveal-to password.txt
expect 3
says 'exists'
run user add me@example.org # nobody to ask, nothing written
expect 3
run user add me@example.org --generate # no terminal to show it on
expect 3
says '--reveal-to'
run user add rx@example.org --no-password
expect 0
run user add ci@example.org --credential ci-password
expect 0
holds mailstack.yaml 'credential: ci-password'
# A referenced password is not turned into a hash behind the back of who uses the reference.
run user passwd ci@example.org --generate --reveal-to other.txt
expect 3
says 'comes from {credential: ci-password}: change it there'
[[ ! -e other.txt && ! -e secrets/ci@example.org ]] || fail 'a refused passwd writes nothing'
holds mailstack.yaml 'credential: ci-password'
run user remove ci@example.org
expect 0
silent 'old hash'
# Only `add` has --credential: what is no way out is not named.
cp mailstack.yaml before.yaml
run user add who@example.org
expect 3
says '--credential NAME'
run user passwd app@example.org
expect 3
says '--generate --reveal-to FILE'
silent '--credential'
cmp -s mailstack.yaml before.yaml || fail 'a refused password was an edit'
run user add brief@example.org --generate --reveal-to brief.txt
expect 0
run user remove brief@example.org
expect 0
says 'The old hash stays in secrets/brief@example.org'
rm secrets/brief@example.org brief.txt
run alias add team@example.org rx bob@example.net
expect 0
run alias add '*@example.org' me@example.net
expect 0
# What validate would refuse is refused before it is written.
run alias add here@example.org there
expect 0
cp mailstack.yaml before.yaml
# `there` is nobody, which the catch-all makes a warning: without it the manifest would be refused.
run alias remove '*@example.org'
expect 3
cmp -s mailstack.yaml before.yaml || fail 'an edit was kept that validate refuses'
run alias add there@example.org here
expect 3
says 'error[alias-loop]'
says 'nothing was changed'
cmp -s mailstack.yaml before.yaml || fail 'a refused alias is not written'
run alias remove here@example.org
expect 0
rm before.yaml
# What an edit leaves dangling is said, where the catch-all keeps it from being refused.
run user add ben@example.org --no-password
expect 0
run alias add crew@example.org rx ben
expect 0
silent 'unknown-recipient'
run user remove ben@example.org
expect 0
says 'warning[unknown-recipient]: `ben` is neither a user nor an alias of example.org'
says 'removed in mailstack.yaml'
run alias remove crew@example.org
expect 0
silent 'unknown-recipient'
# Every comment of the file that init wrote is still there.
holds mailstack.yaml '# The machine'"'"'s own name'
run validate
expect 0

run apply --yes
expect 0
out=$("$mailstack" user check app@example.org --root root <password.txt 2>&1) code=$?
expect 0
out=$(echo wrong | "$mailstack" user check app@example.org --root root 2>&1) code=$?
expect 1
run alias resolve team@example.org
expect 0
says 'rx@example.org'
says 'bob@example.net'
users=root/etc/mailstackd/domains/example.org/users
cp "$users" users.kept && echo '}{' >>"$users"
run alias resolve team@example.org
expect 4
out=$("$mailstack" user check app@example.org --root root <password.txt 2>&1) code=$?
expect 4
cp users.kept "$users"
run alias resolve whoever@example.org
expect 0
says 'me@example.net'

# Another password: the old one ends with the next apply.
mv password.txt old.txt
run user passwd app@example.org --generate --reveal-to password.txt
expect 0
run plan
says '~ user app@example.org'
run apply --yes
expect 0
out=$("$mailstack" user check app@example.org --root root <old.txt 2>&1) code=$?
expect 1
out=$("$mailstack" user check app@example.org --root root <password.txt 2>&1) code=$?
expect 0

# A password that could not be written down must not be set: nothing is changed before the file is there.
cp mailstack.yaml before.yaml && cp secrets/app@example.org before.hash
run user passwd app@example.org --generate --reveal-to nowhere/password.txt
expect 1
says 'nothing was changed'
cmp -s mailstack.yaml before.yaml || fail 'the manifest was changed'
cmp -s "secrets/app@example.org" before.hash || fail 'the hash was changed'
run user passwd nobody@example.org --generate --reveal-to left.txt
[[ $code != 0 && ! -e left.txt ]] || fail 'an empty file was left'
run user add both@example.org --credential n --generate --reveal-to zz
expect 3
says '--credential'
[[ ! -e zz ]] || fail 'zz was written'
run user add both@example.org --no-password --generate
expect 3

run user disable rx@example.org
expect 0
run alias remove team@example.org
expect 0
run apply --yes
expect 0
run user remove rx@example.org
expect 0
run apply --yes
expect 5
says '--allow user'
run apply --yes --allow user
expect 0

run history app@example.org
expect 0
says '* user passwd app@example.org'
says '+ user app@example.org'

# No hash and no password anywhere but where they belong.
for secret in $(<password.txt) $(<old.txt) "$(cut -d'$' -f5 secrets/app@example.org)"; do
  if grep -rqF -- "$secret" state || git log -p mailstack/mx1 | grep -qF -- "$secret"; then fail 'a secret got away'; fi
done
finish
