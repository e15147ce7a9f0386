# SPDX-License-Identifier: Apache-2.0
"""Matrix products of Qwen2.5-7B's layers (hidden 3584, feed-forward 18944, key and value 512) for
decoding and prefill, and square ones."""

LAYERS = [(3584, 3584), (512, 3584), (18944, 3584), (3584, 18944)]  # out, in
TOKENS = [1, 8, 16, 98, 256]


def cases(torch):
    functional = torch.nn.functional
    for dtype, short in ((torch.float32, "f32"), (torch.bfloat16, "bf16")):
        for n, k in LAYERS:
            weight = torch.randn(n, k).to(dtype)
            transposed = weight.t().contiguous()
            bias = torch.randn(n).to(dtype)
            for m in TOKENS:
                x = torch.randn(m, k).to(dtype)
                out = torch.empty(m, n, dtype=dtype)
                yield (f"linear {short}[{m},{k}] x [{n},{k}] + bias", "linear", (x, weight, bias), {},
                       lambda x=x, w=weight, b=bias: functional.linear(x, w, b))
                yield (f"mm {short}[{m},{k}] x [{k},{n}]", "mm", (x, transposed), {},
                       lambda x=x, w=transposed, out=out: torch.mm(x, w, out=out))
        for batch, m, n, k in ((28, 98, 98, 128), (28, 1, 1024, 128), (256, 32, 32, 32), (8, 512, 512, 512)):
            a, b = torch.randn(batch, m, k).to(dtype), torch.randn(batch, k, n).to(dtype)
            out = torch.empty(batch, m, n, dtype=dtype)
            yield (f"bmm {short}[{batch},{m},{k}] x [{batch},{k},{n}]", "bmm", (a, b), {},
                   lambda a=a, b=b, out=out: torch.bmm(a, b, out=out))
        for m, n, k in ((16, 3584, 3584), (98, 512, 3584), (512, 512, 512)):
            a, b = torch.randn(m, k).to(dtype), torch.randn(k, n).to(dtype)
            for added, beta in ((torch.randn(n).to(dtype), 1), (torch.randn(m, n).to(dtype), 0.5)):
                out = torch.empty(m, n, dtype=dtype)
                yield (f"addmm {short}{list(added.shape)} + [{m},{k}] x [{k},{n}]", "addmm", (added, a, b, beta), {},
                       lambda c=added, a=a, b=b, beta=beta, out=out: torch.addmm(c, a, b, beta=beta, out=out))
        for size in (64, 512, 2048):
            a, b = torch.randn(size, size).to(dtype), torch.randn(size, size).to(dtype)
            out = torch.empty(size, size, dtype=dtype)
            yield (f"mm {short}[{size},{size}] x [{size},{size}]", "mm", (a, b), {},
                   lambda a=a, b=b, out=out: torch.mm(a, b, out=out))
