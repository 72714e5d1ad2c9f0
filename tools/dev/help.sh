#!/usr/bin/env bash
# help: what each command does; `./dev help NAME` tells more.
source "$(dirname "${BASH_SOURCE[0]}")/parts/tree.sh"

# head_comment FILE: the comment at its head, without the marks.
head_comment() { sed -n '2,/^[^#]/{/^#/!d;s/^# \{0,1\}//;p}' "$1"; }

if [[ -n ${1:-} ]]; then
  [[ $1 =~ ^[a-z]+$ && -f tools/dev/$1.sh ]] || fail "there is no command \`$1\`"
  head_comment "tools/dev/$1.sh"
  exit
fi

cat <<'TEXT'
./dev COMMAND works on a Debian 12 machine with nothing installed: each command says what it installs and does it, as
root or through sudo. Binaries land in build/bin/.

TEXT
for file in tools/dev/*.sh; do
  line=$(head_comment "$file" | head -n 1)
  printf '  ./dev %-7s %s\n' "${line%%:*}" "${line#*: }"
done
cat <<'TEXT'

New here? `./dev demo` shows what the program does, `./dev test` shows that it is right, and README.md leads on from there.
TEXT
