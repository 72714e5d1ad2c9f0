# shellcheck shell=bash
# What the loads on mailstackd share: a conf tree that relays all of loopback to a sink, and reading what a process costs. Sourced after
# tests/support/servers.sh.

# relay_conf DIRECTORY PORT SINK_PORT: DIRECTORY/conf, with everything else that the daemon writes beside it.
relay_conf() {
  mkdir -p "$1/conf/domains/ours.example" "$1/state"
  cat >"$1/conf/mailstackd.yaml" <<YAML
hostname: ours.example
listen: [{address: "127.0.0.1:$2", service: smtp}]
state: $1/state
spool: $1/state/queue
control_socket: $1/control
mail_log_path: $1/mail.log
trusted_networks: [127.0.0.0/8]
smarthost: {host: 127.0.0.1, port: $3, tls: never}
limits: {messages: 1000000, commands: 10000000}
delivery: {concurrency: {per_destination: 50, total: 200}}
YAML
}

# sunk FILE: how many messages smtp-sink -c has counted into it.
sunk() { tr '\r' '\n' <"$1" | sed -n 's/.*mesg= *\([0-9]*\).*/\1/p' | tail -n 1; }

# ticks PID...: user and system time, in clock ticks, with that of children that have ended.
ticks() {
  local pid
  for pid; do cat "/proc/$pid/stat" 2>/dev/null; done | sed 's/^.*) //' | awk '{t += $12 + $13 + $14 + $15} END {print t + 0}'
}

# mib FIELD PID: of /proc/PID/status.
mib() { awk -v name="$1:" '$1 == name {printf "%.1f", $2 / 1024}' "/proc/$2/status"; }
