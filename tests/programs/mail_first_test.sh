#!/usr/bin/env bash
# A mail from submission to another host: brought under TLS with a password, kept, signed by the key that is published, delivered by MX.
# What is queued survives kill -9; a stop is clean.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
# shellcheck source=tests/support/mail_host.sh
source "$1/tests/support/mail_host.sh"

name_server 0
sink inbox
cat >>records <<DNS
example.net MX 10 mx.example.net
mx.example.net A 127.0.0.1
DNS
make_host ours example.org
publish_key ours example.org s1
printf 'delivery: {port: %s}\nqueue: {retry: {first: 1s, max: 2s}, host_backoff: {first: 1s, max: 1s}}\n' "$port" >>ours/conf/mailstackd.yaml
start_host ours

submit ours --auth-user alice@example.org --from alice@example.org --to bob@example.net --header 'Subject: first'
expect 0
wait_for has_files inbox 1 || fail 'the mail should arrive'
holds inbox/1.eml 'Subject: first'
holds inbox/1.envelope '"from": "alice@example.org"'
if /usr/bin/python3 -c 'import dkim' 2>/dev/null; then
  out=$(/usr/bin/python3 "$source_directory/tests/support/dkim_verify.py" "s1=ours/conf/domains/example.org/dkim:s1.pem" <inbox/1.eml 2>&1)
  [[ $out == 's1 rsa-sha256 good' ]] || fail 'the signature should verify'
fi
if grep -q 127.0.0.1 inbox/1.eml; then fail 'a user'\''s address is nobody'\''s business'; fi

# Who is refused, and how.
submit ours --auth-user alice@example.org --auth-password wrong --from alice@example.org --to bob@example.net
[[ $out == *'535 5.7.8'* ]] || fail 'a wrong password'
submit ours --auth-user alice@example.org --from carol@example.org --to bob@example.net
[[ $out == *'553 5.7.1'* ]] || fail 'the address of another'
out=$(swaks --server "127.0.0.1:${smtp[ours]}" --from eve@example.com --to bob@example.net 2>&1)
[[ $out == *'550 5.7.1'* ]] || fail 'no open relay'
out=$(swaks --server "127.0.0.1:${smtp[ours]}" --from alice@example.org --to alice@example.org 2>&1)
[[ $out == *'550 5.7.1'* ]] || fail 'a stranger who calls himself alice'

# The hook: its fields are put on top, and it may refuse.
mkdir -p ours/conf/hooks
cat >ours/conf/hooks/post-data <<'SH'
#!/bin/sh
echo traced >&2
if grep -q 'Subject: bad'; then
  echo 'not with that subject'
  exit 20
fi
echo "X-Seen: $AUTH_AS $MAIL_FROM $RCPT_TO"
SH
chmod 755 ours/conf/hooks/post-data
kill -HUP "${host_pid[ours]}"
sleep 0.5
submit ours --auth-user alice@example.org --from alice@example.org --to bob@example.net --header 'Subject: bad'
[[ $out == *'554'*'not with that subject'* ]] || fail 'what the hook says is the reply'
submit ours --auth-user alice@example.org --from alice@example.org --to bob@example.net --header 'Subject: hooked'
expect 0
wait_for has_files inbox 2 || fail 'the mail should arrive'
holds inbox/2.eml 'X-Seen: alice@example.org alice@example.org bob@example.net'
# What it says with every message is told once.
(($(grep -c 'standard error: traced' ours/mail.log) == 1)) || fail 'a line of the hook for each message'
rm ours/conf/hooks/post-data

# kill -9 while the other side is gone: nothing is lost.
sed -i "s/delivery: {port: .*}/delivery: {port: 1}/" ours/conf/mailstackd.yaml
kill -HUP "${host_pid[ours]}"
sleep 0.5
submit ours --auth-user alice@example.org --from alice@example.org --to bob@example.net --header 'Subject: second'
expect 0
stop_host ours KILL
sed -i "s/delivery: {port: 1}/delivery: {port: $port}/" ours/conf/mailstackd.yaml
start_host ours
wait_for has_files inbox 3 || fail 'what was kept should arrive'
grep -q 'Subject: second' inbox/*.eml || fail 'the second mail'

# A stop waits for the message that is being brought; asked twice, it does not, and is as clean.
exec 4<>"/dev/tcp/127.0.0.1/${smtp[ours]}"
printf 'EHLO x.example\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\n' >&4
sleep 0.3
kill -TERM "${host_pid[ours]}"
sleep 0.3
kill -0 "${host_pid[ours]}" 2>/dev/null || fail 'a session is under way'
out=$("$mailstackd" reload --config "$work/ours/conf" 2>&1)
code=$?
expect 3
says 'is stopping'
out=$(tail -n 1 ours/mail.log)
silent 'reloaded'
stop_host ours
expect 0
exec 4>&-
start_host ours
# Who connects to 465 and says nothing holds nobody up.
exec 4<>"/dev/tcp/127.0.0.1/${submissions[ours]}"
sleep 0.3
begun=$SECONDS
stop_host ours
expect 0
((SECONDS - begun < 10)) || fail "the stop took $((SECONDS - begun)) s"
exec 4>&-
out=$(<ours/out)
((failures == 0))
