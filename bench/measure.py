#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the benchmarks and writes bench/results/*.json, each with the environment it was taken in.

    bench/measure.py --build build/release                      all
    bench/measure.py --build build/release dispatch torch_cpu   some

Run it on a quiet machine: the load average stands in the results. scripts/generate_readme.py makes the tables from them.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

import environment

HERE = pathlib.Path(__file__).resolve().parent
RESULTS = HERE / "results"
REPETITIONS = 5
# Keys of Google Benchmark's rows that say nothing about what was measured; the rest are times and counters.
NOISE = {"family_index", "per_family_instance_index", "run_name", "run_type", "repetitions", "threads",
         "repetition_index", "aggregate_name", "aggregate_unit", "iterations", "big_o", "rms"}


def google_benchmark(name, build):
    """Medians over repetitions of bench_<name>, with the spread of the time over them."""
    executable = build / "bench" / f"bench_{name}"
    found = environment.describe(build=build.name, repetitions=REPETITIONS)
    output = subprocess.run(
        [executable, "--benchmark_format=json", f"--benchmark_repetitions={REPETITIONS}",
         "--benchmark_report_aggregates_only=true"],
        env={**os.environ, "FGX_TRACES": str(HERE / "traces")}, stdout=subprocess.PIPE, check=True).stdout
    rows = {}
    for row in json.loads(output)["benchmarks"]:
        if row.get("aggregate_name") == "median":
            rows[row["run_name"]] = {"name": row["run_name"], **{k: v for k, v in row.items() if k not in NOISE | {"name"}}}
    for row in json.loads(output)["benchmarks"]:
        if row.get("aggregate_name") == "cv":
            rows[row["run_name"]]["spread"] = round(row["real_time"], 4)
    return {"environment": found, "benchmarks": list(rows.values())}


def torch_cpu(build):
    """PyTorch's times over ours: bench/torch_cpu/compare.py writes the file itself."""
    library = build / "libflaggems_exp.so"
    subprocess.run([sys.executable, HERE / "torch_cpu" / "compare.py", "--json", RESULTS / "torch_cpu.json"],
                   env={**os.environ, "FLAGGEMS_EXP_LIBRARY": str(library)}, check=True)


def main():
    native = sorted(p.name[:-len("_bench.cpp")] for p in HERE.glob("*_bench.cpp"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(native)}, torch_cpu")
    parser.add_argument("--build", type=pathlib.Path, required=True)
    options = parser.parse_args()
    build = options.build.resolve()
    for name in options.names or [*native, "torch_cpu"]:
        if name == "torch_cpu":
            torch_cpu(build)
            continue
        document = google_benchmark(name, build)
        (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")
        for row in document["benchmarks"]:
            print(f"{row['name']:60} {row['real_time']:12.3f} {row['time_unit']} +- {row['spread']:.0%}", flush=True)


if __name__ == "__main__":
    main()
