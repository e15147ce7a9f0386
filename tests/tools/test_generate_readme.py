# SPDX-License-Identifier: Apache-2.0
"""scripts/generate_readme.py on a tree of its own: the picture and the tables follow the figures, and --check tells."""
import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
README = "# x\n\n<!-- generated: speed -->\n<!-- end -->\n\n<!-- generated: pytorch -->\n?\n<!-- end -->\n"
SVG = "{http://www.w3.org/2000/svg}"


def figures(*ratios):
    rows = [{"family": family, "name": f"{family} {i}", "ratio": ratio}
            for family in ("blas", "norm & more") for i, ratio in enumerate(ratios)]
    return {"environment": {"cpu": "A <CPU>", "threads": 2, "torch": "2.13.0", "torch_capability": "AVX2",
                            "date": "2026-01-02T03:04:05Z", "commit": "abcdef0"},
            "rows": [*rows, {"family": "blas", "name": "broken", "error": "refused"}]}


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "scripts").mkdir()
    for script in SCRIPTS.glob("*.py"):  # it, and what it imports
        (tmp_path / "scripts" / script.name).write_text(script.read_text())
    (tmp_path / "bench" / "results").mkdir(parents=True)
    (tmp_path / "bench" / "gpu").mkdir()
    (tmp_path / "bench" / "gpu" / "targets.py").write_text((SCRIPTS.parent / "bench" / "gpu" / "targets.py").read_text())
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(README)
    return tmp_path


def generate(tree, *arguments):
    return subprocess.run([sys.executable, tree / "scripts" / "generate_readme.py", *arguments], check=False,
                          capture_output=True, text=True)


def put(tree, data):
    (tree / "bench" / "results" / "torch_cpu.json").write_text(json.dumps(data))


def picture(tree):
    return tree / "docs" / "images" / "speed.svg"


def test_without_figures_there_is_no_picture(tree):
    assert generate(tree).returncode == 0
    assert generate(tree, "--check").returncode == 0
    assert not picture(tree).exists()
    assert "<!-- generated: speed -->\n<!-- end -->" in (tree / "README.md").read_text()


def test_the_picture_shows_every_row(tree):
    put(tree, figures(0.5, 0.9, 1.0, 2.0, 4.0))
    assert generate(tree).returncode == 0
    assert "](docs/images/speed.svg)" in (tree / "README.md").read_text()
    root = ElementTree.fromstring(picture(tree).read_text())
    dots = root.findall(f"{SVG}circle")
    assert len(dots) == 10
    assert [dot.get("class") for dot in dots].count("slower") == 4
    left = [float(dot.get("cx")) for dot in dots if dot.get("class") == "slower"]
    line, = root.findall(f"{SVG}line[@class='even']")
    assert max(left) < float(line.get("x1")) < float(root.get("width"))
    # The scale is logarithmic: a factor of 2 is as wide wherever it is.
    first = [float(dot.get("cx")) for dot in dots[:5]]
    assert abs((first[2] - first[0]) - (first[3] - first[2])) < 0.11 and first[4] - first[3] > 1
    words = " ".join(root.itertext())
    for part in ("A <CPU>", "2 threads", "PyTorch 2.13.0 (AVX2)", "2026-01-02", "abcdef0", "1 = PyTorch",
                 "norm & more", "rows that did not run: 1", "logarithmic"):
        assert part in words, part
    assert "prefers-color-scheme: dark" in picture(tree).read_text()
    assert "http" not in picture(tree).read_text().replace("http://www.w3.org/2000/svg", "")
    assert "Rows that did not run: 1." in (tree / "README.md").read_text()


@pytest.mark.parametrize("ratios", [(1.0,), (1e-3, 1e3), tuple(1 + i / 1000 for i in range(300))])
def test_all_stays_inside(tree, ratios):
    put(tree, figures(*ratios))
    assert generate(tree).returncode == 0
    root = ElementTree.fromstring(picture(tree).read_text())
    for dot in root.findall(f"{SVG}circle"):
        assert 0 < float(dot.get("cx")) < float(root.get("width"))
        assert 60 < float(dot.get("cy")) < float(root.get("height")) - 60


def test_check_tells_what_is_stale(tree):
    put(tree, figures(0.5, 2.0))
    assert generate(tree, "--check").returncode == 1
    assert not picture(tree).exists()
    generate(tree)
    assert generate(tree, "--check").returncode == 0
    picture(tree).write_text(picture(tree).read_text().replace("faster", "slower"))
    result = generate(tree, "--check")
    assert result.returncode == 1 and "speed.svg" in result.stdout
    generate(tree)
    put(tree, figures(0.5, 2.1))
    result = generate(tree, "--check")
    assert result.returncode == 1 and "speed.svg" in result.stdout and "README.md" in result.stdout
    (tree / "bench" / "results" / "torch_cpu.json").unlink()
    assert generate(tree, "--check").returncode == 1
    generate(tree)
    assert not picture(tree).exists() and generate(tree, "--check").returncode == 0


def test_gpu_rows_that_miss_say_what_limits_them(tree):
    (tree / "README.md").write_text("<!-- generated: gpu_missed -->\n<!-- end -->\n")
    row = {"family": "rows", "op": "softmax", "bytes": 1 << 28, "ours_us": 130.0, "torch_us": 250.0, "copy_us": 100.0,
           "of_copy": 0.77, "ratio": 1.9, "name": "softmax bfloat16 [16384, 8192]"}
    good = {**row, "of_copy": 0.99, "name": "softmax float32 [16384, 8192]"}
    (tree / "bench" / "results" / "gpu.json").write_text(json.dumps({"rows": [row, good]}))
    kernel = {"family": "rows", "row": row["name"], "us": 130, "dram_percent": 60, "issue_slots_percent": 71,
              "warps_stalled_by": {"wait": 3, "long_scoreboard": 2}}
    (tree / "bench" / "results" / "gpu_counters.json").write_text(json.dumps({"rows": [kernel]}))
    assert generate(tree).returncode == 0
    table = (tree / "README.md").read_text()
    assert "| softmax bfloat16 [16384, 8192] | >= 0.97 | 0.77 of the ceiling | instructions (memory 60 %, issue 71 %" in table
    assert "float32" not in table
