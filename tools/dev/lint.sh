#!/usr/bin/env bash
# lint: form and habits: clang-format, clang-tidy, headers compile alone, shellcheck, words that must not be left.
#
#   ./dev lint          clang-tidy on what differs from the main branch (on it: from the commit before); the rest whole
#   ./dev lint --all    clang-tidy on every source
#   ./dev lint --fix    lets clang-format rewrite first
#
# A source that clang-tidy found clean is not looked at again until it, a header of it or .clang-tidy changes.
source "$(dirname "${BASH_SOURCE[0]}")/parts/tree.sh"
source "$root/tools/dev/parts/packages.sh"

all=false fix=false
for option in "$@"; do
  case $option in
    --all) all=true ;;
    --fix) fix=true ;;
    *) fail "lint knows --all and --fix, not \`$option\`" ;;
  esac
done
install_packages "${build_set[@]}" "${lint_set[@]}"

failed=()
check() { # check NAME COMMAND...: runs it, and remembers a failure so that all of them are told at once
  local name=$1
  shift
  say "$name"
  "$@" || failed+=("$name")
}

sources() { { find core yaml providers reconciler daemon tests -name '*.cpp' 2>/dev/null || true; } | sort; }
headers() { { find core yaml providers reconciler daemon tests -name '*.hpp' 2>/dev/null || true; } | sort; }
scripts() { { echo dev; echo .ci/run; find tools tests cmake packaging examples -name '*.sh' 2>/dev/null || true; } | sort; }

# Sources that differ from the main branch, and those of changed headers (same stem).
changed_sources() {
  local base
  if ! git rev-parse -q --verify HEAD >/dev/null 2>&1; then
    sources
    return
  fi
  base=$(git merge-base HEAD origin/main 2>/dev/null || git merge-base HEAD main 2>/dev/null || git rev-parse HEAD)
  if [[ $base == "$(git rev-parse HEAD)" ]]; then base=$(git rev-parse -q --verify HEAD~1 || echo "$base"); fi
  { git diff --name-only "$base"; git ls-files --others --exclude-standard; } |
    sed -n 's/\.[ch]pp$//p' | sort -u | while read -r stem; do [[ ! -f $stem.cpp ]] || echo "$stem.cpp"; done
}

check_format() { { sources; headers; } | xargs -r clang-format-16 --dry-run --Werror; }

# Runs clang-tidy on one source; $1. What is clean is remembered by the digest of all that it saw.
tidy_one() {
  local source=$1 digest output
  digest=$({ cat .clang-tidy; clang++-16 -std=c++20 -I. -Ibuild/tidy/generated -DMAILSTACK_SOURCE_DIR='""' \
    -E -P "$source" 2>/dev/null; cat "$source"; } | sha256sum | cut -c1-32)
  [[ ! -f build/tidy/clean/$digest ]] || return 0
  if output=$(clang-tidy-16 -p build/tidy --quiet "$source" 2>&1); then
    : >"build/tidy/clean/$digest"
  else
    grep -v ' warnings\? generated\|^Suppressed\|^Use -header-filter' <<<"$output" >&2
    return 1
  fi
}

check_tidy() {
  local list
  if $all; then list=$(sources); else list=$(changed_sources); fi
  # Sources that no target compiles have no compile command; nothing of ours is one of them.
  list=$(grep -vE '^tests/(laws|fuzz)/' <<<"$list" || true)
  [[ -n $list ]] || { echo "no source differs: nothing to do (--all looks at every one)" >&2; return 0; }
  configure tidy -DMAILSTACK_FUZZ=ON
  mkdir -p build/tidy/clean
  export -f tidy_one
  # shellcheck disable=SC2016  # expanded by the inner shell
  printf '%s\n' "$list" | xargs -P "$(nproc)" -I{} bash -c 'tidy_one "$1"' _ {}
}

# Compiles a source that holds nothing but one header.
header_alone() {
  local header=$1 unit
  unit=build/headers/${header%.hpp}.cpp
  mkdir -p "$(dirname "$unit")"
  [[ -f $unit ]] || printf '#include "%s"\n' "$header" >"$unit"
  ccache g++ -std=c++20 -Wall -Wextra -Wpedantic -Wshadow -Werror -I. -Ibuild/generated \
    -DMAILSTACK_SOURCE_DIR='""' -c "$unit" -o "${unit%.cpp}.o" || {
    echo "$header does not compile alone" >&2
    return 1
  }
}

check_headers() {
  export -f header_alone
  # shellcheck disable=SC2016  # expanded by the inner shell
  headers | xargs -r -P "$(nproc)" -I{} bash -c 'header_alone "$1"' _ {}
}

check_shell() { scripts | xargs shellcheck -x -P SCRIPTDIR; }

# Words that promise work instead of doing it, and names that say nothing (CONTRIBUTING.md).
check_words() {
  local bad=0
  if grep -rnEw 'TODO|FIXME|XXX|HACK' core yaml providers reconciler daemon tests tools cmake docs .ci dev ./*.md --include='*' \
    --exclude=lint.sh 2>/dev/null; then bad=1; fi
  if find core yaml providers reconciler daemon tests tools | grep -E '/[^/]*(util|helper|manager|handler|common|_impl)[^/]*$'; then bad=1; fi
  return $bad
}

if $fix; then { sources; headers; } | xargs -r clang-format-16 -i; fi
check "clang-format" check_format
check "words" check_words
check "shellcheck" check_shell
check "headers compile alone" check_headers
check "clang-tidy" check_tidy

((${#failed[@]} == 0)) || fail "not clean: $(printf '%s; ' "${failed[@]}")"
say "lint: clean"
