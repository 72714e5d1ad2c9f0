# shellcheck shell=bash
# Mail servers of others whose packages exclude each other, unpacked beside and run from there, as nobody's host. Sourced.
#
#   unpack_peers DIRECTORY   Postfix and Exim below DIRECTORY; does nothing where they are there
#   postfix_tool NAME WORDS...   smtp-source, smtp-sink, postqueue … of that Postfix
#   make_postfix DIRECTORY PORT WORDS...   a configuration below DIRECTORY that listens on 127.0.0.1:PORT; `key=value` of main.cf
#   start_postfix DIRECTORY / stop_postfix DIRECTORY

unpack_peers() {
  peers=$1
  mkdir -p "$peers"
  local package
  for package in postfix exim4-daemon-light exim4-base; do
    [[ -d $peers/$package ]] && continue
    (cd "$peers" && apt-get download -q "$package" >/dev/null 2>&1 && dpkg -x "$package"_*.deb "$package.new" && mv "$package.new" "$package" &&
      rm "$package"_*.deb) || return 1
  done
  export LD_LIBRARY_PATH=$peers/postfix/usr/lib/postfix
}

postfix_tool() {
  local name=$1
  shift
  "$peers/postfix/usr/sbin/$name" "$@"
}

# Postfix wants a user and two groups of its own; those of an unpacked one are lent.
make_postfix() {
  local directory=$1 port=$2 line
  shift 2
  mkdir -p "$directory/conf" "$directory/queue" "$directory/data"
  cp "$peers"/postfix/usr/share/postfix/main.cf.dist "$directory/conf/main.cf" 2>/dev/null || true
  cat >"$directory/conf/main.cf" <<CF
compatibility_level = 3.6
queue_directory = $directory/queue
command_directory = $peers/postfix/usr/sbin
daemon_directory = $peers/postfix/usr/lib/postfix/sbin
shlib_directory = $peers/postfix/usr/lib/postfix
meta_directory = $peers/postfix/etc/postfix
data_directory = $directory/data
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
smtp_tls_security_level = none
smtpd_tls_security_level = none
maillog_file = $directory/log
maillog_file_prefixes = $directory
import_environment = LD_LIBRARY_PATH=$LD_LIBRARY_PATH
export_environment = LD_LIBRARY_PATH=$LD_LIBRARY_PATH
CF
  for line in "$@"; do echo "${line/=/ = }" >>"$directory/conf/main.cf"; done
  sed "s/^smtp  *inet .*/127.0.0.1:$port inet n - n - - smtpd/; s/^\(\S*  *\S*  *\S*  *\S*  *\)y\(  *\S*  *\S*  *\S*\)/\1n\2/" \
    "$peers/postfix/usr/share/postfix/master.cf.dist" >"$directory/conf/master.cf"
  grep -q '^postlog' "$directory/conf/master.cf" || echo 'postlog unix-dgram n - n - 1 postlogd' >>"$directory/conf/master.cf"
  cp "$peers/postfix/etc/postfix/"{postfix-files,dynamicmaps.cf} "$directory/conf/" 2>/dev/null || true
  MAIL_CONFIG=$directory/conf "$peers/postfix/usr/sbin/postfix" -c "$directory/conf" set-permissions >/dev/null 2>&1 || true
}

start_postfix() {
  MAIL_CONFIG=$1/conf "$peers/postfix/usr/sbin/postfix" -c "$1/conf" start >"$1/start" 2>&1
}
stop_postfix() { MAIL_CONFIG=$1/conf "$peers/postfix/usr/sbin/postfix" -c "$1/conf" stop >/dev/null 2>&1 || true; }
