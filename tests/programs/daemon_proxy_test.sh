#!/usr/bin/env bash
# A proxy in front of mailstackd: its line comes first, in the clear, also where TLS begins at once and the ClientHello lies in the same packet.
# shellcheck source=tests/programs/person.sh
source "$1/tests/programs/person.sh" "$@"
# shellcheck source=tests/support/mail_host.sh
source "$1/tests/support/mail_host.sh"

name_server 0
make_host ours ours.example
echo 'proxies: [127.0.0.1]' >>ours/conf/mailstackd.yaml
start_host ours
cat >client.py <<'PY'
"""LINE PORT: a login by TLS behind LINE, whose octets go out with the first of TLS; prints what the server says."""
import base64, socket, ssl, sys

context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(coming, going, server_hostname="mx.ours.example")
peer = socket.create_connection(("127.0.0.1", int(sys.argv[2])), timeout=10)
first = sys.argv[1].encode() + b"\r\n"

def step(call, *words):
    global first
    while True:
        try:
            done = call(*words)
        except ssl.SSLWantReadError:
            done = None
        octets, first = first + going.read(), b""
        peer.sendall(octets)
        if done is not None:
            return done
        octets = peer.recv(65536)
        if not octets:
            sys.exit("closed")
        coming.write(octets)

step(lambda: tls.do_handshake() or True)
login = base64.b64encode(b"\0alice@ours.example\0secret")
for line in (None, b"EHLO client.example", b"AUTH PLAIN " + login, b"QUIT"):
    if line:
        step(tls.write, line + b"\r\n")
    print(step(tls.read, 65536).decode().strip().splitlines()[-1])
PY
out=$(timeout 30 python3 client.py 'PROXY TCP4 192.0.2.77 192.0.2.1 4711 465' "${submissions[ours]}" 2>&1)
says '220 mx.ours.example'
says '235 2.7.0'
says '221 2.0.0'
out=$(<ours/mail.log)
says '192.0.2.77:4711 auth succeeded for alice@ours.example'

out=$(timeout 30 python3 client.py 'PROXY nonsense' "${submissions[ours]}" 2>&1)
silent 220
out=$(<ours/mail.log)
says 'the proxy did not say whom it speaks for'
stop_host ours
expect 0
finish
