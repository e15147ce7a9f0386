#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns Google Benchmark's JSON into a result with its environment: stamp_benchmark.py RAW.json bench/results/NAME.json [NOTE]

Host names and paths are left out; the processor, the load while it ran, the commit and the compiler are kept.
"""
import json
import pathlib
import platform
import subprocess
import sys

DROPPED = {"family_index", "per_family_instance_index", "run_name", "run_type", "repetitions", "repetition_index",
           "threads"}


def processor() -> str:
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def main() -> int:
    raw = json.loads(pathlib.Path(sys.argv[1]).read_text())
    context = raw["context"]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    compiler = subprocess.run(["c++", "--version"], capture_output=True, text=True, check=False)
    result = {
        "environment": {
            "cpu": processor(),
            "cores": context["num_cpus"],
            "kernel": platform.release().split("-")[0],
            "date": context["date"],
            "load_average": context.get("load_avg", []),
            "commit": commit.stdout.strip(),
            "compiler": compiler.stdout.splitlines()[0] if compiler.stdout else "",
            "note": sys.argv[3] if len(sys.argv) > 3 else "",
        },
        "benchmarks": [{k: v for k, v in row.items() if k not in DROPPED} for row in raw["benchmarks"]],
    }
    pathlib.Path(sys.argv[2]).write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
