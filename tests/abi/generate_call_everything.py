#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a C program that calls every function of the public header with arguments that are all zero.

A fallible function must answer with an error status (or FGX_OK where nothing is asked of it), and leave an error behind when it fails.
"""
import re
import sys

header, output = sys.argv[1:3]
text = re.sub(r"/\*.*?\*/", "", open(header).read(), flags=re.S)
functions = re.findall(r"^FGX_API\s+([^;(]*?)\b(fgx_\w+)\(([^;]*?)\);", text, re.M)

lines = [
    "/* Generated from the header: every exported function, called from C. */",
    "#include <stdio.h>",
    '#include "flaggems_exp.h"',
    "static int faults = 0;",
    "static void expect(const char* name, fgx_status status) {",
    "  const fgx_error* error = fgx_last_error();",
    "  if (status == FGX_OK) return;",
    "  if (error == NULL || fgx_error_code(error) != status || fgx_error_message(error)[0] == 0) {",
    '    printf("%s: status %d without a matching error\\n", name, (int)status);',
    "    ++faults;",
    "  }",
    "  fgx_error_destroy(fgx_error_take());",
    "}",
    "int main(void) {",
    "  int called = 0;",
]
for returns, name, arguments in functions:
    returns = " ".join(returns.split())
    values = []
    for argument in [] if arguments.strip() == "void" else arguments.split(","):
        values.append("NULL" if "*" in argument else "0")
    call = f"{name}({', '.join(values)})"
    if returns == "fgx_status":
        lines.append(f'  expect("{name}", {call});')
        if "**" in arguments:  # there is nowhere to put the result: that is an error
            lines.append(f'  if ({call} == FGX_OK) {{ puts("{name}: accepted NULL for its result"); ++faults; }}')
    elif returns == "void":
        lines.append(f"  {call};")
    else:
        lines.append(f"  (void){call};")
    lines.append("  ++called;")
lines += [
    '  printf("called %d functions, %d faults\\n", called, faults);',
    f"  return faults != 0 || called != {len(functions)};",
    "}",
    "",
]
open(output, "w").write("\n".join(lines))
