#!/usr/bin/env bash
# demo: shows on one domain what mailstack does, from the manifest to a repaired record; leaves nothing behind.
source "$(dirname "${BASH_SOURCE[0]}")/parts/tree.sh"
fail "the demo is not built yet: it needs the command line"
