#!/usr/bin/env bash
# Clients that are slow, endless or deaf, against mailstackd: each ends with its reply, memory stays where it was, and mail of others goes through
# meanwhile. MAILSTACK_GARBAGE=1073741824 is the long form: as many octets of each kind.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
# shellcheck source=tests/support/mail_host.sh
source "$1/tests/support/mail_host.sh"
# shellcheck source=tests/support/marked_mail.sh
source "$1/tests/support/marked_mail.sh"
rude=(python3 "$source_directory/tests/support/rude_client.py")
octets=${MAILSTACK_GARBAGE:-$((32 << 20))}

marked_sink marks
relay_host ours "$port"
sed -i 's/^limits: .*/limits: {message: 4M, command_timeout: 3s, session_timeout: 6s, per_address: 1000, per_address_rate: 100000, per_address_errors: 100000}/' \
  ours/conf/mailstackd.yaml
start_relay ours
peak() { awk '/VmHWM/ {print $2}' "/proc/${host_pid[ours]}/status"; }
marked send "${smtp[ours]}" marks --messages 100 >/dev/null
before=$(peak)

# One octet a moment, or none: the first is cut when its session has lasted too long, the second when it was silent for too long.
"${rude[@]}" trickle "${smtp[ours]}" 0.3 20 >slow &
slow=$!
"${rude[@]}" trickle "${smtp[ours]}" 20 20 >silent &
silent=$!
marked send "${smtp[ours]}" marks --messages 200 --connections 4 >/dev/null
wait "$slow" "$silent"
out=$(cat slow silent)
[[ $(grep -c ' 421 4.4.2 ' <<<"$out") == 40 ]] || fail 'slow clients should be told 421'
awk '$1 < 5 || $1 > 18 {exit 1}' slow || fail 'who is slow may stay as long as a session may'
awk '$1 < 2.5 || $1 > 18 {exit 1}' silent || fail 'who is silent may not'

sed -i 's/session_timeout: 6s/session_timeout: 1h/' ours/conf/mailstackd.yaml
kill -HUP "${host_pid[ours]}"
sleep 0.5
declare -A reply=([line]=500 [binary]='421 4.7.0' [headers]='552 5.3.4' [body]='552 5.3.4' [deaf]='421 4.7.0')
for kind in line binary headers body deaf; do
  out=$("${rude[@]}" garbage "${smtp[ours]}" "$kind" "$octets")
  says "${reply[$kind]}"
  echo "$kind: $out; peak of memory $(peak) KiB"
done
# A message of the most that is taken, and its copies on the way to the disk.
(($(peak) - before < 24 * 1024)) || fail "memory went from $before to $(peak) KiB"

marked send "${smtp[ours]}" marks --messages 50 >/dev/null
all_came || fail 'mail of others should have come'
out=$(marked count marks)
stop_host ours
expect 0
echo "$out"
finish
