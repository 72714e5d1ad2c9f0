#!/usr/bin/env bash
# The manual is formatted without a warning, says what its sources say, and is installed beside the program.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
command -v groff >/dev/null || { echo 'skipped: groff is not installed' && exit 77; }
pages=("$source_directory"/docs/man/mailstack.1 "$source_directory"/docs/man/mailstack.yaml.5 "$source_directory"/docs/man/mailstackd.8)

warnings() { out=$(groff -man -Tutf8 -ww -z "$1" 2>&1) code=$?; }
# The page as a person reads it, without the overstrikes of bold.
shown() { out=$(groff -man -Tutf8 -rLL=200n -P-cbou "$1" 2>&1) code=$?; }

for page in "${pages[@]}"; do
  warnings "$page"
  [[ $code == 0 && -z $out ]] || fail "$page is formatted without a warning"
  LC_ALL=C grep -n '[^ -~]' "$page" && fail "$page holds nothing but ASCII"
done
# A page that is wrong is noticed.
for mistake in '.NOSUCH x' '\[nosuch]'; do
  { cat "${pages[0]}" && echo "$mistake"; } >wrong.1
  warnings wrong.1
  [[ -n $out ]] || fail "the mistake $mistake should be noticed"
done

shown "${pages[0]}"
expect 0
says 'mailstack - one manifest says what a mail stack should be'
says "mailstack $("$mailstack" version | cut -d' ' -f2)"
says 'Old → new: what goes stands in [-…-]'
says '--detailed-exitcode'
says "mailstack history 'dns_record/*' --limit 200"
# shellcheck disable=SC2016  # so it stands in the page
says '[ -z "$AUTH_AS" ] || mailstack dkim-sign --from="$MAIL_FROM"'
says '130'
silent '‐'
shown "${pages[1]}"
expect 0
silent '‐'
says 'hosts.*.fqdn'
says '{hash: …}'
says 'Default: "{yyyymm}{a}".'
says '  www  300 IN A    203.0.113.80'

out=$(cmake --install "$binary_directory" --prefix "$work/prefix" 2>&1)
code=$?
expect 0
[[ $("$work/prefix/bin/mailstack" version) == "$("$mailstack" version)" ]] || fail 'the program is installed'
for page in "${pages[@]}"; do
  cmp -s "$page" "$work/prefix/share/man/man${page##*.}/${page##*/}" || fail "$page is installed"
done
if command -v man >/dev/null && man -w ls >/dev/null 2>&1; then
  for name in mailstack mailstack.yaml; do
    out=$(MANPATH=$work/prefix/share/man man -w "$name" 2>&1)
    code=$?
    says "$work/prefix/share/man/man"
  done
fi
finish
