# shellcheck shell=bash
# What tests and measurements need around a server on loopback. Sourced.

# free_ports COUNT: ports that nobody listens on, between spaces.
free_ports() {
  python3 -c 'import socket, sys
sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
[s.bind(("127.0.0.1", 0)) for s in sockets]
print(*(s.getsockname()[1] for s in sockets))' "$1"
}

# listens PORT: waits until somebody does, ten seconds at most.
listens() {
  local i
  for ((i = 0; i < 400; i++)); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return 0; fi
    sleep 0.025
  done
  return 1
}

# end_of PID: asks a child to end and waits for it; nothing without one.
end_of() { [[ -z $1 ]] || { kill "$1" && wait "$1"; } 2>/dev/null; }

# self_signed NAME DIRECTORY: a certificate for a month, with a P-256 key, under the names of certbot.
self_signed() {
  mkdir -p "$2"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$1" -addext "subjectAltName=DNS:$1" \
    -keyout "$2/privkey.pem" -out "$2/fullchain.pem" 2>/dev/null
}

# alice_in FILE LOG_N: a users file with alice, whose password is `secret`, under scrypt with this cost.
alice_in() {
  python3 - "$1" "$2" <<'PY'
import hashlib, sys
salt = b"0123456789abcdef"
key = hashlib.scrypt(b"secret", salt=salt, n=1 << int(sys.argv[2]), r=8, p=1, dklen=32, maxmem=1 << 28)
octal = lambda octets: "".join("\\%03o" % octet for octet in octets)
with open(sys.argv[1], "w") as file:
    file.write('users { key: "alice" value { scrypt { logN: %s r: 8 p: 1 keyLen: 32 salt: "%s" encrypted: "%s" } } }\n' % (sys.argv[2], octal(salt), octal(key)))
PY
}
