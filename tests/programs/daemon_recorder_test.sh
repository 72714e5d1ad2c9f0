#!/usr/bin/env bash
# The disk calls of mailstackd itself are recorded while mail comes in, is deferred, refused and delivered, over a stop and a start; after each
# call everything unsynced is dropped, and the spool that is left has every message that was acknowledged and not delivered. Where syncs do
# nothing, losses are reported. It runs on a small disk of its own, where segments are small and come and go; where nobody may mount one,
# segments are large and only every 20th call is looked at. MAILSTACK_RECORDED_MESSAGES=1000 is a long form.
# shellcheck source=tests/support/small_disk.sh
source "$1/tests/support/small_disk.sh"
small_disk 64m "$@"
every=20
[[ -z ${MAILSTACK_SMALL_DISK:-} ]] || { export TMPDIR=$MAILSTACK_SMALL_DISK && every=1; }
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
# shellcheck source=tests/support/mail_host.sh
source "$1/tests/support/mail_host.sh"
# shellcheck source=tests/support/marked_mail.sh
source "$1/tests/support/marked_mail.sh"
messages=${MAILSTACK_RECORDED_MESSAGES:-80}

# record NAME [VARIABLE=VALUE]: mail through a host of that name; the trace is NAME.trace.
record() {
  local name=$1 half
  shift
  marked_sink "$name.trace" --defer 0.2 --refuse 0.05
  relay_host "$name" "$port"
  mkdir "$name/spool"
  for half in 1 2; do
    start_relay "$name" env LD_PRELOAD="$binary_directory/bin/libdisk_recorder.so" DISK_RECORDER_ROOT="$work/$name/spool" \
      DISK_RECORDER_TRACE="$work/$name.trace" "$@"
    marked send "${smtp[$name]}" "$name.trace" --connections 4 --messages $((messages / 2)) >"$name/load"
    ((half == 1)) || wait_for queue_is_empty "$name" || fail "the queue of $name does not become empty"
    stop_host "$name"
    expect 0
  done
}

record honest
out=$("$binary_directory/bin/spool_replay" honest.trace "$every" 1)
code=$?
expect 0
echo "mailstackd: $out"
record lying DISK_RECORDER_LIE=1
out=$("$binary_directory/bin/spool_replay" lying.trace 7 0)
code=$?
[[ $code == 1 ]] || fail 'syncs that do nothing should be found out'
echo "mailstackd whose syncs do nothing: $out"
finish
