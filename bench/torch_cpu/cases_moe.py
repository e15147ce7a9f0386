# SPDX-License-Identifier: Apache-2.0
"""Rows of topk_softmax, against the same gate written with PyTorch's operators."""

CASES = [(1, 64, 6), (16, 128, 8), (512, 60, 4), (4096, 128, 8), (4096, 256, 8)]


def cases(torch):
    for dtype, short in ((torch.float32, "f32"), (torch.bfloat16, "bf16")):
        for tokens, experts, topk in CASES:
            x = torch.randn(tokens, experts).to(dtype)

            def gate(x=x, topk=topk):
                weights, indices = torch.topk(torch.softmax(x, -1, dtype=torch.float32), topk)
                return weights / weights.sum(-1, keepdim=True), indices.to(torch.int32)

            yield (f"topk_softmax {short}[{tokens},{experts}] k={topk}", "topk_softmax",
                   (x, topk, True), {}, gate)
