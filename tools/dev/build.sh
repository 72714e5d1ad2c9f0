#!/usr/bin/env bash
# build: compiles `mailstack` and its tests into build/bin/.
#
#   ./dev build [TARGET...]
#
# Installs the compiler and libraries first where they are missing. Preset `dev`: -O1, warnings are errors. A second
# run takes what ninja and ccache remember.
source "$(dirname "${BASH_SOURCE[0]}")/parts/tree.sh"
source "$root/tools/dev/parts/packages.sh"

install_packages "${build_set[@]}"
configure dev
compile dev "${@:-all}"
say "built: $(find build/bin -maxdepth 1 -type f -executable -printf '%p ' 2>/dev/null || true)"
