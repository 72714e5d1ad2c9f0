# shellcheck shell=bash
# A person at a terminal, for scripts that run the program as one does. Sourced with the source and the binary
# directory as arguments; works in a directory of its own that is removed at the end.
set -uo pipefail

# shellcheck disable=SC2034  # for those who source this
source_directory=$1 binary_directory=$2
mailstack=$binary_directory/bin/mailstack
# Of a tree for TSan there is the daemon alone.
if [[ ! -x $mailstack && ! -x ${mailstack}d ]]; then
  echo "skipped: $mailstack is not built"
  exit 77
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/mailstack-test-XXXXXX")
failures=0 out='' code=0
at_exit=()
end_person() {
  local step
  for step in "${at_exit[@]}"; do $step; done
  rm -rf "$work"
}
trap end_person EXIT
cd "$work" || exit 1
export HOME=$work/home NO_COLOR=1 GIT_CONFIG_NOSYSTEM=1
mkdir -p "$HOME"
git config --global user.name person
git config --global user.email person@example.org
git config --global init.defaultBranch main

# run WORDS...: the program with a state directory and a root of its own; sets out (both streams) and code.
run() {
  out=$("$mailstack" "$@" --state "$work/state" --root "$work/root" </dev/null 2>&1)
  code=$?
}

fail() {
  failures=$((failures + 1))
  printf 'FAILED (line %s): %s\n--- exit %s, output:\n%s\n---\n' "${BASH_LINENO[1]}" "$*" "$code" "$out"
}
expect() { [[ $code == "$1" ]] || fail "exit code $1 was expected"; }
says() { [[ $out == *"$1"* ]] || fail "should say: $1"; }
silent() { [[ $out != *"$1"* ]] || fail "should not say: $1"; }
holds() { grep -qF -- "$2" "$1" || fail "$1 should hold: $2"; }
commit() { git add -A && git commit -qm "$1"; }

# small_manifest: one domain in a zone file; small enough to be read in a test.
small_manifest() {
  cat >mailstack.yaml <<'YAML'
version: 1
hosts:
  mx1: {fqdn: smtp.example.org, ipv4: 203.0.113.10, ptr: none}
dns:
  providers:
    local: {type: zonefile, directory: zones}
  zones:
    example.org:
      provider: local
      records: |
        www 300 IN A 203.0.113.80
domains:
  example.org:
    users: {i: {}}
    catch_all: me@example.net
YAML
}

finish() {
  if ((failures)); then
    echo "$failures checks failed"
    exit 1
  fi
  echo "all checks passed"
}
