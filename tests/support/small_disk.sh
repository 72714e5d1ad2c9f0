# shellcheck shell=bash
# Runs the script that sources this again, in a mount namespace of its own with a small disk (tmpfs) at $MAILSTACK_SMALL_DISK. Sourced
# first, with the script's arguments and the size; returns with MAILSTACK_SMALL_DISK unset where nobody may mount one.
#
#   small_disk SIZE ARGUMENT...
small_disk() {
  local size=$1 own=(unshare -m) disk code
  shift
  ((EUID == 0)) || own=(unshare -rm)
  if [[ -n ${MAILSTACK_SMALL_DISK:-} ]]; then
    mount -t tmpfs -o "size=$size" tmpfs "$MAILSTACK_SMALL_DISK" || exit 1
  elif "${own[@]}" true 2>/dev/null; then
    disk=$(mktemp -d)
    MAILSTACK_SMALL_DISK=$disk "${own[@]}" bash "$0" "$@"
    code=$?
    rmdir "$disk" # the mount ended with the namespace
    exit "$code"
  fi
}
