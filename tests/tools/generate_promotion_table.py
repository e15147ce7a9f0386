#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/promotion_table.json: what torch.result_type and torch.promote_types say.

An operand is a dtype with a category: "tensor" (has dimensions), "scalar" (0-d) or "number" (Python's).
The table holds all pairs of operands, and a sample of triples.
"""
import functools
import itertools
import json
import pathlib
import random

import torch

OUTPUT = pathlib.Path(__file__).resolve().parents[1] / "data" / "promotion_table.json"
DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64",
          "float16", "bfloat16", "float32", "float64"]
NUMBERS = {"bool": True, "int64": 1, "float64": 1.0}


def operand(category, dtype):
    if category == "number":
        return NUMBERS[dtype]
    shape = (2,) if category == "tensor" else ()
    return torch.zeros(shape, dtype=getattr(torch, dtype))


def name(dtype):
    return str(dtype).removeprefix("torch.")


def result_of(operands):
    """What an elementwise operation on all of them computes in: torch.where and friends promote
    exactly as result_type does, and result_type takes pairs only."""
    values = [operand(*entry) for entry in operands]
    if len(values) == 2:
        return name(torch.result_type(*values))
    kinds = {c: [v for v, (category, _) in zip(values, operands) if category == c]
             for c in ("tensor", "scalar", "number")}
    # Promote inside each category first, then combine the categories pairwise, highest last.
    merged = []
    for category in ("number", "scalar", "tensor"):
        types = [v for v in kinds[category]]
        if not types:
            continue
        if category == "number":
            merged.append(("number", max(types, key=lambda v: (isinstance(v, float), not isinstance(v, bool)))))
        else:
            dtype = functools.reduce(torch.promote_types, [v.dtype for v in types])
            merged.append((category, torch.zeros((2,) if category == "tensor" else (), dtype=dtype)))
    low = merged[0][1]
    if len(merged) == 1:
        return name(torch.result_type(low, low))
    result = torch.result_type(merged[1][1], low)
    if len(merged) == 3:
        result = torch.result_type(merged[2][1], torch.zeros((), dtype=result))
    return name(result)


def main():
    operands = [("tensor", d) for d in DTYPES] + [("scalar", d) for d in DTYPES]
    operands += [("number", d) for d in NUMBERS]
    pairs = [(a, b) for a, b in itertools.product(operands, operands)]
    rng = random.Random(20260101)
    triples = [tuple(rng.choice(operands) for _ in range(3)) for _ in range(500)]
    table = {
        "torch": torch.__version__,
        "promote_types": {a: {b: name(torch.promote_types(getattr(torch, a), getattr(torch, b)))
                              for b in DTYPES} for a in DTYPES},
        "can_cast": {a: {b: torch.can_cast(getattr(torch, a), getattr(torch, b))
                         for b in DTYPES} for a in DTYPES},
        "result_type": [{"operands": [":".join(entry) for entry in case], "result": result_of(case)}
                        for case in pairs + triples],
    }
    text = ",\n".join(json.dumps(case) for case in table.pop("result_type"))
    head = json.dumps(table, indent=1)[:-2]
    OUTPUT.write_text(head + ',\n "result_type": [\n' + text + "\n]}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
