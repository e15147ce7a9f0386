#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns the JSON that the demo's steps produce into what a person reads.

demo_report.py audit AUDIT.json
demo_report.py layers CLI CALLS.txt OUTPUT_FOLDER     tunes (or starts warm), verifies, times, prints one table
demo_report.py fallback FALLBACK.txt
"""
import json
import pathlib
import subprocess
import sys


def table(header, rows):
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]
    for row in [header, ["-" * w for w in widths], *rows]:
        print("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip())


def audit(path):
    report = json.loads(pathlib.Path(path).read_text())
    summary = report["summary"]
    print(f"{summary['records']} records: {summary['claim_passed']} claim that their tests passed, {summary['proven']} prove it")
    reasons = {}
    for record in report["records"]:
        for missing in record["missing"]:
            reasons.setdefault(missing["code"], []).append(missing["text"])
    table(["what is missing", "records", "for example"],
          [[code, len(texts), texts[0]] for code, texts in sorted(reasons.items())])
    print("names that several records share:", ", ".join(summary["ambiguous_names"]) or "none")


def run_cli(cli, *arguments):
    result = subprocess.run([cli, "--format", "json", *arguments], capture_output=True, text=True)
    if not result.stdout:
        sys.exit(f"{' '.join(arguments)}: {result.stderr}")
    return json.loads(result.stdout)


def layers(cli, calls_path, folder):
    calls = [line.strip() for line in open(calls_path) if line.strip() and not line.startswith("#")]
    folder = pathlib.Path(folder)
    remembered = folder / "layers.json"
    if remembered.exists():
        print("starting warm: statistics of an earlier run are used, nothing is tuned")
    else:
        print("first run: every candidate of every call is timed, interleaved, its outputs checked against stable")
        run_cli(cli, "tune", *[a for call in calls for a in ("--call", call)], "--enable", "all", "--repeat", "10",
                "--output", str(folder / "tuned"))
    rows, evidence = [], []
    for call in calls:
        decision = run_cli(cli, "explain", call, "--enable", "all")
        chosen = decision["chosen"]
        checked = run_cli(cli, "verify", call.split("(")[0], "--implementation", chosen, "--case", call, "--enable", "all")
        timed = run_cli(cli, "benchmark", call, "--enable", "all")
        verdict = checked["implementations"][0]
        time = next(row for row in timed["rows"] if row["implementation"] == chosen)
        ratio = time["ratio_to_stable"]
        rows.append([call, chosen, decision["why"], f"{verdict['max_abs_error']:.1e}",
                     f"{verdict['worst_ratio']:.2f}", f"{time['median_us']:.1f}", f"{time['spread_us']:.1f}",
                     "-" if ratio is None else f"{ratio:.2f}"])
        evidence.append({"call": call, "explain": decision, "verify": verdict, "benchmark": time})
        if not verdict["passed"]:
            sys.exit(f"{call}: {chosen} is wrong: {verdict['failures'][:1]}")
    table(["call", "chosen", "why", "max error", "of tolerance", "us", "+-", "vs stable"], rows)
    remembered.write_text(json.dumps(evidence, indent=1))
    print(f"evidence: {remembered}")


def fallback(path):
    explanation, counters = [json.loads(line) for line in open(path) if line.startswith("{")][:2]
    for candidate in explanation["candidates"]:
        print(f"  {candidate['name']}: {candidate['verdict']} ({candidate['reason']})")
    print(f"  fallbacks {counters['fallbacks']}, breaker openings {counters['breaker_openings']}")


if __name__ == "__main__":
    {"audit": audit, "layers": layers, "fallback": fallback}[sys.argv[1]](*sys.argv[2:])
