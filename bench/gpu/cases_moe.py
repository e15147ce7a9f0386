# SPDX-License-Identifier: Apache-2.0
"""Rows of the mixture-of-experts gate on the GPU."""


def cases(torch):
    for dtype in (torch.float32, torch.bfloat16):
        for tokens in (1, 64, 8192):
            for experts in (60, 64, 128, 160, 256, 384):
                if tokens != 8192 and experts not in (128, 256):
                    continue
                draw = lambda: (torch.randn(tokens, experts, device="cuda").to(dtype), 8)

                def gate(a, out):
                    weights, indices = torch.topk(torch.softmax(a[0], -1, dtype=torch.float32), a[1])
                    out[0].copy_(weights)
                    out[1].copy_(indices)

                size = tokens * (experts * dtype.itemsize + 8 * 8)
                yield f"topk_softmax {str(dtype)[6:]} [{tokens}, {experts}] top 8", "topk_softmax", draw, {}, gate, size
