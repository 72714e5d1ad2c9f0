#!/usr/bin/env bash
# threads: builds the daemon and its tests with TSan, runs them, and fails at the first race of threads.
#
#   ./dev threads [CTEST OPTION...]     for example: ./dev threads -R daemon_tests
#
# Not a part of `./dev test`: it compiles the daemon a third time. MAILSTACK_BUSY_SECONDS=120 makes the load longer.
source "$(dirname "${BASH_SOURCE[0]}")/parts/tree.sh"
source "$root/tools/dev/parts/packages.sh"

install_packages "${build_set[@]}" "${test_set[@]}"
say "building the daemon and its tests with TSan (preset tsan)"
configure tsan -DMAILSTACK_THREAD_TESTS=ON
compile tsan thread_tests
say "testing"
cd build/tsan
# One after the other: a program is ten times slower than without TSan, and the tests' limits of time are not.
exec ctest --output-on-failure --no-tests=error -L threads "$@"
