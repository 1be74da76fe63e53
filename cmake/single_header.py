#!/usr/bin/env python3
"""single_header.py [--root clip/clip.hpp] INCLUDE_DIR OUTPUT: the library as one header.

Every header of ours that the root includes is written once, in include order; includes of others stay. A header that is
included under a condition only is written under that condition; such conditions may only name macros that a program sets
before its first include (CLIP_WITH_…, CLIP_HAS_…) or that core/abi.hpp, which is written first, derives from them
(CLIP_HOST_LINKED), so that their value is the same wherever they are written.
Headers named X_begin.hpp and X_end.hpp, and those without #pragma once, are text: they are written where they are included.
"""

import argparse
import pathlib
import re
import sys

DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(\w+)[ \t]*(.*?)[ \t]*$")
OURS = re.compile(r"^<(clip/[^>]+)>")
ALLOWED = re.compile(r"\b(CLIP_WITH_\w+|CLIP_HAS_\w+|CLIP_HOST_LINKED|defined)\b")


class Refused(Exception):
    pass


def directive(line):
    """("include", "<vector>  // why") of a preprocessor line, (None, "") of any other."""
    found = DIRECTIVE.match(line)
    return found.groups() if found else (None, "")


def without_comment(text):
    return re.sub(r"\s*(//.*|/\*.*?\*/)", "", text).strip()


def inverse(condition):
    return f"!{condition}" if re.fullmatch(r"\w+|defined ?\(\w+\)", condition) else f"!({condition})"


def both(conditions):
    """All of them, each part once: x.hpp and x.inl.hpp include each other."""
    parts = [part for c in conditions if c for part in ([f"({c})"] if "||" in c else c.split(" && "))]
    return " && ".join(dict.fromkeys(parts))


def is_text(name, lines):
    return name.endswith(("_begin.hpp", "_end.hpp")) or not any(line.strip() == "#pragma once" for line in lines)


def says_nothing(line):
    """Blank, a comment, or #pragma once: a line that may stay behind where its header is cut."""
    stripped = line.strip()
    return not stripped or stripped.startswith("//") or stripped == "#pragma once"


class Header:
    """The lines of a header, and for each include of ours where it is hoisted to and its condition within the header."""

    def __init__(self, folder, name):
        self.name = name
        try:
            self.lines = (folder / name).read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise Refused(f"{name}: {error.strerror}") from error
        self.text = is_text(name, self.lines)
        self.includes = []  # (line, first line of the outermost #if around it, condition, name)
        self.behind_code = set()  # lines of those includes that come after code within that #if
        branches = []  # of every open #if: [conditions of the branches before, condition of this one]
        outermost, code_inside = 0, False
        for number, line in enumerate(self.lines):
            what, rest = directive(line)
            rest = without_comment(rest) if what != "include" else rest
            if what in ("if", "ifdef", "ifndef"):
                if not branches:
                    outermost, code_inside = number, False
                condition = {"if": rest, "ifdef": f"defined({rest})", "ifndef": f"!defined({rest})"}[what]
                branches.append([[], condition])
            elif what in ("elif", "else"):
                before, condition = branches[-1]
                before.append(condition)
                branches[-1][1] = rest if what == "elif" else ""
            elif what == "endif":
                branches.pop()
            elif what == "include" and OURS.match(rest):
                if branches and code_inside:
                    self.behind_code.add(number)
                parts = [
                    part for before, own in branches for part in [inverse(b) for b in before] + ([own] if own else [])
                ]
                self.includes.append(
                    (number, outermost if branches else number, both(parts), OURS.match(rest).group(1))
                )
            elif not says_nothing(line) and what != "include":
                code_inside = True


class SingleHeader:
    def __init__(self, folder, root):
        self.folder = folder
        self.headers = {}
        self.conditions = {}  # of every header: a set of conditions, "" for none
        self.read(root, "")
        self.done = set()
        self.included = set()  # headers of others that are included already, whatever is defined
        self.out = []
        self.write(root)

    def header(self, name):
        if name not in self.headers:
            self.headers[name] = Header(self.folder, name)
        return self.headers[name]

    def read(self, name, condition):
        """Notes that `name` is included under `condition`, and so are its own includes."""
        known = self.conditions.setdefault(name, set())
        if condition in known or "" in known:
            return
        if condition:
            unknown = [word for word in re.findall(r"\b[A-Za-z_]\w*", condition) if not ALLOWED.fullmatch(word)]
            if unknown:
                raise Refused(f"{name}: included under {condition}, which may change: {unknown[0]}")
        else:
            known.clear()
        known.add(condition)
        if condition and any(inverse(other) == condition or inverse(condition) == other for other in known):
            self.read(name, "")
            return
        for _, _, own, child in self.header(name).includes:
            self.read(child, both([condition, own]))

    def condition(self, name):
        conditions = sorted(c for c in self.conditions[name] if c)
        return " || ".join(f"({c})" if "&&" in c and len(conditions) > 1 else c for c in conditions)

    def write(self, name):
        if name in self.done:
            return
        self.done.add(name)
        header = self.header(name)
        waiting, part = {}, []
        for number, hoisted, _, child in header.includes:
            if not self.header(child).text:
                if number in header.behind_code:
                    raise Refused(
                        f"{name}:{number + 1}: an include behind code of the same #if cannot be moved before it"
                    )
                waiting.setdefault(hoisted, []).append(child)
        ours = {number: child for number, _, _, child in header.includes}
        depth = 0
        for number, line in enumerate(header.lines):
            children = [child for child in waiting.get(number, []) if child not in self.done]
            if children:
                if not all(says_nothing(before) for before in part):
                    self.write_part(name, part)
                    part = []
                for child in children:
                    self.write(child)
            what, rest = directive(line)
            if what in ("if", "ifdef", "ifndef"):
                depth += 1
            elif what == "endif":
                depth -= 1
            if line.strip() == "#pragma once":
                continue
            if number in ours:
                child = self.header(ours[number])
                if child.text:
                    part += self.inlined(child)
                continue
            if what == "include" and depth == 0 and not self.condition(name) and "stb_image" not in rest:
                if without_comment(rest) in self.included:
                    continue
                self.included.add(without_comment(rest))
            part.append(line)
        self.write_part(name, part)

    def inlined(self, header):
        return [
            line
            for line in header.lines
            if line.strip() != "#pragma once"
            and not (directive(line)[0] == "include" and OURS.match(directive(line)[1]))
        ]

    def write_part(self, name, lines):
        while lines and not lines[0].strip():
            lines.pop(0)
        while lines and not lines[-1].strip():
            lines.pop()
        if not lines:
            return
        condition = self.condition(name)
        self.out += [
            "",
            *([f"#if {condition}"] if condition else []),
            *lines,
            *([f"#endif  // {name}"] if condition else []),
        ]


def banner(root, folder):
    version = re.findall(r"#define CLIP_VERSION_\w+ (\d+)", (folder / "clip/version.hpp").read_text(encoding="utf-8"))
    licence = folder.parent / "LICENSE"
    text = licence.read_text(encoding="utf-8").rstrip().splitlines() if licence.is_file() else []
    return [
        f"// {root} {'.'.join(version)} as a single header, made by cmake/single_header.py. Do not edit.",
        "//",
        *[f"// {line}".rstrip() for line in text],
        "#pragma once",
    ]


def squeezed(lines):
    """Without blank lines that follow blank lines."""
    return [line for before, line in zip(["", *lines], lines) if before.strip() or line.strip()]


def main():
    arguments = argparse.ArgumentParser(description="Writes a header and all of ours it includes as one header.")
    arguments.add_argument("--root", default="clip/clip.hpp", help="the header to begin with (clip/clip.hpp)")
    arguments.add_argument("include", type=pathlib.Path, help="the folder that holds clip/")
    arguments.add_argument("output", type=pathlib.Path, help="the file to write")
    given = arguments.parse_args()
    try:
        made = SingleHeader(given.include, given.root)
        content = "\n".join(squeezed(banner(given.root, given.include) + made.out)) + "\n"
    except Refused as refused:
        sys.exit(f"single_header.py: {refused}")
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(content, encoding="utf-8")
    print(f"{given.output}: {len(made.done)} headers, {content.count(chr(10))} lines")


if __name__ == "__main__":
    main()
