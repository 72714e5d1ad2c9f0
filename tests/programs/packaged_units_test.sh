#!/usr/bin/env bash
# The units of packaging/ are what systemd takes, as they are and as docs/migrating-from-chasquid.md changes them.
set -euo pipefail
source_directory=$1 binary_directory=$2
if ! command -v systemd-analyze >/dev/null || [[ ! -x $binary_directory/bin/mailstackd ]]; then
  echo "skipped: no systemd-analyze, or no mailstackd"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
fail() {
  failures=$((failures + 1))
  printf 'FAILED: %s\n' "$*"
}

# The changes that the page tells a person to make.
mapfile -t expressions < <(sed -n "s/^ *\(sed \)\?-e '\(.*\)' .*/\2/p" "$source_directory/docs/migrating-from-chasquid.md")
((${#expressions[@]} == 2)) || fail 'the page should change two things in the unit'

# complaint NAME SERVICE: what systemd has against it. The program is where this tree built it.
complaint() {
  local units=$work/$1
  mkdir "$units"
  cp "$source_directory"/packaging/systemd/*.socket "$units"
  sed "s|/usr/local/bin/mailstackd|$binary_directory/bin/mailstackd|" "$2" >"$units/mailstackd.service"
  systemd-analyze verify --man=no "$units"/* 2>&1 || true
}
verify() {
  local said
  said=$(complaint "$@")
  [[ -z $said ]] || fail "$1: $said"
}
packaged=$source_directory/packaging/systemd
verify plain "$packaged/mailstackd.service"
verify with-mda "$packaged/with-mda/mailstackd.service"
for name in '' with-mda/; do
  changed=$work/changed.service
  sed -e "${expressions[0]}" -e "${expressions[1]}" "$packaged/${name}mailstackd.service" >"$changed"
  for line in 'User=chasquid' 'Group=chasquid' 'ExecStart=/usr/local/bin/mailstackd --config /etc/chasquid' 'StateDirectory=mailstackd'; do
    grep -qx -- "$line" "$changed" || fail "${name}mailstackd.service, changed as the page says, should have $line"
  done
  verify "changed-${name%/}" "$changed"
done

# It is noticed what systemd would only ignore.
sed 's/ProtectSystem=strict/ProtectSystem=mostly/' "$packaged/mailstackd.service" >"$work/wrong.service"
[[ -n $(complaint wrong "$work/wrong.service") ]] || fail 'a wrong value was not noticed'
((failures == 0))
