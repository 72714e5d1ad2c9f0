#!/usr/bin/env bash
# The dialogues of tests/dialogues against the program, over TCP and TLS.
[[ -x $2/bin/mailstackd ]] || { echo "skipped: $2/bin/mailstackd is not built" && exit 77; }
exec python3 "$1/tests/dialogues/over_tcp.py" --server "$2/bin/mailstackd"
