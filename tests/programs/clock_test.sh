#!/usr/bin/env bash
# A clock that jumped is not believed, neither at the first run after the jump nor at the next ones, until it is allowed by name.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"

if ! command -v faketime >/dev/null; then
  echo "skipped: faketime is not installed"
  exit 77
fi

# at DATE WORDS...: the program at another time.
at() {
  local date=$1
  shift
  out=$(faketime "$date" "$mailstack" "$@" --state "$work/state" --root "$work/root" </dev/null 2>&1)
  code=$?
}

small_manifest
at '2027-01-10 12:00:00' apply --yes
expect 0
cp -r zones before

# What leaves after its successor is due like the rest.
whole=$work
mkdir "$whole/rotated" && work=$whole/rotated && cd rotated || exit 1
small_manifest
at '2027-06-01 12:00:00' apply --yes
for day in 2027-06-10 2027-06-30; do
  at "$day 12:00:00" reconcile --yes
  expect 0
done
at '2027-06-30 12:00:00' status
# The faked clock runs on: what is due a fortnight after a run's time may be due some seconds past the hour.
grep -qE '^  2027-07-14T12:00:..Z  TXT 202612r\._domainkey\.example\.org \(dkim\) leaves: its successor is DKIM key 202706r' <<<"$out" ||
  fail 'what leaves after its successor should be due on 2027-07-14'
at '2027-07-14 12:01:00' reconcile --yes
at '2027-07-14 12:01:00' status
silent ' leaves'
work=$whole
cd "$work" && rm -r rotated

# Two years ahead: twice in a row, and a look in between does not disarm it.
for _ in 1 2; do
  at '2029-01-10 12:00:00' plan
  says '--allow clock'
  at '2029-01-10 12:00:00' reconcile --yes
  expect 5
  says 'clock'
done
diff -r before zones >/dev/null || fail 'a disbelieved clock changed a zone'

# Back before the last run.
at '2026-12-01 12:00:00' reconcile --yes
expect 5
at '2026-12-01 12:00:00' reconcile --yes
expect 5

# What is broken then is named all the same, and the look is not kept.
cp -r zones whole
sed -i '/_dmarc/d' zones/example.org.zone
at '2026-12-01 12:00:00' drift
expect 2
says '_dmarc.example.org'
says 'the clock stands before the last run'
rm -r zones && mv whole zones
at '2026-12-01 12:00:00' drift
expect 0
says 'the clock stands before the last run'

# Ten minutes of a clock that is set are nothing.
at '2027-01-10 11:55:00' reconcile --yes
expect 0

# The person says that the clock is right.
at '2029-01-10 12:00:00' reconcile --yes --allow clock
expect 0
at '2029-01-10 12:05:00' reconcile --yes
expect 0
finish
