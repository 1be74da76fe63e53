"""listings.py PREAMBLE OUTPUT PAGE.md…: every ```cpp listing of the pages as one translation unit.

A listing with a main function is a program: it stands in a namespace of its own. Any other is a fragment: it stands in a
function, after the declarations of PREAMBLE. `<!-- listing: declarations -->` on the line before a listing says that it
belongs outside of functions. Compiler messages name the page and its line.
"""

import pathlib
import re
import sys

preamble, output, *pages = map(pathlib.Path, sys.argv[1:])
includes, bodies = [], []
for page in pages:
    lines = page.read_text(encoding="utf-8").splitlines()
    begin = None
    for number, line in enumerate(lines):
        if begin is None and line.strip() == "```cpp":
            begin = number + 1
        elif begin is not None and line.strip() == "```":
            listing = lines[begin:number]
            outside = begin >= 2 and lines[begin - 2].strip() == "<!-- listing: declarations -->"
            program = any(re.match(r"\s*int main\(", text) for text in listing)
            includes += [text for text in listing if text.startswith("#include") and text not in includes]
            code = ["" if text.startswith("#include") else text for text in listing]
            place = f'#line {begin + 1} "{page}"'
            if outside or program:
                bodies += [f"namespace listing_{len(bodies)} {{", place, *code, "}"]
            else:
                bodies += [f"void listing_{len(bodies)}() {{", f'#include "{preamble}"', "{", place, *code, "}", "}"]
            begin = None
    if begin is not None:
        sys.exit(f"{page}:{begin}: a listing without an end")
count = sum(line.startswith("#line") for line in bodies)
if count == 0:
    sys.exit("listings.py: no listing found")
output.write_text("\n".join(["#include <clip/clip.hpp>", *includes, *bodies, ""]), encoding="utf-8")
print(f"{output}: {count} listings of {len(pages)} pages")
