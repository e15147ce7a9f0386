#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/command_line.md from what the command line says of itself.

usage: generate_command_line_docs.py [--check] FLAG_GEMS_EXP
"""
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "command_line.md"

BEGIN = """# The command line

`flag-gems-exp` is the library at a prompt. It uses nothing but the public header.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | a check failed: data with faults, a wrong result, no implementation for a call |
| 2 | the command line is wrong |
| 3 | a file, operator, implementation or record was not found |
| 4 | no such device or toolchain here |
| 5 | an input was refused: malformed, out of range, too large, not a regular file |
| 6 | `--timeout` was reached |
| 70 | a defect of the program |

Results go to stdout. With `--format json` exactly one document goes there, with a `schema_version`;
everything else goes to stderr. Each document has its JSON Schema in [schemas/](schemas). `--format csv` prints the first table of a command. Progress is shown
on a terminal only. Colour is used on a terminal unless `NO_COLOR` is set. Control characters in
anything that was read are printed as escapes. A command that fails ends with the line that repeats it.

This page is generated: run `scripts/generate_command_line_docs.py build/dev/tools/flag-gems-exp/flag-gems-exp`
after a change. A test compares the two.
"""


def help_of(tool, path):
    text = subprocess.run([tool, *path, "--help"], check=True, capture_output=True, text=True).stdout
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()


def subcommands(text):
    found = re.search(r"^Subcommands:\n((?:  .*\n?)+)", text, re.M)
    return re.findall(r"^  ([a-z-]+) ", found.group(1), re.M) if found else []


def section(tool, path, level):
    text = help_of(tool, path)
    title = " ".join(["flag-gems-exp", *path])
    yield f"\n{'#' * level} `{title}`\n\n```\n{text}\n```\n"
    for name in subcommands(text):
        yield from section(tool, [*path, name], level)


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--check"]
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    page = BEGIN + "".join(section(arguments[0], [], 2))
    if "--check" not in sys.argv:
        PAGE.write_text(page)
        return 0
    if not PAGE.exists() or PAGE.read_text() != page:
        print(f"{PAGE.name} is not what the program says: run this script without --check")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
