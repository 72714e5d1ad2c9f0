#!/usr/bin/env bash
# What happens by hand to the files of a host: drift says it as applied → as found, reconcile mends it; and a domain that leaves
# takes its folder along.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"

run init example.org
expect 0
run user add rx@example.org --no-password
expect 0
run apply --yes
expect 0
conf=root/etc/mailstackd domain=root/etc/mailstackd/domains/example.org
run plan
says 'Plan: 0 to add, 0 to change, 0 to remove'

# A signing key that vanished waits until its TXT was seen for long enough: drift says until when, and why.
key=$(ls "$domain"/dkim:*r.pem)
mv "$key" aside.pem
run drift
expect 2
says 'comes back at'
says 'once its TXT has been seen for 1h'
run history --limit 1
says 'was changed by hand: gone'
mv aside.pem "$key"
run plan
says 'Plan: 0 to add, 0 to change, 0 to remove'

mode=$(stat -c %a "$domain/users")
chmod 666 "$domain/users"
sed -i 's/^max_data_size_mb: 50/max_data_size_mb: 25/' $conf/chasquid.conf
run plan
says 'mode 0666 → 0640'
says '- max_data_size_mb: 25'
run drift
expect 2
says '~ user rx@example.org'
says 'mode 0640 → 0666'
says '- max_data_size_mb: 50'
says '+ max_data_size_mb: 25'
# History says what drift says, and nothing that only a state holds.
run history rx@example.org
says 'was changed by hand: mode 0640 → 0666'
run reconcile --yes
expect 0
[[ $(stat -c %a "$domain/users") == 640 && $mode == 640 ]] || fail 'the users file must be closed again'
holds $conf/chasquid.conf 'max_data_size_mb: 50'
run drift
expect 0

# A key that is gone is gone, though its copy is still there; the mode of one is told in the right direction.
# (Signing copies come with a later run, when the record was seen.)
run apply --yes
expect 0
waiting=$(echo root/var/lib/mailstack/dkim/example.org/*r.pem)
[[ -s $waiting ]] || fail 'a waiting key'
cp "$waiting" kept.pem
chmod 644 "$waiting"
run drift
expect 2
says 'mode 0600 → 0644'
run plan
says 'mode 0644 → 0600'
silent 'TXT'
rm "$waiting"
run drift
expect 2
says '(waiting) is gone'
run reconcile --yes
expect 0
cmp -s "$waiting" kept.pem || fail 'the key must be taken back from its copy'

# A link stays a link.
mv "$domain/users" stored-users
mkdir -p root/srv && mv stored-users root/srv/users
ln -s /srv/users "$domain/users"
run user add more@example.org --no-password
expect 0
run apply --yes
expect 0
[[ -L $domain/users ]] || fail 'the link must stay'
holds root/srv/users 'more'
rm "$domain/users" && mv root/srv/users "$domain/users"

# The manifest too.
mv mailstack.yaml stage.yaml && ln -s stage.yaml mailstack.yaml
run alias add more@example.org rx
expect 0
[[ -L mailstack.yaml ]] || fail 'the link of the manifest must stay'
holds stage.yaml 'more: rx'

# A domain that leaves: with something of others in its folder, the folder stays and the warning says so.
echo '# by hand' >"$domain/notes"
sed -i 's/^  example.org:/  example.org:\n    state: absent/' stage.yaml
run apply --yes --allow user --allow mx --allow dkim --allow spf --allow deletes
expect 0
says "folder /etc/mailstackd/domains/example.org"
says 'it holds notes, which is not ours'
says 'takes mail for example.org while the folder stands'
[[ -e $domain/notes && ! -e $domain/users && ! -e $domain/aliases ]] || fail 'only what is not ours stays'
run plan
silent 'folder'

# The other one leaves nothing.
sed -i 's/^    state: absent/    state: present/' stage.yaml
rm "$domain/notes"
run apply --yes
expect 0
[[ -s $domain/users ]] || fail 'the domain is back'
sed -i 's/^    state: present/    state: absent/' stage.yaml
run plan
says '- folder /etc/mailstackd/domains/example.org'
run apply --yes --allow user --allow mx --allow dkim --allow spf --allow deletes
expect 0
silent 'stays:'
[[ ! -e $domain ]] || fail 'the folder must go with the domain'

# --root is in front of every path of the host, a provider's too; a relative one stays beside the manifest.
mkdir elsewhere && cd elsewhere || exit 1
small_manifest
sed -i "s|mx1:|mx9:|; s|directory: zones|directory: $work/elsewhere/abs|" mailstack.yaml
out=$("$mailstack" apply --yes --state "$work/elsewhere/state" --root "$work/elsewhere/root" 2>&1) code=$?
expect 0
[[ -s root$work/elsewhere/abs/example.org.zone && ! -e abs ]] || fail 'the zone file must lie below --root'
finish
