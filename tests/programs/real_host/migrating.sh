# shellcheck shell=bash
# Runs inside the host of real_host_migrating_test.sh.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
page=$source_directory/docs/migrating-from-chasquid.md
ip link set lo up
# /usr is the machine's here and cannot be written: the program stands elsewhere, and the unit says so.
mkdir -p /srv/bin && cp "$binary_directory/bin/mailstackd" /srv/bin/
export PATH=/srv/bin:$PATH
cd "$source_directory" || exit 1

# block NUMBER [yaml]: that fenced block of the steps, as the page has it.
block() {
  awk -v number="$1" -v form="${2:-}" '
    /^## Step by step/ { steps = 1 }
    /^## Back again/ { steps = 0 }
    !steps { next }
    /^ *```/ {
      open = !open
      mine = open && substr($1, 4) == form && ++seen == number
      next
    }
    open && mine { sub(/^   /, ""); print }' "$page"
}
does() {
  out=$("$@" 2>&1)
  code=$?
}
as_chasquid() { runuser -u chasquid -- env PATH="$PATH" bash -c "$1"; }
login='--auth-password correct-horse --auth PLAIN'
# served PORT WHO: who greets there.
served() {
  for _ in $(seq 100); do
    does swaks --server "127.0.0.1:$1" --quit-after BANNER
    [[ $code != 0 ]] || break
    sleep 0.1
  done
  says "$2"
}

# A tree as chasquid's own tools make it.
cat >>/etc/chasquid/chasquid.conf <<'CONF'
hostname: "mx.example.org"
mail_delivery_agent_bin: "/usr/bin/tee"
mail_delivery_agent_args: "-a"
mail_delivery_agent_args: "/var/lib/mailstackd/arrived"
CONF
mkdir -p /etc/chasquid/{domains/example.org,certs/mx.example.org}
chasquid-util user-add ann@example.org --password=correct-horse >/dev/null
echo 'postmaster: ann' >/etc/chasquid/domains/example.org/aliases
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=mx.example.org -addext subjectAltName=DNS:mx.example.org \
  -keyout /etc/chasquid/certs/mx.example.org/privkey.pem -out /etc/chasquid/certs/mx.example.org/fullchain.pem 2>/dev/null
chgrp -R chasquid /etc/chasquid && chmod -R g+rX /etc/chasquid
systemctl enable --now chasquid-smtp.socket chasquid-submission.socket chasquid-submission_tls.socket chasquid.service 2>/dev/null
served 25 'ESMTP chasquid'

# The account, the look.
does bash -c "$(block 1)"
expect 0
getent passwd mailstackd >/dev/null || fail 'an account of its own'
does bash -c "$(block 2)"
expect 0
says 'can be served'

# The trial, beside chasquid.
does as_chasquid "$(block 3)"
expect 0
block 1 yaml >/tmp/trial/mailstackd.yaml
as_chasquid "exec $(block 4)" >/tmp/trial.log 2>&1 &
served 2525 'ESMTP'
does bash -c "$(block 5 | sed "s/^swaks.*/& $login/")"
expect 0
says 'queued as'
says '127.0.0.1:2465'
for _ in $(seq 50); do compgen -G '/tmp/trial/mail/example.org/ann/new/*' >/dev/null && break; sleep 0.1; done
compgen -G '/tmp/trial/mail/example.org/ann/new/*' >/dev/null || fail "the trial delivers into maildirs of its own: $(</tmp/trial.log)"
holds /tmp/trial.log 'all done'
served 25 'ESMTP chasquid'
does mailstackd stop --config /tmp/trial
expect 0
wait

# The change over.
does bash -ec "$(block 6 | sed '/mailstackd.service$/a sed -i s,/usr/local/bin/,/srv/bin/, /etc/systemd/system/mailstackd.service')"
expect 0
says 'ready'
says 'submission'
served 25 'ESMTP'
silent 'chasquid'
does bash -c "swaks --server 127.0.0.1:465 --tlsc --auth-user ann@example.org --from ann@example.org --to postmaster@example.org $login"
expect 0
for _ in $(seq 50); do [[ ! -s /var/lib/mailstackd/arrived ]] || break; sleep 0.1; done
holds /var/lib/mailstackd/arrived 'This is a test mailing'
[[ $(stat -c %U /proc/"$(systemctl show -p MainPID --value mailstackd)") == chasquid ]] || fail 'the account is chasquid'

# And back.
does bash -ec "$(sed -n '/^## Back again/,$s/^[12]\. `\(systemctl [^`]*\)`.*/\1/p' "$page")"
expect 0
served 25 'ESMTP chasquid'
finish
