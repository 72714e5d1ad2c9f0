#!/usr/bin/env bash
# Whoever copies the two programs to another machine finds in docs/operating.md every package whose libraries they need.
set -euo pipefail
source_directory=$1 binary_directory=$2
command -v readelf >/dev/null && command -v dpkg-query >/dev/null || exit 77
list=$(grep -m1 'apt-get install git ' "$source_directory/docs/operating.md")
known=$(ldconfig -p)
failures=0 seen=0
for program in "$binary_directory"/bin/mailstack "$binary_directory"/bin/mailstackd; do
  [[ -x $program ]] || exit 77
  while read -r library; do
    file=$(awk -v name="$library" '$1 == name && !found { print $NF; found = 1 }' <<<"$known")
    # Packages own the file below /usr, also where /lib is a link to there.
    package=$(dpkg-query -S "$(readlink -f "$file")" 2>/dev/null | cut -d: -f1 || true)
    [[ -n $package ]] || package=$(dpkg-query -S "${file#/usr}" 2>/dev/null | cut -d: -f1 || true)
    case $package in
      libc6 | libgcc-s1 | libstdc++6) continue ;; # on every Debian
      '') continue ;;                             # not of a package
    esac
    seen=$((seen + 1))
    [[ " ${list//\`/ } " == *" $package "* ]] || { failures=$((failures + 1)) && echo "FAILED: ${program##*/} needs $package, which docs/operating.md does not name"; }
  done < <(readelf -d "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
done
((seen >= 10)) || { echo "FAILED: only $seen libraries were found" && exit 1; }
((failures == 0))
