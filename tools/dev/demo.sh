#!/usr/bin/env bash
# demo: shows on one domain what mailstack does, from the manifest to a repaired record; leaves nothing behind.
#
#   ./dev demo           zones are files; needs no root beyond installing the compiler
#   ./dev demo --real    a whole host in namespaces: systemd as PID 1, chasquid, PowerDNS, a CA, a mail that arrives, a
#                        certificate that its timer renews. Needs root; about three minutes
#   ./dev demo --slow    waits for Enter after each step
#
# Works in a temporary directory on a copy of examples/mailstack.yaml: nothing of this machine is touched.
source "$(dirname "${BASH_SOURCE[0]}")/parts/tree.sh"
source "$root/tools/dev/parts/packages.sh"
source "$root/tests/support/real_host.sh"

real=false slow=false
for option in "$@"; do
  case $option in
    --real) real=true ;;
    --slow) slow=true ;;
    *) fail "demo knows --real and --slow, not \`$option\`" ;;
  esac
done

if $real && ((EUID != 0)); then fail "\`demo --real\` boots a systemd in namespaces, and needs root: sudo ./dev demo --real"; fi
install_packages "${build_set[@]}" "${demo_set[@]}"
if $real; then install_packages "${demo_real_set[@]}"; fi
configure dev
compile dev mailstack mailstackd
mailstack=$root/build/bin/mailstack

if $real; then
  if why=$(real_host_missing); then fail "demo --real: $why"; fi
  trap stop_real_host EXIT
  trap 'exit 130' INT TERM
  start_real_host "$root"
  inside bash "$root/tools/dev/parts/real_demo.sh" "$root" "$($slow && echo yes || echo no)"
  say "That was all; the host is gone again. Next: README.md, \`build/bin/mailstack --help\`, \`mailstack init YOUR-DOMAIN\`."
  exit 0
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/mailstack-demo.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cd "$work"
export NO_COLOR=${NO_COLOR-$([[ -t 1 ]] || echo 1)}
[[ -n $NO_COLOR ]] || unset NO_COLOR

tell() { printf '\n\033[1m%s\033[0m\n' "$*" | if [[ -t 1 ]]; then cat; else sed 's/\x1b\[[0-9;]*m//g'; fi; }

# step WANTED COMMAND...: shows the command, runs it, and insists on its exit code.
step() {
  local wanted=$1 code=0
  shift
  printf '$ mailstack %s\n' "$*"
  "$mailstack" "$@" --state state --root "$work/host" --as mx1 || code=$?
  [[ $code == "$wanted" ]] || fail "demo: \`mailstack $*\` ended with $code and not with $wanted: see above"
  ((code == 0)) || printf '(exit %s)\n' "$code"
  if $slow; then read -rp 'Enter goes on. '; fi
}

cp -R "$root/examples/." .
# A password that the last step knows.
# shellcheck disable=SC2016  # Python in it, not the shell
python3 -c 'import base64, hashlib
salt = b"0123456789abcdef"
text = lambda octets: base64.b64encode(octets).decode().rstrip("=")
key = hashlib.scrypt(b"demo password", salt=salt, n=1 << 14, r=8, p=1, dklen=32, maxmem=1 << 26)
print(f"$scrypt$ln=14,r=8,p=1${text(salt)}${text(key)}")' >'secrets/i@wac.tax'
mkdir -p host

tell "1. The manifest: one file that says what should be. This is examples/mailstack.yaml without its comments."
sed 's/ *#.*//;/^ *$/d' mailstack.yaml

tell "2. Is it right? Offline, in milliseconds."
step 0 validate

tell "3. What would change, and why? Nothing is written."
step 0 plan

tell "4. Do it. Every write is announced in the journal, and looked at afterwards."
step 0 apply --yes

tell "5. What stands there now."
printf '$ cat zones/wac.tax.zone\n'
cut -c1-120 zones/wac.tax.zone
printf '$ find host -type f\n'
find host -type f | sort

tell "6. Again: there is nothing left to do."
step 0 plan --detailed-exitcode

sleep 1 # so that the looks before and after have different times
tell "7. Somebody edits a record by hand: DMARC is weakened to p=none."
sed -i 's/"v=DMARC1; p=quarantine[^"]*"/"v=DMARC1; p=none"/' zones/wac.tax.zone
grep -q 'p=none' zones/wac.tax.zone || fail "demo: the edit did not hit"
step 2 drift

tell "8. Repair what the world changed. A timer would run this; what a new manifest asks it never does."
step 0 reconcile --yes

tell "9. All is as it was applied, and the history says what happened."
step 0 drift
step 0 history --limit 8

tell "10. And a mail: mailstackd takes the tree that apply wrote, signs by the key whose record is in the zone, and delivers."
python3 "$root/tools/dev/parts/demo_mail.py" "$root" "$work"

tell "That was all; $work is removed again. Next: README.md, \`build/bin/mailstack --help\`, \`mailstack init YOUR-DOMAIN\`."
