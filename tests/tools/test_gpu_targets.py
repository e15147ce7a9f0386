# SPDX-License-Identifier: Apache-2.0
"""The table of the GPU's targets (bench/gpu/targets.py): which rows it takes, and what it says of them."""
import json
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench" / "gpu"))
import targets  # noqa: E402


def row(name, op=None, family="rows", size=128 << 20, **figures):
    return {"family": family, "name": name, "op": op or name.split()[0], "bytes": size,
            "of_copy": 1.0, "ratio": 2.0, "ours_us": 1.0, **figures}


class Targets(unittest.TestCase):
    def test_names_are_unique(self):
        names = [target.name for target in targets.TARGETS]
        self.assertEqual(len(names), len(set(names)))

    def test_bounds_of_rows_depend_on_shape_and_kind(self):
        def bounds(one):
            return sorted((t.key, t.bound) for t in targets.TARGETS if t.takes(one))
        self.assertEqual(bounds(row("softmax bfloat16 [16384, 8192]")), [("of_copy", 0.97)])
        self.assertEqual(bounds(row("sum bfloat16 [16384, 8192]")), [("of_copy", 0.95)])
        self.assertEqual(bounds(row("layer_norm float32 [4096, 4096]")), [("of_copy", 0.95)])
        self.assertEqual(bounds(row("rms_norm bfloat16 [16384, 4096]")), [("of_copy", 0.95)])
        self.assertEqual(bounds(row("argmax bfloat16 [131072, 256]", size=64 << 20)), [("of_copy", 0.90)])
        self.assertEqual(bounds(row("argmax bfloat16 [131072, 256]", size=(64 << 20) - 1)), [])
        self.assertEqual(bounds(row("sum float32 [1, 4096]", size=16384)), [("ours_us", 1.6)])
        self.assertEqual(bounds(row("mean of columns float32 [4096, 4096]", op="mean")), [])
        self.assertEqual(bounds(row("sum of all float32 [4096, 4096]", op="sum")), [])
        self.assertEqual(bounds(row("rms_norm float16 [16384, 8192]")), [])

    def test_elementwise_by_bytes(self):
        big = row("gelu tanh bfloat16 [16384, 8192]", op="gelu", family="pointwise", of_copy=0.97)
        self.assertEqual(len(targets.misses(big)), 1)
        self.assertEqual(targets.misses({**big, "bytes": 1 << 20}), [])
        self.assertEqual(targets.misses({**big, "of_copy": 0.98}), [])
        copy = row("copy bfloat16 from bfloat16 [16384, 8192]", family="select", of_copy=0.9)
        self.assertEqual(len(targets.misses(copy)), 1)
        self.assertEqual(targets.misses(row("copy transposed float32 [16384, 8192]", family="select", of_copy=0.4)), [])

    def test_slower_than_pytorch_is_flagged_everywhere(self):
        self.assertEqual(targets.misses(row("embedding bfloat16 1 of [131072, 4096]", ratio=0.99)), [])
        self.assertEqual(targets.misses(row("embedding bfloat16 1 of [131072, 4096]", ratio=0.9)),
                         ["ratio 0.9, wanted ratio >= 0.98"])
        self.assertEqual(targets.misses({"family": "rows", "name": "x", "op": "x", "error": "no"}), ["not run"])

    def test_times_are_upper_bounds(self):
        gate = row("topk_softmax float32 [8192, 128] top 8", family="moe", ours_us=3.6)
        self.assertEqual(targets.misses(gate), ["ours_us 3.6, wanted ours_us <= 3.5"])
        self.assertEqual(targets.misses({**gate, "ours_us": 3.5}), [])
        issue = {"family": "issue", "name": "fgx_plan_run from C", "op": "add", "over_bare_ns": 51.0}
        self.assertEqual(len(targets.misses(issue)), 1)

    def test_the_summary_counts_all(self):
        rows = [row("softmax bfloat16 [16384, 8192]", of_copy=0.5), row("softmax float32 [16384, 8192]"),
                row("mm bfloat16 [8192, 8192, 8192]", family="blas", ratio=0.5),
                {"family": "rows", "name": "refused", "op": "x", "error": "no"}]
        found = targets.summary(rows)
        self.assertEqual(found["met"], 1)
        self.assertEqual([miss["row"] for miss in found["missed"]],
                         ["softmax bfloat16 [16384, 8192]", "mm bfloat16 [8192, 8192, 8192]"])
        self.assertEqual(found["slower_than_torch"], [{"row": "mm bfloat16 [8192, 8192, 8192]", "ratio": 0.5}])
        self.assertEqual(found["not_run"], ["refused"])
        self.assertEqual(found["met"] + 2 + len(found["not_measured"]), found["targets"])
        text = "\n".join(targets.lines(found))
        self.assertIn("MISS  softmax bfloat16 [16384, 8192]: 0.5, wanted of_copy >= 0.97", text)
        self.assertIn("softmax bfloat16, width 256", text)  # not measured

    def test_committed_rows_are_taken(self):
        rows = []
        for path in sorted((ROOT / "bench" / "results").glob("gpu*.json")):
            found = json.loads(path.read_text()).get("rows")
            rows += [one for one in found if "family" in one and "op" in one] if isinstance(found, list) else []
        absent = targets.summary(rows)["not_measured"]
        for kind in ("softmax", "layer_norm", "rms_norm", "sum", "argmax", "add", "copy", "cast", "mm", "decode", "topk_softmax"):
            missing = [name for name in absent if name.startswith(kind + " ") or name.startswith(kind + ",")]
            self.assertEqual(missing, [], f"of {kind}")


if __name__ == "__main__":
    unittest.main()
