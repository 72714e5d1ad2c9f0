#!/usr/bin/env bash
# mailstackd is killed in the middle of a load, again and again: what it acknowledged with 250 arrives. How often something arrives twice is
# printed. MAILSTACK_KILL_ROUNDS=200 is the long form.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
# shellcheck source=tests/support/mail_host.sh
source "$1/tests/support/mail_host.sh"
# shellcheck source=tests/support/marked_mail.sh
source "$1/tests/support/marked_mail.sh"
rounds=${MAILSTACK_KILL_ROUNDS:-20}

marked_sink marks --defer 0.05 --refuse 0.02
relay_host ours "$port"

"${marked[@]}" send "${smtp[ours]}" marks --connections 16 --rate 600 >load.out &
load=$!
begun=$SECONDS
for ((i = 0; i < rounds && failures == 0; i++)); do
  start_relay ours
  sleep "0.$(printf '%02d' $((RANDOM % 50 + 5)))"
  stop_host ours KILL
done
ended=$((SECONDS - begun))
start_relay ours
kill "$load"
wait "$load"
all_came || true # what is missing is counted
out=$(marked count marks)
code=$?
expect 0
echo "$rounds times kill -9 in $ended s: $out; $(tail -n 1 load.out)"
finish
