#!/usr/bin/env bash
# Everything that touches what several threads share, at the same time: relayed mail, submission under TLS with right and wrong passwords
# and signatures, reloads by signal, socket and changed files, the queue's commands, metrics and health. Nothing is lost, and each stop, in
# the middle of it too, is clean. Under TSan (`./dev threads`) the same shows races. MAILSTACK_BUSY_SECONDS=120 is the long form.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
# shellcheck source=tests/support/mail_host.sh
source "$1/tests/support/mail_host.sh"
seconds=${MAILSTACK_BUSY_SECONDS:-6}
stops=${MAILSTACK_BUSY_STOPS:-3}
marked=(python3 "$source_directory/tests/support/marked_mail.py")

name_server 0
"${marked[@]}" take sink-port marks --defer 0.2 &
started+=($!)
wait_for test -s sink-port || fail 'the sink does not start'
# A password takes long enough for a stop to come while one is looked at.
make_host ours example.org 14
publish_key ours example.org s1
read -r monitoring < <(free_ports 1)
users=ours/conf/domains/example.org/users
cat >>ours/conf/mailstackd.yaml <<YAML
monitoring_address: 127.0.0.1:$monitoring
trusted_networks: [127.0.0.0/8]
smarthost: {host: 127.0.0.1, port: $(<sink-port), tls: never}
limits: {messages: 100000, commands: 100000, per_address: 10000, per_address_rate: 1000000, per_address_errors: 1000000, errors: 1000, per_user: 1000000}
queue: {retry: {first: 1s, max: 2s}, host_backoff: {first: 1s, max: 1s}}
YAML

ask() { "$mailstackd" "$@" --config ours/conf >/dev/null 2>&1; }

# Each of these goes on until the file `over` is there.
reloads() {
  until [[ -e over ]]; do
    [[ ! -s pid ]] || kill -HUP "$(<pid)" 2>/dev/null
    ask reload
    # What is bad now, and good again.
    echo 'users {' >>"$users" && ask reload
    cp users.good users.new && mv users.new "$users"
    ask reload
    sleep 0.1
  done
}
commands() {
  until [[ -e over ]]; do
    for words in 'list' 'hold --older-than 0s' 'stats' 'release --all' 'flush' 'list --format json' \
      'remove --recipient gone@*' 'remove --recipient back@* --bounce'; do
      # shellcheck disable=SC2086  # words
      ask queue $words
    done
    ask status
  done
}
scrapes() {
  until [[ -e over ]]; do
    curl -s --max-time 20 "http://127.0.0.1:$monitoring/"{metrics,healthz,readyz} >/dev/null
    ask metrics
  done
}

cp "$users" users.good
"${marked[@]}" send "${smtp[ours]}" marks --connections 8 --rate 200 >relayed &
load=("$!")
# Their removal from the queue is what they are for: they have no marks.
for recipient in gone back; do
  "${marked[@]}" send "${smtp[ours]}" not-counted --connections 2 --rate 40 --recipient "$recipient@sink.example" >/dev/null &
  load+=("$!")
done
python3 "$source_directory/tests/support/many_logins.py" "${submissions[ours]}" marks >submitted &
load+=("$!")
for task in reloads commands scrapes; do $task & load+=("$!"); done
started+=("${load[@]}")

begin() { start_host ours && echo "${host_pid[ours]}" >pid; }
for ((i = 0; i < stops && failures == 0; i++)); do
  begin
  sleep "$((seconds / stops))"
  # Every second one is asked twice: it waits for nobody.
  ((i % 2 == 0)) || { kill -TERM "${host_pid[ours]}" && sleep 0.05; }
  stop_host ours
  expect 0
done
begin
touch over
kill "${load[@]:0:4}"
wait "${load[@]}"
cp users.good "$users"
ask queue release --all
for ((i = 0; i < 80; i++)); do
  ask queue flush
  "${marked[@]}" count marks >/dev/null && break
  sleep 0.5
done
out="$("${marked[@]}" count marks), $(tail -n 1 submitted)"
"${marked[@]}" count marks >/dev/null
code=$?
expect 0
[[ $out =~ [1-9][0-9]*' were let in, '[1-9][0-9]*' refused' ]] || fail 'logins should succeed and fail'
curl -s "http://127.0.0.1:$monitoring/metrics" >page
grep -q '^mailstackd_' page || fail 'metrics should be there'
stop_host ours
expect 0
echo "$out"
finish
