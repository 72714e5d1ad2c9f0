# shellcheck shell=bash
# A test in a network of its own, with loopback and an address that nobody else has (nodemailer wants one), whose names 127.0.0.1 answers (port 53): for programs that ask only the
# system's name server, and deliver to port 25. Sourced first of all, with the test's arguments; starts the test again inside.
# Only root may; others skip.
if [[ ${OWN_NETWORK:-} != "$$" ]]; then
  ((EUID == 0)) || { echo 'skipped: a network of its own needs root' && exit 77; }
  # $$ stays the same, each program takes the other's place.
  # shellcheck disable=SC2016  # expanded by the shell inside
  OWN_NETWORK=$$ exec unshare --net --mount bash -c 'ip link set lo up && ip link add eth0 type veth peer name eth1 &&
    ip address add 192.0.2.1/24 dev eth0 && ip link set eth0 up && ip link set eth1 up && file=$(mktemp) && echo nameserver 127.0.0.1 >"$file" &&
    chmod 644 "$file" && mount --bind "$file" /etc/resolv.conf && rm "$file" && exec bash "$0" "$@"' "$0" "$@"
fi
