#!/usr/bin/env bash
# What `dkim-sign` writes verifies by dkimpy, in front of messages of every shape; what was altered does not. One key that cannot be
# used, and nothing is signed.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
# Debian's own: that is where python3-dkim is.
/usr/bin/python3 -c 'import dkim, nacl' 2>/dev/null || { echo 'skipped: python3-dkim is not installed' && exit 77; }
command -v openssl >/dev/null || { echo 'skipped: openssl is not installed' && exit 77; }

folder=conf/domains/example.org
mkdir -p "$folder"
cp "$source_directory/tests/support/keys/rsa2048.pem" "$folder/dkim:202611r.pem"
cp "$source_directory/tests/support/keys/ed25519.pem" "$folder/dkim:202611e.pem"
keys=("202611r=$folder/dkim:202611r.pem" "202611e=$folder/dkim:202611e.pem")
good=$'202611e ed25519-sha256 good\n202611r rsa-sha256 good'

# sign MESSAGE OPTIONS...: sets code and out (standard error); the fields are in `fields`, in front of the message in `signed`.
sign() {
  local message=$1
  shift
  out=$("$mailstack" dkim-sign --conf conf "$@" <"$message" 2>&1 >fields)
  code=$?
  cat fields "$message" >signed
}
verify() { out=$(/usr/bin/python3 "$source_directory/tests/support/dkim_verify.py" "${keys[@]}" <"$1" 2>&1); }
unsigned() { [[ ! -s fields ]] || fail 'nothing should be written'; }

header=$'From: Joe <joe@example.org>\nTo: a@b.example\nSubject: dinner\nDate: Mon, 23 Nov 2026 10:00:00 +0000\nMessage-ID: <1@example.org>\n'
mkdir messages
printf '%s\nHi.\n\nWe lost the game.  Are you hungry yet?\n' "$header" >messages/lf
sed 's/$/\r/' messages/lf >messages/crlf
printf '%s\nHi.\r\nYou.\n' "$header" >messages/mixed
printf '%s\n' "$header" >messages/empty
printf '%s' "$header" >messages/no-body
printf '%s\nno line end' "$header" >messages/no-line-end
printf '%s\nHi.  \t\n\n \t\n\n\n' "$header" >messages/trailing
printf '%s\n\n\n\tHi.\n' "$header" >messages/leading
printf '%sReferences: <1@x>\n\t<2@x>\n  <3@x> \nX-Empty:\nCc:  =?utf-8?q?J=C3=B6?=\n =?utf-8?q?rg?= <c@d.example>\nList-Id: x\n\nHi.\n' \
  "$header" >messages/folded
printf '%sComments: gr\xfc\xdf\nContent-Type: text/plain; charset=iso-8859-1\n\ngr\xfc\xdf \xff\xfe\x80  x\n' "$header" >messages/eight-bit
printf '%sReply-To: J\xc3\xb6rg <j@example.org>\n\n\xe2\x82\xac\n' "$header" >messages/utf8
printf '%s\n.\n..\n.x\n' "$header" >messages/dots
printf '%sReceived: by a; x\nReceived: by b; y\nto: second@b.example\n\nHi.\n' "$header" >messages/repeated
{ echo "$header" && head -c 300000 /dev/zero | tr '\0' x | fold -w 900; } >messages/long-lines
for message in messages/*; do
  sign "$message"
  expect 0
  [[ -z $out ]] || fail "$message: nothing should be said"
  [[ $(grep -c '^DKIM-Signature: ' fields) == 2 ]] || fail "$message: one field a key"
  if grep -qP '\r|.{77}|^$' fields; then fail "$message: lines of at most 76 columns that end in LF"; fi
  [[ $(tail -c 1 fields | od -An -c) == *'\n'* ]] || fail "$message: the last line ends, too"
  verify signed
  [[ $out == "$good" ]] || fail "$message: both signatures verify"
done

# On the way more white space and another trace field are no harm; anything else is.
sign messages/lf
{ echo 'Received: by c; z' && sed 's/Are you/Are \t you/; s/^Subject: /SUBJECT:\n   /' signed; } >relayed
verify relayed
[[ $out == "$good" ]] || fail 'relaxed canonicalization'
for change in 's/hungry/angry/' 's/^Subject: dinner/Subject: lunch/' 's/joe@/jim@/' '/Are you/a more' 's/^From: /Subject: win\n&/' 's/^From: /Reply-To: x@y\n&/' \
  's/^From: /From: x@y\n&/' 's/^From: /Content-Type: text\/html\n&/' '/^Date: /d'; do
  sed "$change" signed >altered
  cmp -s signed altered && fail "$change changes nothing"
  verify altered
  [[ $out != *good* && $(grep -c ' bad$' <<<"$out") == 2 ]] || fail "$change should be noticed"
done

# Other files of the folder, links and mail of other domains.
for other in users aliases .dkim:x.pem .dkim:x.pem.mailstack dkim:x.pem~; do echo nonsense >"$folder/$other"; done
ln -s "$work/$folder/dkim:202611r.pem" "$folder/dkim:link.pem"
ln -s nowhere "$folder/dkim:nowhere.pem"
mkfifo "$folder/dkim:pipe.pem"
sign messages/lf
expect 0
[[ $(grep -c '^DKIM-Signature: ' fields) == 2 ]] || fail 'only regular files are keys'
sed 's/example.org/other.example/' messages/lf >other
sign other
expect 0
unsigned
sign other '--from=<>'
expect 0
unsigned
sign other --from=joe@example.org
expect 0
verify signed
[[ $out == "$good" ]] || fail 'by the envelope sender'
echo nonsense >broken
sign broken --from=x@other.example
expect 0
unsigned
sign broken --from=x@example.org
expect 1
unsigned
says 'line 1'

# U-labels in the folder's name, A-labels in d=.
mkdir conf/domains/bücher.example
cp "$folder/dkim:202611e.pem" conf/domains/bücher.example/
sed 's/joe@example.org/joe@bücher.example/' messages/lf >idn
sign idn
expect 0
grep -q ' d=xn--bcher-kva.example;' fields || fail 'd= is in A-labels'
verify signed
[[ $out == '202611e ed25519-sha256 good' ]] || fail 'a domain with U-labels'

# All or nothing.
echo nonsense >"$folder/dkim:bad.pem"
sign messages/lf
expect 1
unsigned
says "$folder/dkim:bad.pem: not a private key"
rm "$folder/dkim:bad.pem"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out "$folder/dkim:small.pem" 2>/dev/null
sign messages/lf
expect 0
keys+=("small=$folder/dkim:small.pem")
verify signed
[[ $out == "$good"$'\nsmall rsa-sha256 good' ]] || fail '1024 bits are allowed'
chmod 0 "$folder/dkim:small.pem"
if ((EUID == 0)) && command -v setpriv >/dev/null; then
  chmod 755 "$work"
  out=$(setpriv --reuid=65534 --regid=65534 --clear-groups "$mailstack" dkim-sign --conf "$work/conf" <messages/lf 2>&1 >fields) code=$?
else
  sign messages/lf
fi
expect 1
unsigned
says "$folder/dkim:small.pem"
says 'chmod 0640'
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:512 -out small512 2>/dev/null
rm "$folder/dkim:small.pem"
cp small512 "$folder/dkim:small.pem"
sign messages/lf
expect 1
unsigned
says 'less than 1024 bits'
rm "$folder/dkim:small.pem"

# More than 100 MiB; standard output that cannot be written; the wrong usage.
out=$(head -c 104857601 /dev/zero | "$mailstack" dkim-sign --conf conf 2>&1 >fields) code=$?
expect 1
unsigned
says '100 MiB'
out=$("$mailstack" dkim-sign --conf conf <messages/lf 2>&1 >/dev/full) code=$?
expect 1
out=$("$mailstack" dkim-sign --conf conf word <messages/lf 2>&1 >fields) code=$?
expect 3
unsigned
out=$("$mailstack" dkim-sign --help) code=$?
expect 0
says 'hooks/post-data'
finish
