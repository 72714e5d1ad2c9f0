# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034  # mail_host.sh and person.sh set some variables, and read others
# Counted mail (marked_mail.py) through a mailstackd that relays it. Sourced after mail_host.sh.
#
#   marked COMMAND WORDS...     "${marked[@]}" is the same as words, for what shall be killed
#   marked_sink MARKS WORDS...  takes marked mail; its port is $port
#   all_came                    waits until all that was acknowledged in `marks` has come, at most a minute
#   relay_host NAME PORT [YAML-LINE...]   a conf tree NAME/conf of a host that takes mail of everybody on loopback and brings it to
#                               127.0.0.1:PORT; no limit of its own stands in a load's way, and retries come within seconds. Its
#                               port is ${smtp[NAME]}
#   start_relay NAME [COMMAND...]   until it listens; COMMAND, such as env, begins its command line
#   queue_is_empty NAME

marked=(python3 "$source_directory/tests/support/marked_mail.py")
marked() { "${marked[@]}" "$@"; }
marked_sink() {
  "${marked[@]}" take "$work/$1.port" "$work/$1" "${@:2}" &
  started+=($!)
  wait_for test -s "$work/$1.port" || fail 'the sink does not start'
  port=$(<"$work/$1.port")
}
all_came() {
  local until=$((SECONDS + 60))
  until marked count "$work/marks" >/dev/null; do
    ((SECONDS < until)) || return 1
    sleep 0.2
  done
}

relay_host() {
  local name=$1 next=$2
  shift 2
  mkdir -p "$work/$name/conf" "$work/$name/state"
  smtp["$name"]=$(free_ports 1)
  cat >"$work/$name/conf/mailstackd.yaml" <<YAML
hostname: mx.$name.example
listen: [{address: "127.0.0.1:${smtp[$name]}", service: smtp}]
spool: $work/$name/spool
state: $work/$name/state
control_socket: $work/$name/control
mail_log_path: $work/$name/mail.log
trusted_networks: [127.0.0.0/8]
smarthost: {host: 127.0.0.1, port: $next, tls: never}
limits: {messages: 100000, commands: 100000, per_address: 10000, per_address_rate: 1000000, per_address_errors: 1000000, errors: 1000}
queue: {retry: {first: 1s, max: 2s}, host_backoff: {first: 1s, max: 1s}}
YAML
  if (($#)); then printf '%s\n' "$@" >>"$work/$name/conf/mailstackd.yaml"; fi
}

queue_is_empty() { [[ $("$mailstackd" queue list --config "$work/$1/conf") == 'no messages' ]]; }

start_relay() {
  local name=$1
  shift
  "$@" "$mailstackd" --config "$work/$name/conf" >>"$work/$name/out" 2>&1 &
  host_pid["$name"]=$!
  listens "${smtp[$name]}" || { out=$(tail -n 20 "$work/$name/out") && fail "$name does not start"; }
}
