#!/usr/bin/env bash
# A thousand domains as a person has them: manifest, zone files, keys and users on disk. What is not disk is in memory_bench.cpp.
# The keys are ed25519 alone: making a thousand of RSA takes a minute, and says nothing about us.
set -euo pipefail
bin=$1
source "$(dirname "${BASH_SOURCE[0]}")/measure.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
{
  cat <<YAML
version: 1
hosts:
  mx1: {fqdn: smtp.example.org, ipv4: 203.0.113.10, ipv6: "2001:db8::10", ptr: none}
dns:
  providers:
    local: {type: zonefile, directory: $work/zones}
defaults:
  domain: {dkim: {algorithms: [ed25519]}}
domains:
  example.org: {catch_all: me@example.net}
YAML
  awk 'BEGIN {for (i = 1; i < 1000; i++) printf "  d%05d.example: {catch_all: me@example.net}\n", i}'
} >mailstack.yaml

mailstack() {
  "$bin/mailstack" "$@" --state "$work/state" --root "$work/host" >/dev/null 2>&1 </dev/null
}
validate() { mailstack validate; }
nothing() { mailstack plan; }
apply() { mailstack apply --yes; }
settled() { mailstack plan --detailed-exitcode; }

measure 9 validate
row '1,000 domains on disk: validate, median of 9' "$seconds" 0.15 s "$spent"
measure 5 nothing
row '1,000 domains on disk, nothing there yet: plan and print, median of 5' "$seconds" '' s "$spent"
measure 1 apply
row '1,000 domains on disk: cold apply' "$seconds" '' s "$spent"
measure 5 settled
row '1,000 domains on disk: plan without change, median of 5' "$seconds" '' s "$spent"
row '1,000 domains on disk: plan without change, peak memory' "$(peak settled)" '' MiB
