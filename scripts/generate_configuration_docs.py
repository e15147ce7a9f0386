#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/configuration.md from the configuration table, by way of the unit test that owns it."""
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: generate_configuration_docs.py BUILD_DIR", file=sys.stderr)
        return 2
    tests = list(Path(sys.argv[1]).rglob("unit_base"))
    if not tests:
        print("build the target unit_base first", file=sys.stderr)
        return 2
    environment = dict(os.environ, FGX_WRITE_DOCS=str(ROOT / "docs" / "configuration.md"))
    return subprocess.run(
        [str(tests[0]), "--gtest_filter=Config.DocumentationEqualsTheTable"], env=environment
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
