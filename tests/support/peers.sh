# shellcheck shell=bash
# Tools of Postfix, whose package excludes other mail servers: unpacked beside, and run from there. Sourced.
#
#   unpack_peers DIRECTORY   sets `peers`; does nothing where it is there already. Fails where Debian cannot be reached
#   "$peers/postfix/usr/sbin/smtp-source", smtp-sink

unpack_peers() {
  peers=$1
  mkdir -p "$peers"
  local package
  for package in postfix; do
    [[ -d $peers/$package ]] && continue
    (cd "$peers" && apt-get download -q "$package" >/dev/null 2>&1 && dpkg -x "$package"_*.deb "$package.new" && mv "$package.new" "$package" &&
      rm "$package"_*.deb) || return 1
  done
  export LD_LIBRARY_PATH=$peers/postfix/usr/lib/postfix
}
