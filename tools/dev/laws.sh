#!/usr/bin/env bash
# laws: breaks each law of the engine and of the daemon in turn, and shows that exactly the test written for it notices.
#
#   ./dev laws [engine|daemon] [NAME...]       for example: ./dev laws daemon 02
#
# tests/laws/*/*.patch are small mistakes in production code (at most ten changed lines, compiling). Each is applied to a
# copy of the tree in build/laws/, built and tested there. The test named in the first line of the patch must fail by an
# assertion; beside it only golden plans may. Property tests and tests with real servers are left out.
source "$(dirname "${BASH_SOURCE[0]}")/parts/tree.sh"
source "$root/tools/dev/parts/packages.sh"

install_packages "${build_set[@]}" "${test_set[@]}" patch
exec python3 tools/dev/laws.py "$root" "$@"
