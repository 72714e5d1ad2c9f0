# shellcheck shell=bash
# The tree that the commands work on, how they speak, and how they build. Sourced, never run.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
cd "$root"

# ccache may share objects between checkouts only where paths are relative to the tree.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros

say() { printf '\n== %s\n' "$*" >&2; }

fail() {
  printf 'dev: %s\n' "$*" >&2
  exit 1
}

# configure PRESET [CMAKE OPTION...]: quiet unless it fails; CMake itself notices what is up to date.
configure() {
  local preset=$1 log
  shift
  log=$(mktemp)
  if ! cmake --preset "$preset" "$@" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    fail "cmake --preset $preset failed: see above"
  fi
  rm -f "$log"
}

# binary_directory PRESET: where CMakePresets.json puts it.
binary_directory() {
  case $1 in
    dev) echo build ;;
    *) echo "build/$1" ;;
  esac
}

# compile PRESET TARGET...: on all processors.
compile() {
  local directory
  directory=$(binary_directory "$1")
  cmake --build "$directory" --target "${@:2}" >&2
}
