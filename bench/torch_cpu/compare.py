#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times operators against PyTorch CPU in one process, and prints the ratio of every row.

    python bench/torch_cpu/compare.py                        all families
    python bench/torch_cpu/compare.py pointwise loss         some
    python bench/torch_cpu/compare.py --match gelu --json out.json --experimental

Each file cases_<family>.py beside this one defines cases(torch), which yields
    (row name, operator, args, kwargs, function)
where function() computes the same with PyTorch, into fresh memory or into the same `out`. Both sides
run with the same number of threads on the same inputs, in turn (ours, PyTorch, ours, ...), so that
what disturbs one disturbs the other, with a pause and an untimed call before each sample, so that
neither's waiting threads take the other's cores; a row shows both medians, their spread (half the distance between
the quartiles, relative) and PyTorch's time over ours: above 1 we are faster. Ours includes the
ctypes call (about a microsecond), PyTorch's its Python binding.
"""
import argparse
import gc
import importlib.util
import json
import math
import os
import pathlib
import platform
import statistics
import sys
import time

PAUSE_NS = 5_000_000  # longer than OpenMP's threads spin after a parallel region
# Unlimited, PyTorch's OpenMP threads spin for hundreds of milliseconds in a virtual machine and keep the cores that the
# other side is timed on; every sample begins with an untimed call, which wakes them.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "tests" / "torch"), str(HERE.parent)]

import environment  # noqa: E402  (found through the path above)


def load_cases(family):
    spec = importlib.util.spec_from_file_location(f"cases_{family}", HERE / f"cases_{family}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.cases


def repeat(function, times):
    start = time.perf_counter_ns()
    for _ in range(times):
        function()
    return (time.perf_counter_ns() - start) / times


def measure(ours, theirs, seconds):
    """Medians and relative spreads of both, in nanoseconds, from interleaved samples."""
    for _ in range(3):
        ours()
        theirs()
    once = max(min(repeat(ours, 1), repeat(theirs, 1)), 100.0)
    inner = max(1, int(1e6 / once))  # one sample takes about a millisecond, or one call
    samples = int(min(101, max(11, seconds * 1e9 / (2 * (inner + 1) * once + 2 * PAUSE_NS))))
    times = ([], [])
    for _ in range(samples):
        for function, values in ((ours, times[0]), (theirs, times[1])):
            time.sleep(PAUSE_NS / 1e9)
            function()
            values.append(repeat(function, inner))
    result = []
    for values in times:
        quartiles = statistics.quantiles(values, n=4)
        result.append((statistics.median(values), (quartiles[2] - quartiles[0]) / 2 / quartiles[1]))
    return result, samples


def show_time(ns):
    return f"{ns / 1e3:9.2f} us" if ns < 1e6 else f"{ns / 1e6:9.2f} ms"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="*", help="default: all that have a cases_<family>.py")
    parser.add_argument("--match", default="", help="only rows whose name contains this")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=0.5, help="time per row")
    parser.add_argument("--experimental", action="store_true", help="enable experimental implementations")
    parser.add_argument("--json", help="write the rows to this file")
    options = parser.parse_args()

    import torch
    import fgx

    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    context = fgx.Context(num_threads=options.threads)
    if options.experimental:
        context.set("min_status", "EXPERIMENTAL")
        context.enable()
    families = options.families or sorted(p.stem[len("cases_"):] for p in HERE.glob("cases_*.py"))
    found = environment.describe()
    rows = []
    print(f"{'row':44} {'ours':>12} {'+-':>5}  {'PyTorch':>12} {'+-':>5}  {'ratio':>6}")
    for family in families:
        ratios = []
        for name, op, args, kwargs, function in load_cases(family)(torch):
            if options.match not in name:
                continue
            try:
                prepared = fgx.Prepared(op, *args, context=context, **kwargs)
            except (fgx.FgxError, RuntimeError) as error:
                print(f"{name:44} not run: {error}")
                rows.append({"family": family, "name": name, "op": op, "error": str(error)})
                continue
            gc.disable()
            (ours, theirs), samples = measure(lambda: prepared.run(), function, options.seconds)
            gc.enable()
            ratio = theirs[0] / ours[0]
            ratios.append(ratio)
            print(f"{name:44} {show_time(ours[0])} {ours[1]:5.0%}  {show_time(theirs[0])} {theirs[1]:5.0%}"
                  f"  {ratio:6.2f}", flush=True)
            rows.append({"family": family, "name": name, "op": op, "ours_ns": ours[0], "ours_spread": ours[1],
                         "torch_ns": theirs[0], "torch_spread": theirs[1], "ratio": ratio,
                         "samples": samples})
        if ratios:
            mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
            print(f"{family}: geometric mean {mean:.2f} over {len(ratios)} rows, worst {min(ratios):.2f}\n")
    if options.json:
        document = {"environment": {**found, "threads": options.threads, "torch": torch.__version__,
                                    "torch_capability": torch.backends.cpu.get_cpu_capability(),
                                    "python": platform.python_version()}, "rows": rows}
        pathlib.Path(options.json).write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
