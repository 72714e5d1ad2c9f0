#!/usr/bin/env bash
# A person types passwords: nothing of them is shown, a short or mistyped one is not taken.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"

# type_in PROMPT=ANSWER... -- WORDS...: the program on a terminal.
type_in() {
  local turns=()
  while [[ $1 != -- ]]; do turns+=("$1") && shift; done
  shift
  out=$(python3 "$source_directory/tests/support/terminal.py" "${turns[@]}" -- "$mailstack" "$@" 2>&1)
  code=$?
}

small_manifest
cp mailstack.yaml before.yaml
type_in 'Password for a@example.org: =short' -- user add a@example.org
expect 3
says 'fewer than 8 characters'
silent 'short'
type_in 'Password for a@example.org: =correct horse' 'Again: =correct hose' -- user add a@example.org
expect 3
says 'differ'
cmp -s mailstack.yaml before.yaml || fail 'the manifest was changed'

# Ctrl-C (a shell says 130).
type_in $'Password for a@example.org: =\x03' -- user add a@example.org
expect 254
cmp -s mailstack.yaml before.yaml || fail 'the manifest was changed by an interrupted edit'

type_in 'Password for a@example.org: =correct horse' 'Again: =correct horse' -- user add a@example.org
expect 0
silent 'correct horse'
run apply --yes
expect 0
where=(--root "$work/root" --state "$work/state")
type_in 'Password=correct horse' -- user check a@example.org "${where[@]}"
expect 0
type_in 'Password=wrong horse' -- user check a@example.org "${where[@]}"
[[ $code != 0 ]] || fail 'a wrong password was accepted'
if grep -rq 'correct horse' .; then fail 'the password stands in a file'; fi
finish
