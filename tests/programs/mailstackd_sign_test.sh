#!/usr/bin/env bash
# What `mailstackd sign dkim` writes verifies by dkimpy in every canonicalization; what was altered does not.
set -euo pipefail
/usr/bin/python3 -c 'import dkim, nacl' 2>/dev/null || { echo 'skipped: python3-dkim is not installed' && exit 77; }
source_directory=$1
mailstackd=$2/bin/mailstackd
[[ -x $mailstackd ]] || { echo "skipped: mailstackd is not built" && exit 77; }
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
keys=$source_directory/tests/support/keys
failed=0

verify() { /usr/bin/python3 "$source_directory/tests/support/dkim_verify.py" "r=$keys/rsa2048.pem" "e=$keys/ed25519.pem" 2>/dev/null; }
# expect NAME WANTED GOT
expect() { [[ $2 == "$3" ]] || { echo "$1: \`$3\`, not \`$2\`"; failed=1; }; }

mkdir "$work/messages"
cd "$work/messages"
printf 'From: Joe <joe@example.org>\nSubject: dinner\n\nHi.\n\nWe lost  the game. \n\n\n' >lf
printf 'From: Joe <joe@example.org>\r\nSUBject:  two  \r\n\tlines \r\n\r\nHi.\t\r\n\r\n\r\n' >crlf
printf 'From: joe@example.org\r\nSubject: no body\r\n' >no-body
printf 'From: joe@example.org\r\nSubject: =?utf-8?q?x?=\r\n\r\nno end of line: \xc3\xbc\xff' >no-end
printf 'From: joe@example.org\n\n\n\n\n' >empty-lines
for message in *; do
  for canon in relaxed/relaxed relaxed/simple simple/relaxed simple/simple; do
    for which in "r rsa2048 rsa" "e ed25519 ed25519"; do
      read -r selector key algorithm <<<"$which"
      "$mailstackd" sign dkim --key "$keys/$key.pem" --domain example.org --selector "$selector" --now 1795723200 \
        --canon "$canon" <"$message" >"$work/signed"
      cmp -s <(tail -c "$(stat -c %s "$message")" "$work/signed") "$message" || { echo "$message is not as it came"; failed=1; }
      expect "$message $canon $key" "$selector $algorithm-sha256 good" "$(verify <"$work/signed")"
      sed -i 's/^From: .*joe/From: jim/' "$work/signed"
      expect "$message $canon $key, altered" "$selector $algorithm-sha256 bad" "$(verify <"$work/signed")"
    done
  done
done
# Simple sees what relaxed does not.
for canon in relaxed simple; do
  "$mailstackd" sign dkim --key "$keys/ed25519.pem" --domain example.org --selector e --canon "$canon/relaxed" <crlf |
    sed 's/SUBject:  two/subject: two/' >"$work/signed"
  expect "white space, $canon" "e ed25519-sha256 $([[ $canon == relaxed ]] && echo good || echo bad)" "$(verify <"$work/signed")"
done
"$mailstackd" sign dkim --key "$keys/rsa2048.pem" --domain example.org --selector r --headers from:subject:subject <crlf >"$work/signed"
expect "headers" "r rsa-sha256 good" "$(verify <"$work/signed")"
grep -q 'h=from:subject:subject;' "$work/signed" || { echo "h= is not as it was chosen"; failed=1; }
exit $failed
