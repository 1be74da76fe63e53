"""self_test.py SINGLE_HEADER.py SCRATCH COMPILER: the script on small trees of headers, compiled under each condition."""

import pathlib
import subprocess
import sys

script, scratch, compiler = sys.argv[1:]
scratch = pathlib.Path(scratch)
failed = []


def made(headers):
    """The script's exit status, messages and output for a tree of headers, each given by its name and its lines after #pragma once."""
    include = scratch / "include"
    for old in include.rglob("*.hpp"):
        old.unlink()
    for name, content in {"version.hpp": "#define CLIP_VERSION_MAJOR 1", **headers}.items():
        path = include / "clip" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            content if name.endswith(".text.hpp") else f"// {name}: a header.\n#pragma once\n\n{content}\n",
            encoding="utf-8",
        )
    output = scratch / "clip.hpp"
    run = subprocess.run([sys.executable, script, str(include), str(output)], capture_output=True, text=True)
    return run.returncode, run.stderr, output.read_text(encoding="utf-8") if run.returncode == 0 else ""


def check(what, right):
    if not right:
        failed.append(what)
        print(f"failed: {what}")


def compiles(*arguments):
    source = scratch / "unit.cpp"
    source.write_text('#include "clip.hpp"\n#include "clip.hpp"\n', encoding="utf-8")
    return subprocess.run([compiler, "-std=c++20", "-fsyntax-only", *arguments, str(source)]).returncode == 0


status, _, text = made(
    {
        "clip.hpp": "#include <clip/a.hpp>\n#include <clip/b.hpp>\n#include <vector>\nstatic_assert(a + b == 3);",
        "a.hpp": "#include <clip/base.hpp>  // one\n#include <vector>\ninline constexpr int a = one;",
        "b.hpp": "#include <clip/base.hpp>\ninline constexpr int b = one + one;",
        "base.hpp": "inline constexpr int one = 1;",
    }
)
check("a header that two others include is written once", text.count("int one") == 1 and compiles())
check("headers of others are included once", text.count("#include <vector>") == 1)
check("no include of ours is left", "#include <clip/" not in text)
check("#pragma once is written once", text.count("#pragma once") == 1)

status, _, text = made(
    {
        "clip.hpp": "#include <clip/either.hpp>\n#include <clip/shared.hpp>\nstatic_assert(value == 1 || value == 2);",
        "either.hpp": "#if defined(CLIP_WITH_X)\n#include <clip/x.hpp>  // why\n#else\n#include <clip/common.hpp>\n"
        "inline constexpr int value = common;\n#endif",
        "x.hpp": "#include <clip/common.hpp>\n#include <clip/shared.hpp>\ninline constexpr int value = 2 * common;",
        "common.hpp": "inline constexpr int common = 1;",
        "shared.hpp": "inline constexpr int shared = 1;",
    }
)
check(
    "a header of one branch compiles under its condition and under the other", compiles() and compiles("-DCLIP_WITH_X")
)
check("a header of both branches has no condition", "CLIP_WITH_X\n" not in text.split("int common")[0])
check("a header of one branch has its condition", "#if defined(CLIP_WITH_X)\n// x.hpp" in text)

status, _, text = made(
    {
        "clip.hpp": "#include <clip/user.hpp>\n#ifdef FAST\n#error leaked\n#endif",
        "user.hpp": "#include <clip/m_begin.hpp>\n#define FAST 1\nnamespace n {\n#include <clip/list.text.hpp>\n}\n"
        "#include <clip/m_end.hpp>\n#if 1\nnamespace m {\n#include <clip/list.text.hpp>\n}\n#endif\n"
        "static_assert(n::three == 3 && m::three == 3);",
        "m_begin.hpp": '#pragma push_macro("FAST")\n#undef FAST',
        "m_end.hpp": '#include <clip/m_begin.hpp>\n#undef FAST\n#pragma pop_macro("FAST")',
        "list.text.hpp": "inline constexpr int three = 3;\n",
    }
)
check("textual headers are written where they are included", compiles())

status, message, _ = made({"clip.hpp": "#if defined(LATER)\n#include <clip/a.hpp>\n#endif", "a.hpp": ""})
check("a condition that may change is refused", status != 0 and "LATER" in message)
status, message, _ = made({"clip.hpp": "#if defined(CLIP_WITH_X)\nint x;\n#include <clip/a.hpp>\n#endif", "a.hpp": ""})
check("an include that cannot be moved is refused", status != 0 and "clip.hpp:6" in message)
status, message, _ = made({"clip.hpp": "#include <clip/gone.hpp>"})
check("a header that is not there is named", status != 0 and "clip/gone.hpp" in message)

sys.exit(1 if failed else 0)
