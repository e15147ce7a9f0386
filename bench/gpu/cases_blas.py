# SPDX-License-Identifier: Apache-2.0
"""Rows of the matrix products on the GPU."""


def cases(torch):
    name = lambda dtype: str(dtype)[6:]
    bfloat16, float16, float32 = torch.bfloat16, torch.float16, torch.float32
    for dtype, m, n, k in ((bfloat16, 1, 4096, 4096), (bfloat16, 8, 4096, 4096), (bfloat16, 16, 4096, 4096),
                           (bfloat16, 1, 14336, 4096), (bfloat16, 16, 4096, 14336), (float16, 16, 4096, 4096),
                           (bfloat16, 64, 4096, 4096), (bfloat16, 2048, 4096, 4096), (bfloat16, 4096, 14336, 4096),
                           (bfloat16, 4096, 4096, 14336), (bfloat16, 8192, 8192, 8192), (float16, 4096, 4096, 4096),
                           (float32, 2048, 2048, 2048)):
        size = (m * k + k * n + m * n) * dtype.itemsize
        draw = lambda *shape: torch.randn(*shape, device="cuda").to(dtype)
        ceiling = "read" if m <= 16 else "copy"
        yield (f"mm {name(dtype)} [{m}, {n}, {k}]", "mm", lambda: (draw(m, k), draw(k, n)), {},
               lambda a, out: torch.mm(*a, out=out[0]), size, ceiling)
        if m > 64 and m != 2048:
            continue
        yield (f"linear {name(dtype)} [{m}, {n}, {k}]", "linear", lambda: (draw(m, k), draw(n, k)), {},
               lambda a, out: torch.mm(a[0], a[1].t(), out=out[0]), size, ceiling)
