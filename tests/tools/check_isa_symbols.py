# SPDX-License-Identifier: Apache-2.0
"""Checks that objects of one instruction set export no symbol that the linker could merge with another's.

An inline function that a compiler emits into an AVX-512 object is weak: the linker keeps one copy for
the whole library, and if it keeps that one, a machine without AVX-512 crashes in ordinary code. So
every weak function of such an object must belong to the set's own namespace. (Weak data, as inline
constants give, is the same in every copy.)

    check_isa_symbols.py avx512 OBJECT...
"""
import subprocess
import sys

WEAK_FUNCTION = set("Wwi")


def foreign_symbols(isa, objects):
    """(object, symbol) of every weak definition outside namespace fgx::<isa>."""
    own = f"N3fgx{len(isa)}{isa}"
    listing = subprocess.run(["nm", "-A", "--defined-only", *objects], check=True, text=True,
                             capture_output=True).stdout
    found = []
    for line in listing.splitlines():
        fields = line.split()
        if len(fields) >= 2 and fields[-2] in WEAK_FUNCTION and own not in fields[-1]:
            found.append((fields[0].rsplit(":", 1)[0], fields[-1]))
    return found


def main():
    isa, objects = sys.argv[1], sys.argv[2:]
    if not objects:
        sys.exit("no objects were given")
    found = foreign_symbols(isa, objects)
    for name, symbol in found:
        plain = subprocess.run(["c++filt", symbol], text=True, capture_output=True).stdout.strip()
        print(f"{name}: weak function outside fgx::{isa}: {plain or symbol}")
    if found:
        sys.exit(1)
    print(f"{len(objects)} objects of {isa}: no weak function outside fgx::{isa}")


if __name__ == "__main__":
    main()
