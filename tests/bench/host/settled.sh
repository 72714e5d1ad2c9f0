# shellcheck shell=bash
# Runs inside the host of host_bench.sh.
set -euo pipefail
root=$1 bin=$2
# Rows go to standard output; whatever else is said does not.
exec 3>&1 1>&2
source "$root/tests/bench/measure.sh"
source "$root/tests/support/powerdns.sh"
source "$root/tests/support/pebble.sh"
source "$root/tests/support/host_network.sh"

work=$(mktemp -d)
trap 'stop_network; rm -rf "$work"' EXIT
POWERDNS_CACHES=yes start_network "$work"

# The manifest stands where a person keeps it, in a repository.
mkdir -p /srv/mail/secrets /etc/mailstack
cd /srv/mail
cp "$root/examples/secrets/i@wac.tax" secrets/hash
(umask 077 && printf %s "$powerdns_key" >/etc/mailstack/powerdns.key)
domains=()
for number in $(seq -w 49); do domains+=("d$number.example"); done
for domain in "${domains[@]}"; do
  create_zone "$domain."
  record "$domain." "ns1.$domain." A 127.0.0.1
done
{
  cat <<YAML
version: 1
defaults_version: "2026.1"  # daemon.type: chasquid
hosts:
  mx1: {fqdn: smtp.wac.tax, ipv4: 203.0.113.10, ipv6: "2001:db8::10"}
dns:
  providers:
    ns1: {type: powerdns, url: "$powerdns_url", key: {file: /etc/mailstack/powerdns.key}}
defaults:
  domain: {dkim: {algorithms: [ed25519], selector: g19}}
issuers:
  own: {type: local-ca}
certificates:
  wac.tax: {names: [wac.tax, "*.wac.tax"], issuer: own}
sysctl: {net.ipv6.conf.all.disable_ipv6: 0}
# Its units are there, and it does not run in the middle of a measurement.
reconcile: {interval: 7d}
daemon:
  listen: {smtp: ["203.0.113.10:25", "[2001:db8::10]:25", "127.0.0.1:25"]}
domains:
YAML
  for domain in wac.tax "${domains[@]}"; do
    cat <<YAML
  $domain:
    users:
      i: {password: {hash_file: secrets/hash}}
      anna: {password: {hash_file: secrets/hash}}
      ben: {password: {hash_file: secrets/hash}}
      archive: {}
      printer: {}
    aliases: {team: [i, anna, ben], info: i, sales: [anna, me@example.net], billing: ben}
    catch_all: me@example.net
YAML
  done
} >mailstack.yaml
export HOME=/root GIT_CONFIG_NOSYSTEM=1
git config --global user.name person
git config --global user.email person@example.org
git init -q .
git add -A
git commit -qm 'fifty domains'

mailstack() { "$bin/mailstack" "$@" --as mx1 >"$work/log" 2>&1 </dev/null || { tail -n 30 "$work/log" && return 1; }; }
export bin work
apply() { mailstack apply --yes; }
plan() { mailstack plan --detailed-exitcode; }
reconcile() { mailstack reconcile --yes; }

measure 1 apply
row 'a host with 50 domains: cold apply, ed25519 keys' "$seconds" '' s "$spent" >&3
plan
# A fast plan of little, or one that sees little, would say nothing.
same=$(sed -n 's/^Plan: 0 to add, 0 to change, 0 to remove; \([0-9]*\) same; 0 later; 0 blind\.$/\1/p' "$work/log")
((same > 1000)) || { cat "$work/log" && exit 1; }
row 'a host with 50 domains: what is looked at' "$same" '' resources >&3
measure 9 plan
row 'a host with 50 domains: plan without change, median of 9' "$seconds" 1 s "$spent" >&3
row '  its peak memory' "$(peak plan)" '' MiB >&3
measure 9 reconcile
row 'a host with 50 domains: reconcile without change, of 9' "$seconds" 1 s "$spent" >&3
row '  its peak memory' "$(peak reconcile)" '' MiB >&3
