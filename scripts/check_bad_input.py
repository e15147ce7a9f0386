#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that every test that docs/bad_input.md names exists, so that the table cannot drift from the tests.

    scripts/check_bad_input.py               exit status 1 and a list of what is missing

In the table's last column every word in backquotes is a test:
    Suite.Name                       a GoogleTest case of tests/
    tests/x/test_y.py::test_name     a pytest function (or a JUnit method, in a .java file)
    tests/x/y.test, tests/x/y.c      a golden file, or a program, that a CMakeLists.txt beside it runs
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "bad_input.md"
GTEST = re.compile(r"^(?:TYPED_)?TEST(?:_[FP])?\(\s*(\w+)\s*,\s*(\w+)\s*\)", re.M)


def gtest_cases():
    cases = set()
    for file in (ROOT / "tests").rglob("*.cpp"):
        cases.update(f"{suite}.{name}" for suite, name in GTEST.findall(file.read_text()))
    return cases


def fault(test, cases):
    """Why `test` is no test; None when it is one."""
    path, _, function = test.partition("::")
    if function:
        file = ROOT / path
        word = "    void" if file.suffix == ".java" else "def"
        if not file.is_file() or not re.search(rf"^{word} {re.escape(function)}\(", file.read_text(), re.M):
            return "there is no such function"
        return None
    if "/" not in test:
        return None if test in cases else "no source under tests/ has this case"
    file = ROOT / test
    if not file.is_file():
        return "there is no such file"
    lists = file.parent / "CMakeLists.txt"
    run = lists.read_text() if lists.is_file() else ""
    if file.name not in run and f"*{file.suffix}" not in run:
        return "nothing runs it"
    return None


def rows(text):
    lines = text.splitlines()
    for line, following in zip(lines, lines[1:] + [""]):
        # Not a table's header, nor the rule under it.
        if line.startswith("|") and not line.startswith("|--") and not following.startswith("|--"):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def main():
    cases = gtest_cases()
    faults, tests = [], 0
    table = list(rows(PAGE.read_text()))
    if not table:
        faults.append("the page has no table")
    for cells in table:
        if len(cells) != 3:
            faults.append(f"not three columns: {' | '.join(cells)[:80]}")
            continue
        named = re.findall(r"`([^`]+)`", cells[2])
        if not named:
            faults.append(f"no test: {cells[0]}")
        tests += len(named)
        faults += [f"{test}: {why} ({cells[0]})" for test in named if (why := fault(test, cases))]
    print("\n".join(faults) if faults else f"{len(table)} rows name {tests} tests, and all are there")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
