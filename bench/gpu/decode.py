#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tokens per second of the example model on the GPU: this library's replayed graph of plans beside PyTorch.

    python bench/gpu/decode.py BUILD/examples/generate_text_gpu MODEL_FOLDER [--json FILE]

PyTorch runs the same forward pass on the same float32 weights with a key/value cache: eagerly, and captured into a CUDA
graph. All three produce the 200 greedy tokens of each reference prompt, in turn, several times; medians are shown.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import environment  # noqa: E402

ROUNDS = 5
TYPES = {"BF16": torch.bfloat16, "F32": torch.float32, "F16": torch.float16}


def read_safetensors(path):
    data = pathlib.Path(path).read_bytes()
    header_size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + header_size])
    body = memoryview(bytearray(data[8 + header_size:]))
    return {name: torch.frombuffer(body[entry["data_offsets"][0]:entry["data_offsets"][1]], dtype=TYPES[entry["dtype"]])
            .reshape(entry["shape"]).cuda().float()
            for name, entry in header.items() if name != "__metadata__"}


class Model:
    """One decode step over static buffers, so that it runs eagerly and captured alike."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.c = c = json.loads((folder / "config.json").read_text())
        self.w = read_safetensors(folder / "model.safetensors")
        half = c["head_dim"] // 2
        angle = torch.arange(c["max_position"]).double()[:, None] * c["rope_theta"] ** (-2 * torch.arange(half).double() / c["head_dim"])
        self.cos, self.sin = angle.cos().float().cuda(), angle.sin().float().cuda()
        self.all = torch.arange(c["max_position"], device="cuda")
        shape = (c["num_layers"], 2, 1, c["num_kv_heads"], c["max_position"], c["head_dim"])
        self.caches = torch.zeros(shape, device="cuda")
        self.ids = torch.zeros(1, dtype=torch.long, device="cuda")
        self.position = torch.zeros(1, dtype=torch.long, device="cuda")
        self.history = torch.zeros(c["max_position"], dtype=torch.long, device="cuda")
        self.logits = None
        self.graph = None

    def turn(self, x):
        c, s = self.cos[self.position][:, None, :], self.sin[self.position][:, None, :]
        a, b = x.chunk(2, -1)
        return torch.cat([a * c - b * s, b * c + a * s], -1)

    def mlp(self, y, gate_up, down):
        gate, up = F.linear(y, gate_up).chunk(2, -1)
        return F.linear(F.silu(gate) * up, down)

    def step(self):
        c, w = self.c, self.w
        seen = (self.all <= self.position)[None, None, None, :]
        x = F.embedding(self.ids, w["embed.weight"])
        for i in range(c["num_layers"]):
            p = f"layers.{i}."
            y = F.rms_norm(x, (c["hidden_size"],), w[p + "input_norm.weight"], c["rms_norm_eps"])
            q = self.turn(F.linear(y, w[p + "q.weight"]).view(1, c["num_heads"], c["head_dim"]))
            k = self.turn(F.linear(y, w[p + "k.weight"]).view(1, c["num_kv_heads"], c["head_dim"]))
            v = F.linear(y, w[p + "v.weight"]).view(1, c["num_kv_heads"], c["head_dim"])
            self.caches[i, 0].index_copy_(2, self.position, k[:, :, None, :])
            self.caches[i, 1].index_copy_(2, self.position, v[:, :, None, :])
            mixed = F.scaled_dot_product_attention(q[:, :, None, :], self.caches[i, 0], self.caches[i, 1], seen, enable_gqa=True)
            x = x + F.linear(mixed.reshape(1, -1), w[p + "o.weight"])
            y = F.rms_norm(x, (c["hidden_size"],), w[p + "post_norm.weight"], c["rms_norm_eps"])
            if i in c["moe_layers"]:
                score, chosen = F.linear(y, w[p + "gate.weight"]).softmax(-1).topk(c["num_experts_per_tok"], -1)
                score = score / score.sum(-1, keepdim=True)
                gate_up, down = w[p + "w_gate_up"][chosen[0]], w[p + "w_down"][chosen[0]]
                for e in range(c["num_experts_per_tok"]):
                    x = x + score[0, e] * self.mlp(y, gate_up[e], down[e])
            else:
                x = x + self.mlp(y, w[p + "gate_up.weight"], w[p + "down.weight"])
        self.logits = F.linear(F.rms_norm(x, (c["hidden_size"],), w["norm.weight"], c["rms_norm_eps"]), w["embed.weight"])
        self.ids.copy_(self.logits.argmax(-1))
        self.history.index_copy_(0, self.position, self.ids)
        self.position += 1

    def reset(self):
        self.caches.zero_()
        self.position.zero_()

    def capture(self):
        stream = torch.cuda.Stream()
        with torch.cuda.stream(stream):
            for _ in range(3):
                self.step()
        stream.synchronize()
        self.graph = torch.cuda.CUDAGraph()
        self.reset()
        with torch.cuda.graph(self.graph):
            self.step()

    def generate(self, prompt, count, run):
        self.reset()
        for token in prompt:
            self.ids.fill_(token)
            run()
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(count - 1):
            run()
        torch.cuda.synchronize()
        seconds = time.perf_counter() - start
        return self.history[len(prompt) - 1:len(prompt) - 1 + count].tolist(), seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("--json")
    options = parser.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = False
    reference = json.loads((pathlib.Path(options.model) / "reference.json").read_text())
    prompts = reference if isinstance(reference, list) else reference["prompts"]
    results = {"ours": [], "torch_graph": [], "torch_eager": []}
    wrong = {key: 0 for key in results}
    with torch.no_grad():
        model = Model(options.model)
        model.capture()
        for _ in range(ROUNDS):
            report = json.loads(subprocess.run([options.program, options.model, "--json"], check=True, stdout=subprocess.PIPE).stdout)
            results["ours"].append(report["us_per_token"])
            wrong["ours"] += report["wrong"]
            for key, run in (("torch_graph", model.graph.replay), ("torch_eager", model.step)):
                seconds = tokens = 0
                for entry in prompts:
                    made, took = model.generate(entry["prompt_ids"], len(entry["greedy_ids"]), run)
                    wrong[key] += sum(a != b for a, b in zip(made, entry["greedy_ids"]))
                    seconds += took
                    tokens += len(entry["greedy_ids"]) - 1
                results[key].append(seconds * 1e6 / tokens)
    rows = {key: {"us_per_token": statistics.median(times), "tokens_per_s": 1e6 / statistics.median(times), "wrong_tokens": wrong[key]}
            for key, times in results.items()}
    rows["ours"]["plans_per_step"] = report["plans_per_step"]
    for key, row in rows.items():
        print(f"{key:12} {row['us_per_token']:8.1f} us/token {row['tokens_per_s']:8.0f} tokens/s, {row['wrong_tokens']} tokens differ")
    if options.json:
        found = environment.describe(gpu=torch.cuda.get_device_name(), torch=torch.__version__, cuda=torch.version.cuda)
        pathlib.Path(options.json).write_text(json.dumps({"environment": found, "rounds": ROUNDS, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
