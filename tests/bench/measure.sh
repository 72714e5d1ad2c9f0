# shellcheck shell=bash
# What the cases share: measuring, and printing rows for `./dev bench`. Sourced.
# shellcheck disable=SC2034  # for those who source this
#
# shellcheck source=tests/bench/median.sh
source "$(dirname "${BASH_SOURCE[0]}")/median.sh"

# A case is a command or a function. Its exit code must be 0: what fails is not measured.

# once COMMAND...: adds `SECONDS SPENT` to the file $samples: the time that passed, and the processor time that the command and
# its children spent.
once() {
  local before after
  # Fields 16 and 17: what children spent (proc(5)).
  read -ra before <"/proc/$$/stat"
  local start=${EPOCHREALTIME/,/.}
  "$@" || {
    echo "$* failed" >&2
    return 1
  }
  local end=${EPOCHREALTIME/,/.}
  read -ra after <"/proc/$$/stat"
  awk -v ticks="$((after[15] + after[16] - before[15] - before[16]))" -v hertz="$(getconf CLK_TCK)" \
    -v start="$start" -v end="$end" 'BEGIN {printf "%.4f %.3f\n", end - start, ticks / hertz}' >>"$samples"
}

# measure COUNT COMMAND...: sets seconds and spent, medians.
measure() {
  local count=$1 samples
  shift
  samples=$(mktemp)
  for _ in $(seq "$count"); do once "$@"; done
  seconds=$(median "$samples" 1) spent=$(median "$samples" 2)
  rm -f "$samples"
}

# in_turn COUNT FIRST SECOND: the two by turns, so that whatever else the machine does meets both.
in_turn() {
  local count=$1 samples first second
  first=$(mktemp) second=$(mktemp)
  for _ in $(seq "$count"); do
    samples=$first once "$2"
    samples=$second once "$3"
  done
  first_seconds=$(median "$first" 1) first_spent=$(median "$first" 2)
  second_seconds=$(median "$second" 1) second_spent=$(median "$second" 2)
  rm -f "$first" "$second"
}

# peak COMMAND...: the most memory, in MiB, that one process of it held.
peak() {
  local file
  file=$(mktemp)
  # shellcheck disable=SC2163  # the name that the caller gave is what goes to the inner shell
  export -f "$1"
  export -f mailstack 2>/dev/null || true
  export bin work powerdns_url powerdns_key
  /usr/bin/time -q -o "$file" -f %M bash -c "$*" >/dev/null
  awk '{printf "%.1f", $1 / 1024}' "$file"
  rm -f "$file"
}

# row WHAT MEASURED LIMIT UNIT [SPENT]: OVER where the measured number is above the limit; an empty limit is none.
row() {
  local note=ok
  if [[ -z $3 ]]; then note=; elif awk "BEGIN {exit !($2 > $3)}"; then note=OVER; fi
  [[ -z ${5:-} ]] || note+="${note:+, }$5 s of CPU"
  printf '%s\t%s %s\t%s\t%s\n' "$1" "$2" "$4" "${3:+$3 $4}" "$note"
}
