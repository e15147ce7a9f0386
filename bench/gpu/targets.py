# SPDX-License-Identifier: Apache-2.0
"""What the GPU backend must reach on an H200, in one place: a table of targets, and how rows of compare.py are held
against it.

A target names the rows that it takes, the figure of a row that it looks at, and the bound. `of_copy` is the ceiling's
time over ours (the copy kernel's, or for operators that only read the read kernel's), `ratio` PyTorch's over ours,
`ours_us` microseconds, `over_bare_ns` nanoseconds of issuing beyond the bare driver launch.
"""
import dataclasses
import re
from typing import Callable

# Medians of two sides that do the same differ by as much from run to run.
NOISE = 0.02
BIG_BYTES = 64 << 20

ROW_OPS = ("softmax", "log_softmax", "layer_norm", "rms_norm", "fused_add_rms_norm", "cross_entropy_loss")
READ_OPS = ("sum", "argmax", "amax")
ELEMENTWISE = ("add", "mul", "gelu", "silu", "silu_and_mul", "where")
DTYPES = ("bfloat16", "float32")
# The loss by the reduction that is its default.
PLAIN = re.compile(r"(?:cross_entropy_loss mean|\S+) (?P<dtype>\w+) \[(?P<rows>\d+), (?P<width>\d+)\]")


@dataclasses.dataclass(frozen=True)
class Target:
    group: str
    name: str
    key: str
    bound: float
    takes: Callable[[dict], bool]
    at_most: bool = False

    def met(self, row):
        return row[self.key] <= self.bound if self.at_most else row[self.key] >= self.bound

    def wanted(self):
        return f"{self.key} {'<=' if self.at_most else '>='} {self.bound:g}"


def plain(row):
    """(dtype, rows, width) of a row named "operator dtype [rows, width]", else None."""
    match = PLAIN.fullmatch(row["name"])
    return match and (match["dtype"], int(match["rows"]), int(match["width"]))


def _elementwise():
    for op in ELEMENTWISE:
        yield Target("elementwise, 64 MB and more", f"{op}, 64 MB and more", "of_copy", 0.98,
                     lambda row, op=op: row["op"] == op and row["family"] == "pointwise" and row["bytes"] >= BIG_BYTES)
    for name, same in (("copy", True), ("cast", False)):
        def takes(row, same=same):
            match = re.fullmatch(r"copy (\w+) from (\w+) \[\d+, \d+\]", row["name"])
            return bool(match) and (match[1] == match[2]) == same and row["bytes"] >= BIG_BYTES
        yield Target("elementwise, 64 MB and more", f"{name}, 64 MB and more", "of_copy", 0.98, takes)


def _rows():
    def exactly(op, dtype, rows, width):
        return lambda row: row["op"] == op and plain(row) == (dtype, rows, width)

    def wide(op, dtype, width, other_than):
        def takes(row):
            found = plain(row)
            return (row["op"] == op and bool(found) and found[0] == dtype and found[2] == width
                    and found[1] not in other_than and row["bytes"] >= BIG_BYTES)
        return takes

    for op in ROW_OPS + READ_OPS:
        reads = op in READ_OPS
        kind = "reductions" if reads else "rows"
        for dtype in DTYPES:
            for rows, width, bound in ((16384, 8192, 0.95 if reads else 0.97), (4096, 4096, 0.95)):
                yield Target(f"{kind} [{rows}, {width}]", f"{op} {dtype} [{rows}, {width}]", "of_copy", bound,
                             exactly(op, dtype, rows, width))
            for rows in (1, 16):
                yield Target(f"{kind}, small", f"{op} {dtype} [{rows}, 4096]", "ours_us", 1.6,
                             exactly(op, dtype, rows, 4096), at_most=True)
            if op == "amax":
                continue
            for width, bound in ((256, 0.90), (1024, 0.90), (4096, 0.95), (16384, 0.95), (32768, 0.95), (65536, 0.95),
                                 (131072, 0.90), (262144, 0.90)):
                other_than = (4096,) if width == 4096 else ()
                yield Target(f"{kind}, other widths", f"{op} {dtype}, width {width}", "of_copy", bound,
                             wide(op, dtype, width, other_than))


def _gate():
    for rows, experts, bound in ((1, 128, 1.4), (8192, 128, 3.5), (8192, 256, 6.0)):
        name = f"topk_softmax float32 [{rows}, {experts}] top 8"
        yield Target("MoE gate", name, "ours_us", bound, lambda row, name=name: row["name"] == name, at_most=True)


def _products():
    for m, n, k in ((2048, 4096, 4096), (4096, 14336, 4096), (4096, 4096, 14336), (8192, 8192, 8192)):
        name = f"mm bfloat16 [{m}, {n}, {k}]"
        yield Target("large products", name, "ratio", 1.0 - NOISE, lambda row, name=name: row["name"] == name)
    for m in (1, 16):
        name = f"mm bfloat16 [{m}, 4096, 4096]"
        yield Target("products of few rows", name, "of_copy", 0.85, lambda row, name=name: row["name"] == name)


def _attention():
    for context in (4096, 8192, 32768):
        name = f"decode bfloat16 batch 8, 32 of 8 heads x 128, {context}"
        yield Target("decode attention", name, "of_copy", 0.80, lambda row, name=name: row["name"] == name)


def _issue():
    for name, bound in (("fgx_op_call from C", 150.0), ("fgx_plan_run from C", 50.0)):
        yield Target("issuing", f"issuing: {name}", "over_bare_ns", bound,
                     lambda row, name=name: row["family"] == "issue" and row["name"] == name, at_most=True)


TARGETS = [*_elementwise(), *_rows(), *_gate(), *_products(), *_attention(), *_issue()]
# Holds for every row that has PyTorch's time beside it.
NO_SLOWER = Target("PyTorch", "no slower than PyTorch", "ratio", 1.0 - NOISE, lambda row: "ratio" in row)


def measured(row):
    """Whether a row has figures: one that was refused has an error instead."""
    return "error" not in row


def misses(row):
    """What the row falls short of, as text; nothing where it meets all that is asked of it."""
    if not measured(row):
        return ["not run"]
    wanted = [target for target in [*TARGETS, NO_SLOWER] if target.takes(row) and not target.met(row)]
    return [f"{target.key} {row[target.key]:.4g}, wanted {target.wanted()}" for target in wanted]


def summary(rows):
    """What was met, missed and not measured, as lines to print and as a document to keep."""
    done = [row for row in rows if measured(row)]
    met, missed, absent = [], [], []
    for target in TARGETS:
        taken = [row for row in done if target.takes(row)]
        short = [row for row in taken if not target.met(row)]
        if not taken:
            absent.append(target.name)
        elif short:
            missed += [{"target": target.name, "row": row["name"], "wanted": target.wanted(), "got": row[target.key]}
                       for row in short]
        else:
            met.append(target.name)
    slower = [{"row": row["name"], "ratio": row["ratio"]} for row in done if NO_SLOWER.takes(row) and not NO_SLOWER.met(row)]
    refused = [row["name"] for row in rows if not measured(row)]
    return {"targets": len(TARGETS), "met": len(met), "missed": missed, "not_measured": absent,
            "slower_than_torch": slower, "not_run": refused}


def lines(found):
    """The summary as text."""
    number = len({miss["target"] for miss in found["missed"]})
    yield f"targets: {found['met']} of {found['targets']} met, {number} missed, {len(found['not_measured'])} not measured"
    for miss in found["missed"]:
        yield f"  MISS  {miss['row']}: {miss['got']:.4g}, wanted {miss['wanted']}"
    yield f"slower than PyTorch: {len(found['slower_than_torch'])} rows"
    for row in found["slower_than_torch"]:
        yield f"  SLOW  {row['row']}: PyTorch / ours {row['ratio']:.3f}"
    for name in found["not_run"]:
        yield f"  NOT RUN  {name}"
    if found["not_measured"]:
        yield f"  not measured: {', '.join(found['not_measured'])}"
