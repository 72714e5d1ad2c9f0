#!/usr/bin/env python3
"""The feature that CONTRIBUTING.md shows as complete compiles: called with the source directory."""

import pathlib
import re
import subprocess
import sys

root = pathlib.Path(sys.argv[1])
examples = re.findall(r"^```cpp\n(/// \\file.*?)^```", (root / "CONTRIBUTING.md").read_text(), re.M | re.S)
if not examples:
    sys.exit("CONTRIBUTING.md shows no whole source file any more")
for example in examples:
    for text, wanted in ((example, True), (example.replace("records::publish", "records::published"), False)):
        compiled = subprocess.run(
            ["c++", "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{root}", "-xc++", "-"],
            input=text, text=True, capture_output=True)
        if (compiled.returncode == 0) != wanted:
            sys.exit("the example of CONTRIBUTING.md does not compile:\n" + compiled.stderr if wanted
                     else "a planted mistake in the example was not noticed")
print(f"{len(examples)} example compiles; a planted mistake in it does not")
