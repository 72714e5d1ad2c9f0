#!/usr/bin/env bash
# Starting costs nothing: `mailstack version` takes no longer than `curl --version` in the same run.
set -euo pipefail
bin=$1
source "$(dirname "${BASH_SOURCE[0]}")/measure.sh"

file=$(mktemp)
trap 'rm -f "$file"' EXIT
hyperfine -N --warmup 20 --runs 200 --export-csv "$file" "$bin/mailstack version" 'curl --version' >/dev/null 2>&1
# Columns: command,mean,stddev,median,…
milliseconds() { awk -F, -v line="$1" 'NR == line {printf "%.2f", $4 * 1000}' "$file"; }
row 'curl --version, median of 200' "$(milliseconds 3)" '' ms
row 'mailstack version, median of 200' "$(milliseconds 2)" "$(milliseconds 3)" ms
