#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Recomputes validate-data and filter-ops on the committed measurements, sharing no code with them.

usage: recompute_filter.py FLAG_GEMS_EXP
"""
import json
import math
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent.parent / "examples" / "data"
YOURS = DATA / "h200_your_perf_data.json"
FLAGGEMS = DATA / "h200_flaggems_perf_data.json"


def close(a, b):
    return math.isclose(a, b, rel_tol=1e-12)


def expected(batch, threshold):
    yours = json.loads(YOURS.read_text())
    flaggems = json.loads(FLAGGEMS.read_text())
    selected = {}
    for name, entry in yours.items():
        theirs = {(tuple(c["shape"]), c["dtype"]): c["flaggems_time"]
                  for c in flaggems.get(name, {"configs": []})["configs"]}
        speedups, relatives, configs = [], [], []
        for config in entry["configs"]:
            time = theirs.get((tuple(config["shape"]), config["dtype"]))
            if batch == 1 and time is None:
                continue
            if time is not None:
                speedups.append(time / config["your_time"])
            relatives.append(config["your_time"] / config["cuda_time"])
            configs.append((config, time))
        if not relatives:
            continue
        speedup = statistics.fmean(speedups) if speedups else None
        relative = statistics.fmean(relatives)
        good = speedup >= threshold if batch == 1 else relative <= threshold
        if good:
            selected[name] = (speedup, relative, configs)
    return selected


def check(tool, batch, threshold, options):
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "selected.json")
        subprocess.run(
            [tool, "filter-ops", "--batch", str(batch), "--your-data", YOURS, "--flaggems-data",
             FLAGGEMS, "--output", output, *options], check=True, stdout=subprocess.DEVNULL)
        result = json.loads(output.read_text())
        # The plan's two ways of looking at a selection.
        subprocess.run(["jq", "-e", "{total_operators, total_configs, threshold, criterion}", output],
                       check=True, stdout=subprocess.DEVNULL)
        best = json.loads(subprocess.run(
            ["jq", ".operators | to_entries | sort_by(.value.avg_speedup_vs_flaggems) | reverse | .[0:5]",
             output], check=True, capture_output=True).stdout)
    wanted = expected(batch, threshold)
    assert list(result) == ["batch", "threshold", "criterion", "total_operators", "total_configs",
                            "operators"], list(result)
    assert result["batch"] == batch and result["threshold"] == threshold
    assert result["criterion"] == ("speedup_vs_flaggems" if batch == 1 else "relative_to_cuda")
    assert list(result["operators"]) == list(wanted), (list(result["operators"]), list(wanted))
    assert result["total_operators"] == len(wanted)
    assert result["total_configs"] == sum(len(configs) for _, _, configs in wanted.values())
    for name, (speedup, relative, configs) in wanted.items():
        entry = result["operators"][name]
        assert close(entry["avg_speedup_vs_flaggems"], speedup), name
        assert close(entry["avg_relative_to_cuda"], relative), name
        assert len(entry["configs"]) == len(configs)
        for got, (config, time) in zip(entry["configs"], configs):
            for field in ("shape", "dtype", "your_time", "cuda_time"):
                assert got[field] == config[field], (name, field)
            assert got["flaggems_time"] == time
            assert got["speedup_vs_flaggems"] == time / config["your_time"]
            assert got["relative_to_cuda"] == config["your_time"] / config["cuda_time"]
    order = sorted(wanted, key=lambda name: wanted[name][0], reverse=True)[:5]
    assert [item["key"] for item in best] == order, (best, order)
    print(f"batch {batch}, threshold {threshold}: {len(wanted)} operators agree")


def check_statistics(tool):
    report = json.loads(subprocess.run(
        [tool, "--format", "json", "validate-data", "--your-data", YOURS, "--flaggems-data", FLAGGEMS],
        check=True, capture_output=True).stdout)
    yours = json.loads(YOURS.read_text())
    assert [item["operator"] for item in report["statistics"]] == list(yours)
    for item in report["statistics"]:
        configs = yours[item["operator"]]["configs"]
        for entry in item["dtypes"] + [dict(item, dtype=None)]:
            ratios = [c["your_time"] / c["cuda_time"] for c in configs
                      if entry["dtype"] in (None, c["dtype"])]
            got = entry["relative_to_cuda"]
            assert got["count"] == entry["configs"] == len(ratios)
            assert got["min"] == min(ratios) and got["max"] == max(ratios)
            assert close(got["median"], statistics.median(ratios))
            assert close(got["mean"], statistics.fmean(ratios))
            assert close(got["geomean"], statistics.geometric_mean(ratios))
    print(f"statistics of {len(yours)} operators agree")


def main():
    tool = sys.argv[1]
    check(tool, 1, 1.3, [])
    check(tool, 2, 1.25, [])
    check(tool, 1, 2.0, ["--threshold", "2"])
    check(tool, 2, 3.0, ["--threshold", "3.0"])
    check(tool, 1, 0.001, ["--threshold", "0.001"])
    check_statistics(tool)


if __name__ == "__main__":
    main()
