#!/usr/bin/env bash
# The disk of mailstackd fills up: new mail is answered with 452 while a reserve is free, nothing is lost, not by kill -9 either, nor when others
# take the rest; what is kept can leave from a disk without any room, and new mail is taken again.
# shellcheck source=tests/support/small_disk.sh
source "$1/tests/support/small_disk.sh"
small_disk 32m "$@"
[[ -n ${MAILSTACK_SMALL_DISK:-} ]] || { echo 'skipped: nobody may mount a small disk here' && exit 77; }
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
# shellcheck source=tests/support/mail_host.sh
source "$1/tests/support/mail_host.sh"
# shellcheck source=tests/support/marked_mail.sh
source "$1/tests/support/marked_mail.sh"
disk=$MAILSTACK_SMALL_DISK
# Of what is free on it, KiB.
room() { df --output=avail -k "$disk" | tail -n 1; }
reserve=$((32 * 1024 * 5 / 100))
refused() {
  out=$(timeout 60 "${marked[@]}" send "${smtp[ours]}" marks --connections "$1" --until-refused)
  says 'refused: 452 4.3.1'
}

marked_sink marks
relay_host ours 1
sed -i "s|^spool: .*|spool: $disk/spool|" ours/conf/mailstackd.yaml
start_relay ours
refused 4
echo "refused with $(room) KiB free of 32768; the reserve is $reserve KiB; $(tail -n 1 <<<"$out")"
(($(room) >= reserve)) || fail "$(room) KiB are left, less than the reserve"
(($(room) < 3 * reserve)) || fail "$(room) KiB are free: too early"
refused 1

stop_host ours KILL
start_relay ours
refused 1
(($(room) >= reserve * 9 / 10)) || fail "a start on a full disk took of the reserve: $(room) KiB are left"

# Others take the rest.
dd if=/dev/zero of="$disk/foreign" bs=4k 2>/dev/null
refused 1
sed -i "s/port: 1,/port: $port,/" ours/conf/mailstackd.yaml
kill -HUP "${host_pid[ours]}"
all_came || { out=$(tail -n 5 ours/mail.log) && fail 'what is kept should leave'; }
wait_for queue_is_empty ours || fail 'the queue should become empty'
rm "$disk/foreign"
sleep 0.5 # the spool looks at its disk four times a second
timeout 60 "${marked[@]}" send "${smtp[ours]}" marks --messages 50 >again
out=$(<again)
silent refused
all_came || fail 'new mail should come'
out=$(marked count marks)
echo "$out"
[[ $out == *' 0 lost, '* ]] || fail 'nothing should be lost'
stop_host ours
expect 0
finish
