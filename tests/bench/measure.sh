# shellcheck shell=bash
# What the cases share: measuring, and printing rows for `./dev bench`. Sourced.
# shellcheck disable=SC2034  # median sets variables for those who source this

# median COUNT COMMAND...: sets seconds (median) and kilobytes (highest peak of memory). The command's output is dropped;
# its exit code must be 0, or 2 (changes pending).
median() {
  local count=$1 file code
  shift
  file=$(mktemp)
  for _ in $(seq "$count"); do
    code=0
    /usr/bin/time -q -a -o "$file" -f '%e %M' "$@" >/dev/null 2>"$file.err" </dev/null || code=$?
    if ((code != 0 && code != 2)); then
      echo "$* failed with exit $code:" >&2
      tail -n 5 "$file.err" >&2
      rm -f "$file" "$file.err"
      return 1
    fi
  done
  seconds=$(sort -n "$file" | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}')
  kilobytes=$(awk '$2 > m {m = $2} END {print m}' "$file")
  rm -f "$file" "$file.err"
}

# row WHAT MEASURED LIMIT UNIT: OVER where the measured number is above the limit; an empty limit is none.
row() {
  local note=ok
  if [[ -z $3 ]]; then note=; elif awk "BEGIN {exit !($2 > $3)}"; then note=OVER; fi
  printf '%s\t%s %s\t%s\t%s\n' "$1" "$2" "$4" "${3:+$3 $4}" "$note"
}
