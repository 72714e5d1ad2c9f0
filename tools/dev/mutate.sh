#!/usr/bin/env bash
# mutate: leaves out one thing after the other, and shows that a test notices.
#
#   ./dev mutate features     each record and each field that a feature emits; golden plans notice
#   ./dev mutate smtp         each row of the daemon's command table, each of its needs, each early return; dialogues notice
#
# Prints the matrix: what was left out, how often, where it showed. The runs for features are part of every `./dev test`,
# without the matrix.
source "$(dirname "${BASH_SOURCE[0]}")/parts/tree.sh"
source "$root/tools/dev/parts/packages.sh"

what=${1:-features}
[[ $what == features || $what == smtp ]] || fail "mutate knows \`features\` and \`smtp\`, not \`$what\`"
install_packages "${build_set[@]}" "${test_set[@]}"
configure dev
if [[ $what == smtp ]]; then
  compile dev dialogue_tests
  exec python3 tools/dev/mutate_smtp.py "$root" build
fi
compile dev reconciler_tests
build/bin/reconciler_tests '[.matrix]' --reporter compact
exec build/bin/reconciler_tests '[mutate]' --reporter compact
