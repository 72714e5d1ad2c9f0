#!/usr/bin/env bash
# fuzz: feeds the parsers what no person would write (libFuzzer, ASan, UBSan), and says how fast that went.
#
#   ./dev fuzz [NAME] [SECONDS]       every harness, or one; 60 seconds each
#   ./dev fuzz --smoke                5 seconds each
#   ./dev fuzz --coverage [NAME]      line coverage of each parser by its corpora, without fuzzing
#   ./dev fuzz --planted [NAME]       plants the bug of tests/fuzz/planted/NAME.patch in a copy, and waits until it is found
#
# A harness is NAME_fuzz.cpp beside its parser; coverage counts the sources of the headers that it includes, or what its
# lines `// parser: FILE...` name. Seeds stand in
# tests/fuzz/NAME/, tests/fuzz/NAME.dict is a dictionary; what fuzzing adds stays in build/fuzz/corpus/NAME/, and what
# breaks a parser in build/fuzz/crashes/. A crash that was mended belongs into the seeds.
source "$(dirname "${BASH_SOURCE[0]}")/parts/tree.sh"
source "$root/tools/dev/parts/packages.sh"

mode=fuzz name='' seconds=60
for word in "$@"; do
  case $word in
    --smoke) seconds=5 ;;
    --coverage) mode=coverage ;;
    --planted) mode=planted ;;
    -*) fail "fuzz knows --smoke, --coverage and --planted, not \`$word\`" ;;
    *[!0-9]*) name=$word ;;
    *) seconds=$word ;;
  esac
done

harnesses() {
  { find core yaml providers reconciler daemon -name '*_fuzz.cpp' 2>/dev/null || true; } | sort | while read -r file; do
    local found
    found=$(basename "$file" _fuzz.cpp)
    [[ -n $name && $name != "$found" ]] || echo "$found $file"
  done
}
[[ -n $(harnesses) ]] || fail "there is no harness ${name:+${name}_fuzz.cpp }to run"

# fuzz_one PROGRAM NAME SECONDS LOG: libFuzzer on the kept and the seed corpus; its exit code. The limit for one input is
# wall time, and the machine is not ours alone: what loops for ever is found in a minute, too.
fuzz_one() {
  local options=() kept=build/fuzz/corpus/$2
  mkdir -p "$kept" build/fuzz/crashes "tests/fuzz/$2"
  [[ ! -f tests/fuzz/$2.dict ]] || options=("-dict=tests/fuzz/$2.dict")
  "$1" -max_total_time="$3" -timeout=60 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/crashes/$2-" "${options[@]}" "$kept" "tests/fuzz/$2" >"$4" 2>&1
}

# parsers_of HARNESS: the sources that it is there for.
parsers_of() {
  local header
  if grep -q '^// parser: ' "$1"; then
    sed -n 's|^// parser: ||p' "$1" | paste -sd' '
    return
  fi
  sed -n 's|^#include "\(.*\)\.hpp"$|\1.cpp|p' "$1" | while read -r header; do [[ ! -f $header ]] || echo "$header"; done |
    paste -sd' '
}

statistic() { sed -n "s/^stat::$1: *//p" "$2" | tail -n 1; }

run_fuzz() {
  local programs program log broken=0 found file result
  install_packages "${build_set[@]}" "${fuzz_set[@]}"
  configure fuzz
  mapfile -t programs < <(harnesses | sed 's/ .*/_fuzz/')
  compile fuzz "${programs[@]}"
  printf '%-20s %8s %12s %10s %8s  %s\n' harness seconds executions per-second inputs result
  while read -r found file; do
    program=build/fuzz/bin/${found}_fuzz log=build/fuzz/$found.log result=clean
    fuzz_one "$program" "$found" "$seconds" "$log" || { result="BROKEN: see $log" broken=1; }
    printf '%-20s %8s %12s %10s %8s  %s\n' "$found" "$seconds" "$(statistic number_of_executed_units "$log")" \
      "$(statistic average_exec_per_sec "$log")" "$(find "build/fuzz/corpus/$found" "tests/fuzz/$found" -type f | wc -l)" "$result"
  done < <(harnesses)
  return "$broken"
}

run_coverage() {
  local programs found file parsers raw
  install_packages "${build_set[@]}" "${fuzz_set[@]}"
  configure coverage
  mapfile -t programs < <(harnesses | sed 's/ .*/_fuzz/')
  compile coverage "${programs[@]}"
  printf '%-20s %-44s %8s %8s %8s\n' harness parser lines missed covered
  while read -r found file; do
    read -ra parsers <<<"$(parsers_of "$file")"
    raw=build/coverage/$found.profraw
    mkdir -p "build/fuzz/corpus/$found"
    LLVM_PROFILE_FILE=$raw "build/coverage/bin/${found}_fuzz" -runs=0 "build/fuzz/corpus/$found" "tests/fuzz/$found" \
      >"build/coverage/$found.log" 2>&1 || fail "$found breaks on its corpus: build/coverage/$found.log"
    llvm-profdata-16 merge -sparse "$raw" -o "build/coverage/$found.profdata"
    llvm-cov-16 export -summary-only "build/coverage/bin/${found}_fuzz" -instr-profile="build/coverage/$found.profdata" \
      "${parsers[@]}" | python3 -c '
import json, os, sys
for row in json.load(sys.stdin)["data"][0]["files"]:
    lines = row["summary"]["lines"]
    name = os.path.relpath(row["filename"])
    count, covered = lines["count"], lines["covered"]
    print(f"{sys.argv[1]:20} {name:44} {count:8} {count - covered:8} {100 * covered / max(count, 1):7.1f}%")
' "$found"
  done < <(harnesses)
}

# Each planted bug must be found. One copy of the tree for all, with its own build: only the parser is compiled anew.
run_planted() {
  local patch found copy=build/fuzz/planted missed=0 began any=0
  install_packages "${build_set[@]}" "${fuzz_set[@]}" patch
  mkdir -p "$copy"
  find "$copy" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
  tar --exclude=./build --exclude=./.git -cf - . | tar -C "$copy" -xf -
  rm -rf "$copy/build/fuzz/corpus"
  for patch in "$copy"/tests/fuzz/planted/*.patch; do
    found=$(basename "$patch" .patch)
    [[ -f $patch && (-z $name || $name == "$found") ]] || continue
    any=1
    patch -s -p1 -d "$copy" <"$patch" || fail "$patch does not apply"
    (cd "$copy" && cmake --preset fuzz && cmake --build build/fuzz --target "${found}_fuzz") >"build/fuzz/planted.log" 2>&1 ||
      fail "$patch does not compile: build/fuzz/planted.log"
    began=$SECONDS
    if (cd "$copy" && fuzz_one "build/fuzz/bin/${found}_fuzz" "$found" "$seconds" "build/fuzz/$found.log"); then
      echo "$found: the planted bug was NOT found in $seconds s"
      missed=1
    else
      echo "$found: the planted bug was found after $((SECONDS - began)) s:" \
        "$(grep -m 1 -oE '(SUMMARY|ERROR): .*' "$copy/build/fuzz/$found.log")"
    fi
    patch -s -R -p1 -d "$copy" <"$patch"
  done
  ((any)) || fail "there is no planted bug in tests/fuzz/planted/${name:+ for $name}"
  while read -r found patch; do
    [[ -f tests/fuzz/planted/$found.patch ]] || { echo "$found: no bug is planted for this harness"; missed=1; }
  done < <(harnesses)
  return "$missed"
}

"run_$mode"
