#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What limits a row of compare.py: the profiler's counters (ncu) of our kernels, caches cold.

    python bench/gpu/counters.py --missed gpu.json --json gpu_counters.json
    python bench/gpu/counters.py --rows "layer_norm bfloat16 [16384, 8192]" "sum bfloat16 [1, 4096]"

--missed takes, from what compare.py wrote, every row that misses a target (targets.py) or is slower than PyTorch.
A row's time here is the profiler's, of one launch: longer than that of a launch within a graph.
"""
import argparse
import csv
import io
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "tests" / "torch"), str(HERE.parent), str(HERE)]

import targets  # noqa: E402  (found through the path above)

STALLS = ["long_scoreboard", "short_scoreboard", "barrier", "membar", "wait", "lg_throttle", "mio_throttle", "math_pipe_throttle",
          "no_instruction", "branch_resolving", "drain", "imc_miss", "not_selected"]
COUNTERS = {
    "us": "gpu__time_duration.sum",
    "dram_percent": "dram__throughput.avg.pct_of_peak_sustained_elapsed",
    "l2_percent": "lts__t_sectors.avg.pct_of_peak_sustained_elapsed",
    "l1_hit_percent": "l1tex__t_sector_hit_rate.pct",
    "issue_slots_percent": "sm__inst_issued.avg.pct_of_peak_sustained_elapsed",
    "warps_percent": "sm__warps_active.avg.pct_of_peak_sustained_active",
    "sm_active_percent": "sm__cycles_active.avg.pct_of_peak_sustained_elapsed",
}
COUNTERS.update({f"stalled_{name}": f"smsp__average_warps_issue_stalled_{name}_per_issue_active.ratio" for name in STALLS})
MARK = 'extern "C" __global__ void next_row() {}'


def run_rows(names):
    """Under the profiler: each row once, an empty kernel before it."""
    import cupy
    import torch

    import compare
    import fgx

    torch.manual_seed(1)
    mark = cupy.RawKernel(MARK, "next_row")
    context = fgx.Context()
    for family in compare.families():
        for name, op, make, kwargs, *_ in compare.load_cases(family)(torch):
            if name not in names:
                continue
            try:
                prepared = fgx.Prepared(op, *make(), context=context, **kwargs)
            except fgx.FgxError as error:
                print(f"{name} not run: {error}", file=sys.stderr)
                continue
            prepared.run()
            torch.cuda.synchronize()
            torch.cuda.profiler.start()
            mark((1,), (1,), ())
            prepared.run()
            torch.cuda.synchronize()
            torch.cuda.profiler.stop()
            print(f"row\t{family}\t{name}", flush=True)
            del prepared
            torch.cuda.empty_cache()


def profile(names):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(names, file)
        file.flush()
        command = ["ncu", "--clock-control", "none", "--profile-from-start", "off", "--csv", "--page", "raw", "--metrics",
                   ",".join(COUNTERS.values()), sys.executable, __file__, "--run", file.name]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    lines = done.stdout.splitlines()
    order = [line.split("\t")[1:] for line in lines if line.startswith("row\t")]
    table = [line for line in lines if line.startswith('"')]
    rows = []
    number = -1
    to_us = 1e-3
    for entry in csv.DictReader(io.StringIO("\n".join(table))):
        if not entry["ID"].strip():
            to_us = {"ns": 1e-3, "us": 1, "usecond": 1, "ms": 1e3}.get(entry[COUNTERS["us"]], 1e-3)
            continue  # units
        if entry["Kernel Name"].startswith("next_row"):
            number += 1
            continue
        if number >= len(order):
            break  # the program was cut short
        family, row = order[number]
        found = {"family": family, "row": row, "kernel": entry["Kernel Name"], "grid": entry["Grid Size"],
                 "block": entry["Block Size"]}
        for key, counter in COUNTERS.items():
            try:
                found[key] = round(float(entry[counter].replace(",", "")), 3)
            except (KeyError, ValueError):
                pass
        found["us"] = round(found.get("us", 0) * to_us, 3)
        stalls = sorted(((found.pop("stalled_" + name, 0), name) for name in STALLS), reverse=True)
        found["warps_stalled_by"] = {name: value for value, name in stalls[:4]}
        rows.append(found)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="+", default=[], help="names of rows")
    parser.add_argument("--missed", metavar="FILE", help="what compare.py wrote")
    parser.add_argument("--json")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run_rows(set(json.loads(pathlib.Path(options.run).read_text())))
        return
    names = list(options.rows)
    if options.missed:
        results = json.loads(pathlib.Path(options.missed).read_text())["rows"]
        names += [row["name"] for row in results if targets.misses(row) and row["family"] != "issue"]
    rows = profile(names)
    for row in rows:
        print(f"{row['row']:48} {row['kernel']:36} {row.get('us', 0):9.2f} us  dram {row.get('dram_percent', 0):5.1f} %  "
              f"issue {row.get('issue_slots_percent', 0):5.1f} %  {row['warps_stalled_by']}")
    if options.json:
        import environment
        import torch

        found = environment.describe(gpu=torch.cuda.get_device_name(), torch=torch.__version__, cuda=torch.version.cuda)
        pathlib.Path(options.json).write_text(json.dumps({"environment": found, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
