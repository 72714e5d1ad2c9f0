# shellcheck shell=bash
# Which Debian packages each command needs, and how they come. Sourced, never run.
#
# shellcheck disable=SC2034  # the sets are used by those who source this
# A set stands here once. `install_packages` looks first, and touches apt only where something is missing.

# libsystemd-dev is what sdbus-c++.pc asks for, and what the package of sdbus-c++ does not depend on.
build_set=(g++ cmake ninja-build ccache pkg-config catch2 libevent-dev libcli11-dev libcurl4-openssl-dev libexpected-dev libfmt-dev
  libidn2-dev libldns-dev libpsl-dev libseccomp-dev libsdbus-c++-dev libsimdjson-dev libssl-dev libsystemd-dev libunbound-dev libunistring-dev
  libyaml-cpp-dev nlohmann-json3-dev)
# The real servers and tools that the tests start, ask and compare with; python3 runs the tests of the house rules.
# python3-dkim (with dnspython and PyNaCl, on which it depends) verifies what dkim-sign signs.
# systemd, dbus, iproute2 and util-linux make the throw-away system that units are started on.
# libgnutls-dane0 is a library of the Exim that is unpacked beside. msmtp, node-nodemailer (by nodejs), swaks and chasquid bring mail to mailstackd and take it; opendkim-tools verifies what it signs.
# groff-base formats the manual. fail2ban brings fail2ban-regex, which reads our filter.
test_set=(bind9-dnsutils ca-certificates chasquid curl dbus fail2ban faketime git groff-base iproute2 openssl pdns-backend-sqlite3 pdns-server
  libgnutls-dane0 libnet-ssleay-perl msmtp node-nodemailer nodejs opendkim-tools pebble procps python3 python3-dkim sqlite3 swaks systemd util-linux)
lint_set=(clang-16 clang-format-16 clang-tidy-16 git python3 shellcheck)
fuzz_set=(clang-16 libclang-rt-16-dev llvm-16)
# chasquid, dbus, iproute2, python3, systemd and util-linux make the host of `bench host`; lmdb, rocksdb and sqlite3 are what spool_bench
# compares the spool with.
bench_set=(chasquid curl dbus dehydrated git hyperfine iproute2 lego liblmdb-dev librocksdb-dev libsqlite3-dev openssl pdns-backend-sqlite3 pdns-server pebble procps python3
  sqlite3 systemd time util-linux)
fresh_set=(debian-archive-keyring debootstrap git)
# What sends, takes and verifies the demo's mail.
demo_set=(openssl python3 python3-dkim)
# `./dev demo --real`: a host of its own, and what it meets outside.
demo_real_set=(bind9-dnsutils chasquid curl dbus git iproute2 libnet-ssleay-perl openssl pdns-backend-sqlite3 pdns-server pebble procps
  python3 python3-dkim sqlite3 swaks systemd util-linux)

# install_packages PACKAGE...: makes all of them present, in one apt call. Fails, with the command to run, where this
# user may not.
install_packages() {
  local missing=() package
  if ! command -v dpkg-query >/dev/null; then
    echo "dev: this is not Debian; going on in the hope that what these packages hold is here: $*" >&2
    return
  fi
  for package in $(printf '%s\n' "$@" | sort -u); do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0

  local as_root=()
  if ((EUID != 0)); then
    as_root=(sudo)
    if ! command -v sudo >/dev/null || { [[ ! -t 0 ]] && ! sudo -n true 2>/dev/null; }; then
      echo "dev: packages are missing, and this user may not install them. As root, run:" >&2
      echo "  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}" >&2
      exit 1
    fi
  fi
  say "installing ${#missing[@]} Debian packages${as_root[0]:+ through sudo}: ${missing[*]}"
  local log
  log=$(mktemp)
  if ! "${as_root[@]}" bash -s -- "${missing[@]}" >"$log" 2>&1 <<<"$apt_script"; then
    tail -n 40 "$log" >&2
    rm -f "$log"
    fail "apt could not install them: see above"
  fi
  rm -f "$log"
}

# Runs as root. While policy-rc.d says 101 no package starts its daemon; where none was there it is taken away again.
# shellcheck disable=SC2016  # expanded by the shell that runs it
apt_script='
set -e
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap "rm -f $policy" EXIT
  printf "#!/bin/sh\nexit 101\n" >$policy
  chmod 755 $policy
fi
apt-get update
apt-get install -y --no-install-recommends "$@" </dev/null
'
