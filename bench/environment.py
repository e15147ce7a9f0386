# SPDX-License-Identifier: Apache-2.0
"""What a measurement was taken on and with; stands in every file of bench/results."""
import os
import pathlib
import platform
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def _output(*command):
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def cpu_model():
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor()


def describe(**more):
    """The machine, the time, how busy the machine was, the commit and whether the tree differs from it."""
    compiler = _output("c++", "--version")
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        # A copy of the tree without its history is told which commit it is.
        "commit": os.environ.get("FLAGGEMS_EXP_COMMIT") or _output("git", "rev-parse", "--short", "HEAD"),
        "modified": bool(_output("git", "status", "--porcelain", "--untracked-files=no")),
        "compiler": compiler.splitlines()[0] if compiler else None,
        **more,
    }
