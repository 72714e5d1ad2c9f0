#!/usr/bin/env bash
# The spool on a disk of 8 MiB that is really full: only root can make one, in a mount namespace of its own.
set -euo pipefail
((EUID == 0)) && unshare -m true 2>/dev/null || exit 77
work=$(mktemp -d)
trap 'rmdir "$work"' EXIT
# The mount ends with the namespace.
# shellcheck disable=SC2016  # the inner shell expands it
MAILSTACK_SMALL_DISK=$work unshare -m bash -c 'mount -t tmpfs -o size=8m tmpfs "$1" && exec "$2" "[.small-disk]"' - "$work" "$2/bin/daemon_tests"
