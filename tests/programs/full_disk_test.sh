#!/usr/bin/env bash
# The disk is full while a certificate's directory is to be replaced: the old pair stays whole, nothing half stays beside it, the
# run says why, and ends it once there is room. On a tmpfs of 64 KiB in a mount namespace of its own.
if [[ ${3:-} != mounted ]]; then
  ((EUID == 0)) || { echo 'skipped: a mount of one'\''s own needs root' && exit 77; }
  unshare --mount true 2>/dev/null || { echo 'skipped: no mount namespace can be made here' && exit 77; }
  exec unshare --mount --propagation private -- bash "$0" "$1" "$2" mounted
fi
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$1" "$2"
command -v openssl >/dev/null || { echo 'skipped: openssl is not installed' && exit 77; }

tree=root/etc/mailstackd certs=root/etc/mailstackd/certs/example.org
take_down() { umount "$work/$tree" 2>/dev/null; }
at_exit+=(take_down)
mkdir -p "$tree"
mount -t tmpfs -o size=64k,mode=755 mailstack-test "$tree"
fill() { dd if=/dev/zero of="$tree/filler" bs=4k 2>/dev/null; }
serial() { openssl x509 -in "$certs/fullchain.pem" -noout -serial; }
public_of_key() { openssl pkey -in "$certs/privkey.pem" -pubout; }
public_of_leaf() { openssl x509 -in "$certs/fullchain.pem" -noout -pubkey; }
whole() { [[ $(public_of_key) == "$(public_of_leaf)" ]] || fail 'the key is that of the certificate'; }
only_certs() { [[ -z $(find "$tree" -maxdepth 1 -name '.*' ! -path "$tree") ]] || fail "left over: $(ls -A "$tree")"; }

small_manifest
cat >>mailstack.yaml <<'YAML'
issuers:
  here: {type: local-ca}
certificates:
  example.org: {names: [example.org], issuer: here}
YAML

# Before the first pair is there: none at all, rather than half of one.
mkdir -p "$tree/certs"
fill
run apply --yes
expect 6
says 'No space left on device'
[[ ! -e $certs ]] || fail 'no half pair'
holds zones/example.org.zone 'www'
only_certs
rm "$tree/filler"
run apply --yes
expect 0
whole

first=$(serial)
sed -i 's/names: \[example.org\]/names: [example.org, mail.example.org]/; s/203.0.113.80/203.0.113.81/' mailstack.yaml
fill
run apply --yes
expect 6
says 'No space left on device'
[[ $(serial) == "$first" ]] || fail 'the old pair stays'
whole
holds zones/example.org.zone '203.0.113.81'
only_certs
# Still: and nothing else to do.
run apply --yes
[[ $code == 1 || $code == 4 ]] || fail 'it is still full'
says 'No space left on device'
whole

rm "$tree/filler"
run apply --yes
expect 0
[[ $(serial) != "$first" ]] || fail 'a new certificate'
whole
only_certs
run plan
expect 0
says 'Plan: 0 to add, 0 to change, 0 to remove;'
finish
