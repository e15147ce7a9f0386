#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Appends newly declared functions to the fgx_api table of the public header, and writes the C source that fills it.

Entries already in the table are never moved or removed: the table is append-only.
With --check it only reports whether header or source are out of date (exit status 1).
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADER = ROOT / "include" / "flaggems_exp.h"
SOURCE = ROOT / "src" / "abi" / "api_table.inc"
DECLARATION = re.compile(r"^FGX_API\s+([^;(]*?)\b(fgx_\w+)\(([^;]*?)\);", re.S | re.M)
TABLE = re.compile(r"(  uint32_t abi;[^\n]*\n)(.*?)(\} fgx_api;)", re.S)


def squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text)


def main() -> int:
    text = HEADER.read_text()
    declared = {}
    for returns, name, arguments in DECLARATION.findall(text):
        if name != "fgx_get_api":
            declared[name] = (" ".join(returns.split()), " ".join(arguments.split()))
    head, body, tail = TABLE.search(text).groups()
    present = ["fgx_" + entry for entry in re.findall(r"\(\*(\w+)\)\(", body)]
    order = present + [name for name in declared if name not in present]
    lines = []
    for name in order:
        returns, arguments = declared[name]
        lines.append(f"  {returns} (*{name[4:]})({arguments});\n")
    new_body = "".join(lines)
    if squeeze(new_body) == squeeze(body):
        new_body = body  # only laid out differently
    new_header = text.replace(head + body + tail, head + new_body + tail)
    new_source = "".join(f"    {name},\n" for name in order)
    changed = new_header != text or not SOURCE.exists() or SOURCE.read_text() != new_source
    if "--check" in sys.argv:
        if changed:
            print("the function table is out of date: run scripts/generate_api_table.py")
        return int(changed)
    HEADER.write_text(new_header)
    SOURCE.write_text(new_source)
    return 0


if __name__ == "__main__":
    sys.exit(main())
