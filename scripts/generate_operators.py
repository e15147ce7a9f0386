#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/operators.json, from which the table in docs/operators.md is made, out of the registry of a build.

    scripts/generate_operators.py build/dev            rewrites it (then run scripts/generate_readme.py)
    scripts/generate_operators.py build/dev --check    reports whether it is out of date (exit status 1)
"""
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "operators.json"


def main():
    cli = pathlib.Path(sys.argv[1]) / "tools" / "flag-gems-exp" / "flag-gems-exp"

    def told(*command):
        return json.loads(subprocess.run([cli, "--format", "json", *command], stdout=subprocess.PIPE, check=True).stdout)

    def implementations(op):
        """With whether equal inputs give equal bits, as `info` tells of each."""
        return [{"name": one["name"], "deterministic": one["deterministic"]}
                for one in told("info", op["name"])["operator"]["implementations"]]

    operators = [{"family": op["family"], "schema": op["schema"], "name": op["name"],
                  "implementations": implementations(op)}
                 for op in told("ops")["operators"]]
    text = json.dumps({"ops": operators}, indent=1) + "\n"
    if TABLE.read_text() == text:
        return 0
    if "--check" in sys.argv:
        print("docs/operators.json is out of date (run scripts/generate_operators.py BUILD, then scripts/generate_readme.py)")
        return 1
    TABLE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
