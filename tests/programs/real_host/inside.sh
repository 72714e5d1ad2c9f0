# shellcheck shell=bash
# What the scripts in this folder begin with, inside of a real_host.sh; sourced with the source and the binary directory.
# The network of host_network.sh is there to be started, and ends with the script.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
# shellcheck source=tests/support/powerdns.sh
source "$source_directory/tests/support/powerdns.sh"
# shellcheck source=tests/support/pebble.sh
source "$source_directory/tests/support/pebble.sh"
# shellcheck source=tests/support/host_network.sh
source "$source_directory/tests/support/host_network.sh"
at_exit+=(stop_network)
# Where units and the daemon's user reach it, wherever this tree stands.
cp "$mailstack" /srv/mailstack-program
mailstack=/srv/mailstack-program

# run WORDS...: as the host that this is, on its own files; sets out (both streams) and code.
run() {
  out=$("$mailstack" "$@" --as mx1 </dev/null 2>&1)
  code=$?
}
