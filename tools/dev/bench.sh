#!/usr/bin/env bash
# bench: measures what has a limit, and prints a table with machine, load and date.
#
#   ./dev bench [NAME...]      the cases of tests/bench/NAME_bench.sh and NAME_bench.cpp; without a name all
#
# Preset `release`. Starts and stops its own PowerDNS. Compare within one run: the machine is never alone.
source "$(dirname "${BASH_SOURCE[0]}")/parts/tree.sh"
source "$root/tools/dev/parts/packages.sh"

install_packages "${build_set[@]}" "${bench_set[@]}"
configure release
compile release mailstack mailstackd bench_programs
bin=$root/build/release/bin

wanted() { # wanted NAME
  local name
  ((${#names[@]})) || return 0
  for name in "${names[@]}"; do [[ $1 != "$name" ]] || return 0; done
  return 1
}
names=("$@")

printf '%s, %s processors, %s MB; Linux %s; load %s; %s; %s\n' \
  "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" \
  "$(awk '/MemTotal/ {print int($2 / 1024)}' /proc/meminfo)" "$(uname -r)" "$(cut -d' ' -f1-3 /proc/loadavg)" \
  "$(date -u '+%Y-%m-%d %H:%M UTC')" "$(git rev-parse --short HEAD 2>/dev/null || echo 'no commit')"
printf '\n| %-58s | %12s | %14s | %s |\n|%s|%s:|%s:|%s|\n' what measured limit '' "$(printf -- '-%.0s' {1..60})" \
  "$(printf -- '-%.0s' {1..13})" "$(printf -- '-%.0s' {1..15})" ---

# Cases print lines WHAT<tab>MEASURED<tab>LIMIT<tab>NOTE; a note that begins with OVER fails the run.
over=0
table() {
  local what measured limit note
  # Not by the tab itself: `read` takes several blanks for one, and a limit may be empty.
  while IFS='|' read -r what measured limit note; do
    printf '| %-58s | %12s | %14s | %s |\n' "$what" "$measured" "$limit" "$note"
    [[ $note != OVER* ]] || over=1
  done < <(tr '\t' '|')
}
found=0
shopt -s nullglob
for file in tests/bench/*_bench.sh tests/bench/*_bench.cpp; do
  name=$(basename "${file%_bench.*}")
  wanted "$name" || continue
  found=1
  if [[ $file == *.sh ]]; then
    table < <(bash "$root/$file" "$bin" || printf '%s\tfailed\t\tOVER: the case itself failed\n' "$name")
  else
    table < <("$bin/${name}_bench" || printf '%s\tfailed\t\tOVER: the case itself failed\n' "$name")
  fi
done
((found)) || fail "there is no such case in tests/bench/"
exit "$over"
