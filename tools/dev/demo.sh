#!/usr/bin/env bash
# demo: shows on one domain what mailstack does, from the manifest to a repaired record; leaves nothing behind.
#
#   ./dev demo          the zone is a file
#   ./dev demo --real   the zone is held by a PowerDNS that is started for it, and asked by DNS
#
# Builds `mailstack` first. Needs no privileges: state, keys and configuration go to a temporary directory. Ends with
# a failure where one of the steps does not do what it says.
source "$(dirname "${BASH_SOURCE[0]}")/parts/tree.sh"
source "$root/tools/dev/parts/packages.sh"

real=
case ${1:-} in
  '') ;;
  --real) real=yes ;;
  *) fail "demo: there is no option \`$1\`; \`./dev help demo\`" ;;
esac

if [[ $real ]]; then
  install_packages "${build_set[@]}" git pdns-server pdns-backend-sqlite3 sqlite3 curl bind9-dnsutils
else
  install_packages "${build_set[@]}" git
fi
configure dev
compile dev mailstack

work=$(mktemp -d "${TMPDIR:-/tmp}/mailstack-demo.XXXXXX")
powerdns_pid=
source "$root/tests/support/powerdns.sh"
clean_up() {
  stop_powerdns
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# The repository, the state and the user's git settings of this demonstration.
export HOME=$work/home GIT_CONFIG_NOSYSTEM=1
mkdir -p "$HOME" "$work/mail"
cp -r examples/. "$work/mail"
cd "$work/mail"
PATH=$root/build/bin:$PATH
unset XDG_STATE_HOME

bold='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then bold=$'\e[1m' plain=$'\e[0m'; fi
step=0
tell() {
  step=$((step + 1))
  printf '\n%s── %s. %s%s\n' "$bold" "$step" "$1" "$plain"
  shift
  printf '   %s\n' "$@"
}
# show EXIT_CODE WORDS...: a command as one types it, what it says, and whether it ended as announced.
show() {
  local expected=$1 code=0
  shift
  printf '\n%s$ mailstack %s%s\n' "$bold" "$*" "$plain"
  mailstack "$@" --root "$work/host" --state "$work/state" </dev/null || code=$?
  printf '(exit code %s)\n' "$code"
  ((code == expected)) || fail "exit code $expected was expected"
}

if [[ $real ]]; then
  start_powerdns "$work/powerdns"
  create_zone wac.tax.
  export POWERDNS_KEY=$powerdns_key
  sed -i "s|local: {type: zonefile.*|local: {type: powerdns, url: \"$powerdns_url\", key: {env: POWERDNS_KEY}}|
          s|^\( *\)provider: local$|&\n\1servers: [\"127.0.0.1:$powerdns_port\"]|" mailstack.yaml
  zone="in PowerDNS $(dpkg-query -W -f '${Version}' pdns-server), at $powerdns_url"
else
  zone="in the file zones/wac.tax.zone"
fi
git init -q .
git add -A
git -c user.name=demo -c user.email=demo@localhost commit -qm "The manifest"

cat <<TEXT

mailstack reads one file that says what a mail stack should be, and makes the world agree. This is the file, without
its comments. The zone of wac.tax is held $zone.

TEXT
sed -n 's/ *#.*//; /[^ ]/p' mailstack.yaml | sed 's/^/    /'

tell 'Is the file right?' 'Syntax, names, SPF and its look-ups, aliases and much more; offline.'
show 0 validate

tell 'What would change, and why?' \
  'Each record names its reason and the line that asked for it. Nothing is written.'
show 0 plan

tell 'Do it.' \
  'Keys are made on this host and never leave it; each write is announced in a journal, and looked at afterwards.'
show 0 apply --yes
if [[ $real ]]; then
  printf '\nWhat the name server answers now:\n'
  dig +short -p "$powerdns_port" @127.0.0.1 wac.tax MX
  dig +short -p "$powerdns_port" @127.0.0.1 _dmarc.wac.tax TXT
else
  printf '\nThe zone, as it is now:\n'
  sed -n '/ MX \| A /p' zones/wac.tax.zone | sed 's/^/    /'
fi
printf '\nAnd on the host:\n'
(cd "$work/host" && find etc -type f | sort | sed 's/^/    /')

tell 'The second plan is empty.' 'That is how one knows that the first apply did all of it.'
show 0 plan --detailed-exitcode

tell 'Somebody changes a record by hand.' 'The address of wac.tax, in its zone; mailstack was not asked.'
if [[ $real ]]; then
  curl -sf -X PATCH -H "X-API-Key: $powerdns_key" -H 'Content-Type: application/json' -o /dev/null \
    -d '{"rrsets":[{"name":"wac.tax.","type":"A","ttl":300,"changetype":"REPLACE","records":[{"content":"203.0.113.99","disabled":false}]}]}' \
    "$powerdns_url/api/v1/servers/localhost/zones/wac.tax."
else
  sed -i 's/203\.0\.113\.80/203.0.113.99/' zones/wac.tax.zone
fi
printf '\n    wac.tax A 203.0.113.80 → 203.0.113.99\n'

tell 'drift names it.' 'What stood there, what stands there, and between which two looks it happened. Exit code 2.'
show 2 drift

tell 'reconcile puts it back.' \
  'This is what a timer runs: it repairs, and never does what only a new manifest asks.'
show 0 reconcile --yes
show 0 drift

tell 'What happened here?' 'The journal knows, and the branch mailstack/mx1 beside the manifest has it for others.'
show 0 history wac.tax./A/
printf '\n%s$ git log --oneline mailstack/mx1%s\n' "$bold" "$plain"
git log --oneline mailstack/mx1

printf '\nThat was all of it; %s is removed again. Your own: mailstack init example.org\n' "$work"
