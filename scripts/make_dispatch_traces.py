#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes bench/traces/*.json: the operator calls of serving Qwen2.5-7B, for the decision-cache benchmark.

A trace names the calls before, in and after the layers as call expressions with the placeholders {T} (tokens of the
step), {B} (sequences that decode) and {L} (length of the padded KV cache), and lists these per step. With --check it
only reports whether the files are out of date (exit status 1).
"""
import json
import pathlib
import random
import sys

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "bench" / "traces"

# Qwen2.5-7B: 28 layers, hidden 3584, 28 query and 4 key/value heads of 128, feed-forward 18944, vocabulary 152064.
LAYERS = 28
BEFORE = ["embedding(bf16[152064,3584], i64[{T}])"]
LAYER = [
    "rms_norm(bf16[{T},3584], [3584], bf16[3584], eps=1e-6)",
    "linear(bf16[{T},3584], bf16[4608,3584], bf16[4608])",
    "apply_rotary_pos_emb(bf16[1,{T},28,128], bf16[1,{T},4,128], bf16[32768,64], bf16[32768,64])",
    "scaled_dot_product_attention(bf16[{B},28,1,128], bf16[{B},28,{L},128], bf16[{B},28,{L},128])",
    "linear(bf16[{T},3584], bf16[3584,3584])",
    "add(bf16[{T},3584], bf16[{T},3584])",
    "rms_norm(bf16[{T},3584], [3584], bf16[3584], eps=1e-6)",
    "linear(bf16[{T},3584], bf16[37888,3584])",
    "silu_and_mul(bf16[{T},37888])",
    "linear(bf16[{T},18944], bf16[3584,18944])",
    "add(bf16[{T},3584], bf16[{T},3584])",
]
AFTER = [
    "rms_norm(bf16[{B},3584], [3584], bf16[3584], eps=1e-6)",
    "linear(bf16[{B},3584], bf16[152064,3584])",
]


def fixed_decode():
    """Eight sequences decode with a KV cache of fixed capacity."""
    return [[8, 8, 2048]] * 256


def continuous_batching():
    """Sequences come and go: each step decodes one token of every running one and prefills a chunk of a new one."""
    source = random.Random(20240607)
    running, steps = [], []
    while len(steps) < 1024:
        prefill = 0
        if len(running) < 64 and source.random() < 0.35:
            prompt = min(int(source.lognormvariate(5, 1)) + 1, 448)
            running.append([prompt, source.randint(16, 256)])
            prefill = prompt
        if not running:
            continue
        longest = max(length for length, _ in running)
        padded = -(-longest // 256) * 256
        steps.append([len(running) + prefill, len(running), padded])
        running = [[length + 1, left - 1] for length, left in running if left > 1]
    return steps


def text(name, description, steps):
    head = {"schema_version": "1.0", "name": name, "description": description, "layers": LAYERS, "before": BEFORE,
            "layer": LAYER, "after": AFTER, "columns": ["T", "B", "L"]}
    lines = json.dumps(head, indent=2)[:-2] + ",\n  \"steps\": [\n"
    rows = [json.dumps(step) for step in steps]
    rows = ["    " + ", ".join(rows[i:i + 8]) for i in range(0, len(rows), 8)]
    return lines + ",\n".join(rows) + "\n  ]\n}\n"


def main():
    files = {
        "fixed_decode.json": text("fixed_decode", " ".join(fixed_decode.__doc__.split()), fixed_decode()),
        "continuous_batching.json": text("continuous_batching", " ".join(continuous_batching.__doc__.split()),
                                         continuous_batching()),
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    stale = [name for name, content in files.items()
             if not (FOLDER / name).exists() or (FOLDER / name).read_text() != content]
    if "--check" in sys.argv:
        print("\n".join(f"out of date: {name}" for name in stale) or "traces are up to date")
        return 1 if stale else 0
    for name, content in files.items():
        (FOLDER / name).write_text(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
