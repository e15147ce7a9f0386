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
    for dtype, batch, m, n, k in ((bfloat16, 28, 98, 98, 128), (bfloat16, 256, 512, 512, 64), (bfloat16, 32, 1, 4096, 128),
                                  (bfloat16, 16, 2048, 2048, 2048), (float16, 128, 128, 1024, 1024), (float32, 32, 512, 512, 512)):
        size = batch * (m * k + k * n + m * n) * dtype.itemsize
        draw = lambda *shape: torch.randn(*shape, device="cuda").to(dtype)
        yield (f"bmm {name(dtype)} {batch} x [{m}, {n}, {k}]", "bmm", lambda: (draw(batch, m, k), draw(batch, k, n)), {},
               lambda a, out: torch.bmm(*a, out=out[0]), size)
    for dtype, m, n, k in ((bfloat16, 16, 4096, 4096), (bfloat16, 98, 512, 896), (bfloat16, 2048, 4096, 4096),
                           (bfloat16, 4096, 14336, 4096), (float32, 2048, 2048, 2048)):
        size = (m * k + k * n + m * n) * dtype.itemsize
        draw = lambda *shape: torch.randn(*shape, device="cuda").to(dtype)
        yield (f"addmm {name(dtype)} a row to [{m}, {n}, {k}]", "addmm", lambda: (draw(n), draw(m, k), draw(k, n)), {},
               lambda a, out: torch.addmm(*a, out=out[0]), size)
        yield (f"addmm {name(dtype)} scaled [{m}, {n}, {k}]", "addmm", lambda: (draw(m, n), draw(m, k), draw(k, n)),
               {"beta": 0.5, "alpha": 2.0},
               lambda a, out: torch.addmm(*a, beta=0.5, alpha=2.0, out=out[0]), size + m * n * dtype.itemsize)
