#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times operators on the GPU beside PyTorch and beside a copy kernel over the same bytes, in one run.

    python bench/gpu/compare.py                       all families
    python bench/gpu/compare.py pointwise --match gelu --json out.json
    python bench/gpu/compare.py --issue BUILD         all of it, and what issuing costs (issue.py)
    python bench/gpu/compare.py --held FILE...        measures nothing: holds rows of earlier runs against the targets

Kernel time is that of a replayed graph whose nodes take their inputs and outputs in turn from enough memory that no
cache holds them; ours, PyTorch's and the copy kernel's graphs are replayed in turn, and a row shows medians over the
rounds. `of copy` is the copy kernel's time over ours for the same number of bytes: 1 is the memory limit. The copy kernel
makes one 16-byte access per thread and array, in blocks of 256. Operators that only read are held against a kernel that
only reads: `of copy` is that kernel's time over ours then. It has as many blocks as the device runs at once, and four
16-byte loads per thread in flight.

A row that misses what is asked of it (targets.py) is flagged; a summary of all targets ends the table.

Each file cases_<family>.py beside this one defines cases(torch), which yields
    (row name, operator, make, kwargs, function, bytes[, ceiling])
where make() draws the arguments anew, function(args, out) computes the same with PyTorch into `out`, and bytes is what the
operator must at least move; ceiling is "copy", or "read" for operators that only read.
"""
import argparse
import importlib.util
import json
import math
import pathlib
import statistics
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "tests" / "torch"), str(HERE.parent), str(HERE)]

import environment  # noqa: E402  (found through the path above)
import targets  # noqa: E402

COPY = r"""
extern "C" __global__ void copy(const int4* from, int4* to, long long count) {
  const long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) to[i] = from[i];
}"""
# Writes only what never is, so that the loads are not left out.
READ = r"""
extern "C" __global__ void read(const int4* from, int* to, long long count) {
  const long long step = (long long)gridDim.x * blockDim.x;
  long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  int seen = 0;
  for (; i + 3 * step < count; i += 4 * step) {
    int4 part[4];
    for (int u = 0; u < 4; ++u) part[u] = from[i + u * step];
    for (int u = 0; u < 4; ++u) seen |= part[u].x & part[u].y & part[u].z & part[u].w;
  }
  for (; i < count; i += step) seen |= from[i].x & from[i].y & from[i].z & from[i].w;
  if (seen == 0x7fedcba9) *to = seen;
}"""
ROTATED_BYTES = 1 << 30  # many times the last-level cache
ROUNDS = 15


class Graph:
    """A captured sequence of calls, replayed and timed."""

    def __init__(self, torch, calls, stream):
        self.torch, self.stream, self.count = torch, stream, len(calls)
        with torch.cuda.stream(stream):
            for call in calls[:3]:
                call()
        stream.synchronize()
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph, stream=stream):
            for call in calls:
                call()
        self.times = []

    def sample(self, replays):
        start, end = (self.torch.cuda.Event(enable_timing=True) for _ in range(2))
        with self.torch.cuda.stream(self.stream):
            self.graph.replay()
            start.record()
            for _ in range(replays):
                self.graph.replay()
            end.record()
        end.synchronize()
        self.times.append(start.elapsed_time(end) * 1e3 / (replays * self.count))

    def median(self):
        return statistics.median(self.times)


def measure(torch, graphs):
    for graph in graphs.values():
        graph.sample(1)
        once = graph.times.pop() * graph.count
    replays = max(1, int(3000 / max(once, 1)))  # about three milliseconds
    for _ in range(ROUNDS):
        for graph in graphs.values():
            graph.sample(replays)


def families():
    return sorted(path.stem[len("cases_"):] for path in HERE.glob("cases_*.py"))


def load_cases(family):
    spec = importlib.util.spec_from_file_location(f"gpu_cases_{family}", HERE / f"cases_{family}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.cases


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="*")
    parser.add_argument("--match", default="", help="only rows whose name contains this")
    parser.add_argument("--ops", help="only these operators, between commas")
    parser.add_argument("--json", help="write the rows to this file")
    parser.add_argument("--issue", metavar="BUILD", help="measure issuing too, with the library of this build folder")
    parser.add_argument("--held", nargs="+", metavar="FILE", help="files that --json wrote")
    options = parser.parse_args()
    if options.held:
        documents = [json.loads(pathlib.Path(path).read_text()) for path in options.held]
        rows = [row for document in documents for row in document["rows"]]
        print("\n".join(targets.lines(targets.summary(rows))))
        return

    import cupy
    import torch

    import fgx

    torch.manual_seed(1)
    stream = torch.cuda.Stream()
    copy_kernel = cupy.RawKernel(COPY, "copy")
    read_kernel = cupy.RawKernel(READ, "read")
    processors = torch.cuda.get_device_properties(0).multi_processor_count
    context = fgx.Context()
    rows = []
    print(f"{'row':44} {'ours us':>9} {'PyTorch':>9} {'copy':>9} {'GB/s':>6} {'of copy':>8} {'ratio':>6}")
    for family in options.families or families():
        for name, op, make, kwargs, function, size, *ceiling in load_cases(family)(torch):
            if options.match not in name or options.ops and op not in options.ops.split(","):
                continue
            copies = max(2, min(64, ROTATED_BYTES // max(size, 1)))
            sets = [make() for _ in range(copies)]
            try:
                with torch.cuda.stream(stream):
                    prepared = [fgx.Prepared(op, *args, context=context, **kwargs) for args in sets]
            except fgx.FgxError as error:
                print(f"{name:44} not run: {error}")
                rows.append({"family": family, "name": name, "op": op, "error": str(error)})
                continue
            stream.synchronize()
            half = max(16, size // 2 // 16 * 16)
            buffers = [torch.empty(2 * half, dtype=torch.uint8, device="cuda") for _ in range(copies)]

            reads = ceiling == ["read"]

            def copy(buffer):
                grid = (half // 16 + 255) // 256
                external = cupy.cuda.ExternalStream(torch.cuda.current_stream().cuda_stream)
                with external:
                    if reads:
                        grid = min(processors * 8, (2 * half // 16 + 255) // 256)
                        read_kernel((grid,), (256,), (buffer.data_ptr(), buffer.data_ptr(), 2 * half // 16))
                        return
                    copy_kernel((grid,), (256,), (buffer.data_ptr(), buffer.data_ptr() + half, half // 16))

            graphs = {
                "ours": Graph(torch, [p.run for p in prepared], stream),
                "torch": Graph(torch, [lambda a=a, p=p: function(a, p.out) for a, p in zip(sets, prepared)], stream),
                "copy": Graph(torch, [lambda b=b: copy(b) for b in buffers], stream),
            }
            measure(torch, graphs)
            times = {key: graph.median() for key, graph in graphs.items()}
            quartiles = statistics.quantiles(graphs["ours"].times, n=4)
            row = {"family": family, "name": name, "op": op, "ceiling": "read" if reads else "copy", "bytes": size, "ours_us": times["ours"],
                   "ours_spread": (quartiles[2] - quartiles[0]) / 2 / quartiles[1], "torch_us": times["torch"],
                   "copy_us": times["copy"], "of_copy": times["copy"] / times["ours"],
                   "ratio": times["torch"] / times["ours"]}
            rows.append(row)
            print(f"{name:44} {times['ours']:9.2f} {times['torch']:9.2f} {times['copy']:9.2f} "
                  f"{size / times['ours'] / 1e3:6.0f} {row['of_copy']:8.3f} {row['ratio']:6.2f}"
                  f"{''.join('  MISS ' + miss for miss in targets.misses(row))}", flush=True)
            del graphs, prepared, sets, buffers
            torch.cuda.empty_cache()
    done = [row for row in rows if "ratio" in row]
    if done:
        mean = math.exp(statistics.fmean(math.log(row["ratio"]) for row in done))
        slower = [row["name"] for row in done if row["ratio"] < 0.98]
        print(f"\n{len(done)} rows, geometric mean of PyTorch / ours {mean:.2f}; slower than PyTorch: {', '.join(slower) or 'none'}")
    if options.issue:
        import issue

        issued = issue.measure(options.issue)
        rows += issued
        print("\n" + "\n".join(issue.lines(issued)))
    held = targets.summary(rows)
    print("\n" + "\n".join(targets.lines(held)))
    if options.json:
        found = environment.describe(gpu=torch.cuda.get_device_name(), torch=torch.__version__, cuda=torch.version.cuda)
        pathlib.Path(options.json).write_text(json.dumps({"environment": found, "targets": held, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
