#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the generated parts of README.md and docs/ from the registry of operators and the benchmark files, so that they cannot drift.

    scripts/generate_readme.py            rewrites them
    scripts/generate_readme.py --check    reports whether they are out of date (exit status 1)

Every block between `<!-- generated: NAME -->` and `<!-- end -->` is replaced by what the function NAME below returns.
docs/images/speed.svg is drawn from bench/results/torch_cpu.json; without that file there is no picture.
"""
import json
import pathlib
import re
import sys

import speed_picture

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"
PICTURE = ROOT / "docs" / "images" / "speed.svg"


def load(name):
    path = RESULTS / name
    return json.loads(path.read_text()) if path.exists() else None


def markdown(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def figures():
    """The numbers of the design, target beside what was measured: bench/results/figures.json."""
    data = load("figures.json")
    if data is None:
        return "Not measured on a quiet machine yet; raw figures with their environment are in `bench/results/`."
    rows = [[f["what"], f["target"], f["measured"], "yes" if f["met"] else "**no**"] for f in data["figures"]]
    return markdown(["what", "target", "measured", "met"], rows) + f"\n\n{data['environment']}"


def pytorch():
    """Geometric mean per family of the ratio to PyTorch on CPU: bench/results/torch_cpu.json."""
    data = load("torch_cpu.json")
    if data is None:
        return "Not measured on a quiet machine yet: `bench/torch_cpu/compare.py` prints the table."
    rows = []
    for family, ratios in speed_picture.by_family(data).items():
        mean = speed_picture.geometric_mean(ratios)
        rows.append([family, len(ratios), f"{mean:.2f}", f"{min(ratios):.2f}", f"{max(ratios):.2f}"])
    table = markdown(["family", "rows", "geometric mean", "worst row", "best row"], rows)
    missing = speed_picture.not_run(data)
    return table + (f"\n\nRows that did not run: {missing}." if missing else "")


def speed():
    """The picture, where there are figures to draw."""
    data = load("torch_cpu.json")
    return "" if data is None else f"![{speed_picture.alternative_text(data)}]({PICTURE.relative_to(ROOT)})"


def operators():
    """Every operator with its implementations: docs/operators.json, written by `flag-gems-exp ops --format json`."""
    path = ROOT / "docs" / "operators.json"
    if not path.exists():
        return ""
    rows = []
    for op in sorted(json.loads(path.read_text())["ops"], key=lambda o: (o["family"], o["name"])):
        names = ", ".join(f"`{i['name']}`" for i in op["implementations"])
        rows.append([op["family"], f"`{op['schema']}`", names])
    return markdown(["family", "schema", "implementations, best first"], rows)


def picture_is_stale(check):
    """Whether the picture is not what the figures say; puts that right unless `check`."""
    data = load("torch_cpu.json")
    wanted = None if data is None else speed_picture.draw(data)
    found = PICTURE.read_text() if PICTURE.exists() else None
    if found == wanted:
        return False
    if not check and wanted is None:
        PICTURE.unlink()
    elif not check:
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        PICTURE.write_text(wanted)
    return True


def main():
    stale = [PICTURE.name] if picture_is_stale("--check" in sys.argv) else []
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = path.read_text()

        def replace(match):
            block = globals()[match.group(1)]()
            return f"<!-- generated: {match.group(1)} -->\n{block}{'' if not block else chr(10)}<!-- end -->"

        new = re.sub(r"<!-- generated: (\w+) -->\n.*?<!-- end -->", replace, text, flags=re.S)
        if new != text:
            stale.append(path.name)
            if "--check" not in sys.argv:
                path.write_text(new)
    if "--check" in sys.argv and stale:
        print("out of date:", ", ".join(stale), "(run scripts/generate_readme.py)")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
