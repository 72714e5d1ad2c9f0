"""Runs a program on a terminal and answers what it asks.

    terminal.py PROMPT=ANSWER... -- COMMAND [ARGUMENT...]

Each answer is typed once its prompt was seen. Prints what the terminal showed; ends with the program's exit code.
"""

import os
import pty
import select
import sys

split = sys.argv.index("--")
turns = [turn.split("=", 1) for turn in sys.argv[1:split]]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[split + 1], sys.argv[split + 1:])
seen = b""
begin = 0
while True:
    ready, _, _ = select.select([terminal], [], [], 60)
    if not ready:
        print("it waits for something; shown so far:", seen.decode(errors="replace"))
        os.kill(pid, 9)
        sys.exit(125)
    try:
        chunk = os.read(terminal, 4096)
    except OSError:  # the program has closed its side
        break
    if not chunk:
        break
    seen += chunk
    if turns and turns[0][0].encode() in seen[begin:]:
        begin = len(seen)
        os.write(terminal, turns.pop(0)[1].encode() + b"\n")
print(seen.decode(errors="replace"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
