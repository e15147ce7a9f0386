# SPDX-License-Identifier: Apache-2.0
"""Rows of softmax and log_softmax: decode, prefill, vocabulary and attention shapes, last and other dimensions."""

CASES = [((1, 4096), -1), ((16, 4096), -1), ((4096, 4096), -1), ((1, 3584), -1), ((512, 3584), -1),
         ((1, 151936), -1), ((256, 151936), -1), ((28, 512, 512), -1), ((64, 512, 512), 1),
         ((4096, 4096), 0)]


def cases(torch):
    for dtype, short in ((torch.float32, "f32"), (torch.bfloat16, "bf16")):
        for shape, dim in CASES:
            x = torch.randn(shape).to(dtype)
            out = torch.empty_like(x)
            label = f"{short}[{','.join(map(str, shape))}]"
            yield (f"softmax {label} dim={dim}", "softmax", (x, dim), {},
                   lambda x=x, dim=dim, out=out: torch.softmax(x, dim, out=out))
            yield (f"log_softmax {label} dim={dim}", "log_softmax", (x, dim), {},
                   lambda x=x, dim=dim, out=out: torch.log_softmax(x, dim, out=out))
    x = torch.randn(16, 151936).to(torch.bfloat16)
    out = torch.empty(16, 151936)
    yield ("softmax bf16[16,151936] to f32", "softmax", (x, -1, torch.float32), {},
           lambda: torch.softmax(x, -1, dtype=torch.float32, out=out))
