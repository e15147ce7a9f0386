# SPDX-License-Identifier: Apache-2.0
"""Rows of copy, cat and embedding on the GPU."""


def cases(torch):
    shapes = [(1, 4096), (16, 4096), (4096, 4096), (16384, 8192)]
    name = lambda dtype: str(dtype)[6:]
    for shape in shapes:
        count = torch.Size(shape).numel()
        tag = str(list(shape))
        for to, source in ((torch.bfloat16, torch.bfloat16), (torch.float32, torch.float32),
                           (torch.bfloat16, torch.float32), (torch.float32, torch.bfloat16),
                           (torch.float16, torch.float32), (torch.int64, torch.int32), (torch.float32, torch.uint8)):
            make = lambda: (torch.empty(shape, dtype=to, device="cuda"),
                            (torch.rand(shape, device="cuda") * 100).to(source))
            yield (f"copy {name(to)} from {name(source)} {tag}", "copy", make, {},
                   lambda a, out: out[0].copy_(a[1]), count * (to.itemsize + source.itemsize))
        for dtype in (torch.bfloat16, torch.float32):
            size = count * dtype.itemsize
            draw = lambda rows=shape[0], columns=shape[1]: torch.randn(rows, columns, device="cuda").to(dtype)
            yield (f"copy transposed {name(dtype)} {tag}", "copy", lambda: (draw(), draw(shape[1], shape[0]).t()), {},
                   lambda a, out: out[0].copy_(a[1]), 2 * size)
            yield (f"copy columns {name(dtype)} {tag}", "copy", lambda: (draw(), draw(shape[0], 2 * shape[1])[:, :shape[1]]), {},
                   lambda a, out: out[0].copy_(a[1]), 2 * size)
            for dim in (0, 1):
                yield (f"cat dim {dim} {name(dtype)} {tag}", "cat", lambda: ([draw(), draw()],), {"dim": dim},
                       lambda a, out: torch.cat(a[0], dim, out=out[0]), 4 * size)
    for dtype in (torch.bfloat16, torch.float32):
        for tokens, width in ((1, 4096), (16, 4096), (16384, 4096), (131072, 512)):
            weight = torch.randn(131072, width, device="cuda").to(dtype)
            make = lambda: (weight, torch.randint(0, 131072, (tokens,), device="cuda"))
            yield (f"embedding {name(dtype)} {tokens} of [131072, {width}]", "embedding", make, {},
                   lambda a, out: torch.index_select(a[0], 0, a[1], out=out[0]), tokens * (2 * width * dtype.itemsize + 8))
