# shellcheck shell=bash
# Sourced by what samples.

# median FILE COLUMN
median() { sort -n -k "$2,$2" "$1" | awk -v column="$2" '{v[NR] = $column} END {print v[int((NR + 1) / 2)]}'; }
