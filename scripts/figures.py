# SPDX-License-Identifier: Apache-2.0
"""The numbers the design asks for, each beside what bench/results/*.json says was measured."""
import json
import pathlib

import speed_picture

RESULTS = pathlib.Path(__file__).resolve().parent.parent / "bench" / "results"
TO_NANOSECONDS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


def load(name):
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def show(nanoseconds):
    for unit in ("ns", "us", "ms"):
        if nanoseconds < 1000:
            return f"{nanoseconds:.3g} {unit}"
        nanoseconds /= 1000
    return f"{nanoseconds:.3g} s"


class Benchmarks:
    """The rows of one result file by name."""

    def __init__(self, name):
        self.document = load(name)
        self.rows = {row["name"]: row for row in (self.document or {"benchmarks": []})["benchmarks"]}

    def counter(self, prefix, key):
        """The counter of the one row whose name is `prefix`, or starts with it before a slash."""
        found = [row for name, row in self.rows.items() if name == prefix or name.startswith(prefix + "/")]
        return found[0][key] if len(found) == 1 else None

    def time(self, prefix, key="real_time"):
        value = self.counter(prefix, key)
        return None if value is None else value * TO_NANOSECONDS[self.counter(prefix, "time_unit")]


def at_most(rows, what, value, limit, text=show):
    if value is not None:
        rows.append((what, f"<= {text(limit)}", text(value), value <= limit))


def at_least(rows, what, value, limit, text):
    if value is not None:
        rows.append((what, f">= {text(limit)}", text(value), value >= limit))


def figures():
    """Rows (what, target, measured, met)."""
    rows = []
    megabytes = lambda value: f"{value:.3g} MB"
    percent = lambda value: f"{value:.5g} %"
    times = lambda value: f"{value:.3g} x"

    dispatch = Benchmarks("dispatch")
    for call, name, limit in (("warm_call", "warm `fgx_op_call`", 100), ("plan", "`fgx_plan_run`", 30)):
        at_most(rows, f"{name} of a shipped kernel on 16 numbers, all in all", dispatch.time(f"{call}_add/4/4"), limit)
        at_most(rows, f"{name} of a host's function that does nothing, all in all", dispatch.time(f"{call}_beyond_kernel"), limit)
    at_most(rows, "cold decision, kernel of 16 elements included", dispatch.time("cold_call"), 20e3)
    at_most(rows, "new shape in a known cell, kernel included", dispatch.time("new_shape_in_known_cell"), 1e3)
    at_least(rows, "decision cache hits, fixed-shape decode", dispatch.counter("trace/fixed_decode", "both_levels_%"), 99, percent)
    at_least(rows, "decision cache hits, continuous batching",
             dispatch.counter("trace/continuous_batching", "both_levels_%"), 99.9, percent)
    for trace in ("fixed_decode", "continuous_batching"):
        p99, clock = (dispatch.counter(f"trace/{trace}", key) for key in ("p99_ns", "clock_ns"))
        if p99 is not None:
            at_most(rows, f"99th percentile of a call, {trace.replace('_', ' ')}", p99 - clock, 1e3)

    registry = Benchmarks("registry")
    for count, name in ((1000, "1K"), (100000, "100K")):
        at_most(rows, f"record by id, of {name}", registry.time(f"handle_by_id/{count}"), 1e3)
    at_most(rows, "filter 1K records, a tenth passes", registry.time("filter/tenth_full/1000"), 200e3)
    at_most(rows, "filter 1K records, all pass", registry.time("filter/all_full/1000"), 200e3)
    for count, name in ((1000, "1K"), (10000, "10K"), (100000, "100K")):
        at_most(rows, f"durable update of {name}, of append + fdatasync",
                registry.counter(f"durable_update/{count}", "ratio"), 2, times)
    at_most(rows, "open 1K records", registry.time("open_registry/1000"), 20e6)
    at_most(rows, "open 100K records", registry.time("open_registry/100000"), 2e9)
    at_most(rows, "memory of 1K records of 2 KB", registry.counter("resident_memory/1000", "peak_mb"), 8, megabytes)
    at_most(rows, "memory of 100K records", registry.counter("resident_memory/100000", "peak_mb"), 150, megabytes)
    cache = Benchmarks("performance_cache")
    at_most(rows, "memory of 1K rows of the performance cache", cache.counter("import_rows/1000", "kept_mb"), 1, megabytes)

    torch_cpu = load("torch_cpu")
    for family, ratios in (speed_picture.by_family(torch_cpu) if torch_cpu else {}).items():
        at_least(rows, f"{family} against PyTorch CPU, {len(ratios)} rows", speed_picture.geometric_mean(ratios), 1, times)
    return rows
