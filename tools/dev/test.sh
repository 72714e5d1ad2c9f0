#!/usr/bin/env bash
# test: builds everything and runs every test, the unit, golden and fault tests a second time under ASan and UBSan.
#
#   ./dev test [CTEST OPTION...]        for example: ./dev test -R spf
#
# Installs what is missing: the compiler, the libraries, and the real servers that the tests talk to. Ends in ctest's
# summary. The sanitized programs are tests of the same run, named `sanitized: …`.
source "$(dirname "${BASH_SOURCE[0]}")/parts/tree.sh"
source "$root/tools/dev/parts/packages.sh"

install_packages "${build_set[@]}" "${test_set[@]}"
say "building (preset dev)"
configure dev -DMAILSTACK_SANITIZED_TESTS=ON
compile dev all
say "building the tests again with ASan and UBSan (preset asan)"
configure asan
compile asan sanitized_tests
say "testing"
cd build
exec ctest --output-on-failure --no-tests=error -j "$(nproc)" "$@"
