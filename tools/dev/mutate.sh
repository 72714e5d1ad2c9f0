#!/usr/bin/env bash
# mutate: leaves out each record and each field that a feature emits, and shows that a golden plan notices.
#
#   ./dev mutate features
#
# Prints the matrix: feature, what was left out, how often, where it showed. The same runs without the matrix in every
# `./dev test`.
source "$(dirname "${BASH_SOURCE[0]}")/parts/tree.sh"
source "$root/tools/dev/parts/packages.sh"

[[ ${1:-features} == features ]] || fail "mutate knows \`features\`, not \`$1\`"
install_packages "${build_set[@]}" "${test_set[@]}"
configure dev
compile dev reconciler_tests
build/bin/reconciler_tests '[.matrix]' --reporter compact
exec build/bin/reconciler_tests '[mutate]' --reporter compact
