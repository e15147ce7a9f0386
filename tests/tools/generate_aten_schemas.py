#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/aten_schemas.txt: schemas of the installed PyTorch, as its JIT prints them.

Kept are all that show a type or default not seen before, and every tenth of the rest.
"""
import pathlib
import re

import torch

OUTPUT = pathlib.Path(__file__).resolve().parents[1] / "data" / "aten_schemas.txt"


def main():
    lines = sorted({str(schema) for schema in torch._C._jit_get_all_schemas()
                    if schema.name.startswith("aten::")})
    seen, kept = set(), []
    for index, line in enumerate(lines):
        forms = set(re.findall(r"[(,] ?([^ ,]+(?:\([^)]*\))?[^ ,]*) [a-z_]+(=[^,)]*)?", line))
        if index % 10 == 0 or not forms <= seen:
            kept.append(line)
        seen |= forms
    header = ["# SPDX-License-Identifier: Apache-2.0",
              f"# {len(kept)} of the {len(lines)} aten schemas of PyTorch {torch.__version__};"
              " written by tests/tools/generate_aten_schemas.py."]
    OUTPUT.write_text("\n".join(header + kept) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
