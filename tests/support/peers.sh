# shellcheck shell=bash
# Mail servers whose packages exclude others: unpacked beside, and run from there. Sourced.
#
#   unpack_peers DIRECTORY             Postfix; sets `peers`. Does nothing where it is there already, fails where Debian cannot be reached
#   unpack_peer DIRECTORY NAME PACKAGE...   PACKAGEs as DIRECTORY/NAME, likewise; several may do it at once
#   "$peers/postfix/usr/sbin/smtp-source", smtp-sink; start_postfix, stop_postfix
#   start_exim, stop_exim; start_chasquid, stop_chasquid

unpack_peer() {
  local directory=$1/$2
  peers=$1
  shift 2
  mkdir -p "$peers"
  (
    flock 9
    [[ ! -d $directory ]] || exit 0
    rm -rf "$directory.new" && mkdir "$directory.new" && cd "$directory.new" && apt-get download -q "$@" >/dev/null 2>&1 || exit 1
    for package in *.deb; do dpkg -x "$package" . && rm "$package" || exit 1; done
    mv "$directory.new" "$directory"
  ) 9>"$peers/lock"
}
unpack_peers() {
  unpack_peer "$1" postfix postfix || return 1
  export LD_LIBRARY_PATH=$peers/postfix/usr/lib/postfix
}

# start_postfix DIRECTORY PORT LINES...: Debian's Postfix with its state below DIRECTORY, listening on 127.0.0.1:PORT, with LINES in its
# main.cf; needs root. It finds itself at its own paths in a mount namespace whose /usr has the unpacked package on top. Sets postfix_pid.
start_postfix() {
  local directory=$1 port=$2 i
  shift 2
  mkdir -p "$directory/conf" "$directory/queue" "$directory/data"
  chown nobody "$directory/data"
  {
    cat <<CF
compatibility_level = 3.6
queue_directory = $directory/queue
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
data_directory = $directory/data
meta_directory = $peers/postfix/etc/postfix
mail_owner = nobody
setgid_group = games
default_privs = daemon
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = postfix.example.org
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
maillog_file = $directory/log
maillog_file_prefixes = $directory
CF
    printf '%s\n' "$@"
  } >"$directory/conf/main.cf"
  sed "s/^smtp  *inet .*/127.0.0.1:$port inet n - n - - smtpd/; s/^\(\S*  *\S*  *\S*  *\S*  *\)y\(  *\S*  *\S*  *\S*\)/\1n\2/" \
    "$peers/postfix/usr/share/postfix/master.cf.dist" >"$directory/conf/master.cf"
  cp "$peers/postfix/usr/share/postfix/dynamicmaps.cf" "$directory/conf/"
  # shellcheck disable=SC2016  # expanded by the shell inside
  env -u LD_LIBRARY_PATH unshare -m bash -c 'mount -t overlay overlay -o "lowerdir=$1/postfix/usr:/usr" /usr && postfix -c "$2/conf" start' - \
    "$peers" "$directory" >"$directory/start" 2>&1 || return 1
  for ((i = 0; i < 100; i++)); do
    [[ -s $directory/queue/pid/master.pid ]] && break
    sleep 0.05
  done
  [[ -s $directory/queue/pid/master.pid ]] || return 1
  postfix_pid=$(tr -d ' ' <"$directory/queue/pid/master.pid")
}
stop_postfix() { kill "$postfix_pid" 2>/dev/null; }

# start_exim DIRECTORY PORT SINK_PORT: Debian's Exim, which takes all mail on 127.0.0.1:PORT under TLS (DIRECTORY/{fullchain,privkey}.pem),
# verifies signatures for its log, and hands it to SINK_PORT; needs root. Sets exim_pid; its log is DIRECTORY/mainlog.
start_exim() {
  local directory=$1 etc=$1/etc i
  mkdir -p "$etc/exim4" "$directory/spool"
  { cat /etc/passwd && echo 'Debian-exim:x:65533:65533::/:/usr/sbin/nologin'; } >"$etc/passwd"
  { cat /etc/group && echo 'Debian-exim:x:65533:'; } >"$etc/group"
  cat /etc/resolv.conf >"$etc/resolv.conf" # what is mounted on a file is not seen through an overlay
  chown -R 65533:65533 "$directory"
  chown -R root:root "$etc"
  cat >"$etc/exim4/exim4.conf" <<CF
primary_hostname = mx.there.example
spool_directory = $directory/spool
log_file_path = $directory/%slog
log_selector = +dkim_verbose
pid_file_path = $directory/pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = $2
tls_advertise_hosts = *
tls_certificate = $directory/fullchain.pem
tls_privatekey = $directory/privkey.pem
smtputf8_advertise_hosts = *
message_size_limit = 50M
smtp_accept_queue_per_connection = 0
smtp_accept_max_per_connection = 0
smtp_accept_max = 100
queue_run_max = 20
keep_environment =
acl_smtp_rcpt = accept
dkim_verify_signers = \$dkim_signers
begin routers
all:
  driver = manualroute
  transport = sink
  route_list = * 127.0.0.1 byname
  self = send
begin transports
sink:
  driver = smtp
  port = $3
  allow_localhost
  hosts_avoid_tls = *
  message_linelength_limit = 1000000000
begin retry
* * F,1h,1s
CF
  # shellcheck disable=SC2016  # expanded by the shell inside
  env -u LD_LIBRARY_PATH unshare -m bash -c 'mount -t overlay overlay -o "lowerdir=$1/exim/usr:/usr" /usr &&
    mount -t overlay overlay -o "lowerdir=$2:/etc" /etc && exec exim4 -bd -q10s' - "$peers" "$etc" >"$directory/start" 2>&1 || return 1
  for ((i = 0; i < 200; i++)); do
    [[ -s $directory/pid ]] && break
    sleep 0.05
  done
  exim_pid=$(<"$directory/pid")
}
stop_exim() { kill "$exim_pid" 2>/dev/null; }

# start_chasquid CONF PORT SUBMISSION_PORT OUT_PORT LINES...: Debian's chasquid with the conf tree CONF and LINES in its chasquid.conf; it
# delivers to OUT_PORT of other hosts. Sets chasquid_pid; its log is CONF/log.
start_chasquid() {
  local conf=$1 out_port=$4
  printf 'smtp_address: "127.0.0.1:%s"\nsubmission_address: "127.0.0.1:%s"\n' "$2" "$3" >"$conf/chasquid.conf"
  shift 4
  printf '%s\n' 'submission_over_tls_address: "127.0.0.1:0"' "data_dir: \"$conf/../chasquid\"" "mail_log_path: \"$conf/log\"" "$@" >>"$conf/chasquid.conf"
  chasquid -config_dir="$conf" -testing__outgoing_smtp_port="$out_port" >"$conf/start" 2>&1 &
  chasquid_pid=$!
}
stop_chasquid() { kill "$chasquid_pid" 2>/dev/null; }
