#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reports device code that takes a warp to have 32 threads other than by kWarp (kernels/gpu/warp.h).

Instructions of CUDA's matrix units are defined on 32 lanes: files that use them say so by what they include, and are
left out, as is what stands in the CUDA branch of an #if about __HIP__.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
WIDTH = re.compile(r"(threadIdx\.x\)?|\blane|\bthread) ?[%/] ?32\b|threadIdx\.x\)? ?(& ?31|>> ?5)\b"
                   r"|\bwarpSize\b|_sync\(0x[fF]{8}u?,")
MATRIX_UNITS = re.compile(r'#include "kernels/gpu/(matrix_units|warpgroup)\w*\.h"|wgmma|mma\.sync')


def faults(path, text):
    if MATRIX_UNITS.search(text):
        return
    branches = []  # of the #if around a line: True in what only CUDA compiles
    for number, line in enumerate(text.splitlines(), 1):
        directive = re.match(r"\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b(.*)", line)
        if directive:
            word, condition = directive.groups()
            cuda = bool(re.search(r"!\s*defined\(__HIP__\)|__CUDA_ARCH__", condition))
            if word == "endif" and branches:
                branches.pop()
            elif word == "else" and branches:
                about_hip, _ = branches[-1]
                branches[-1] = (about_hip, about_hip)
            elif word.startswith("if"):
                branches.append(("defined(__HIP__)" in condition and not cuda, cuda))
            continue
        if WIDTH.search(line) and not any(only_cuda for _, only_cuda in branches):
            yield f"{path}:{number}: {line.strip()}"


def main():
    found = []
    for path in sorted((ROOT / "kernels" / "gpu").glob("*")):
        if path.suffix in (".cu", ".h"):
            found += faults(path.relative_to(ROOT), path.read_text())
    print("\n".join(found) or "no width of a warp but kWarp")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
