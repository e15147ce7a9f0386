# SPDX-License-Identifier: Apache-2.0
"""Rows of index_select, gather and scatter on the GPU."""


def cases(torch):
    name = lambda dtype: str(dtype)[6:]
    for dtype in (torch.bfloat16, torch.float32):
        bytes_of = dtype.itemsize
        draw = lambda *shape: torch.randn(*shape, device="cuda").to(dtype)
        places = lambda limit, *shape: torch.randint(0, limit, shape, device="cuda")
        for shape, dim, count in (((1024, 256), 0, 98), ((131072, 512), 0, 65536), ((16384, 4096), 0, 8192),
                                  ((4096, 4096), 1, 2048), ((64, 4096, 512), 1, 2048)):
            limit = shape[dim]
            kept = torch.Size(shape).numel() // limit * count
            yield (f"index_select {name(dtype)} dim {dim} {count} of {list(shape)}", "index_select",
                   lambda: (draw(*shape), dim, places(limit, count)), {},
                   lambda a, out: torch.index_select(*a, out=out[0]), 2 * kept * bytes_of + 8 * count)
        for shape, dim, count in (((1024, 256), 1, 16), ((16384, 4096), 1, 512), ((16384, 4096), 1, 4096),
                                  ((16384, 4096), 0, 4096), ((1 << 25,), 0, 1 << 24)):
            wanted = list(shape)
            wanted[dim] = count
            limit, kept = shape[dim], torch.Size(wanted).numel()
            yield (f"gather {name(dtype)} dim {dim} {wanted} of {list(shape)}", "gather",
                   lambda: (draw(*shape), dim, places(limit, *wanted)), {},
                   lambda a, out: torch.gather(*a, out=out[0]), kept * (2 * bytes_of + 8))
            whole = torch.Size(shape).numel()
            yield (f"scatter {name(dtype)} dim {dim} {wanted} into {list(shape)}", "scatter",
                   lambda: (draw(*shape), dim, places(limit, *wanted), draw(*wanted)), {},
                   lambda a, out: torch.scatter(*a, out=out[0]), 2 * whole * bytes_of + kept * (bytes_of + 8))
        yield (f"scatter {name(dtype)} a number, dim 1 [16384, 512] into [16384, 4096]", "scatter",
               lambda: (draw(16384, 4096), 1, places(4096, 16384, 512), 2.5), {},
               lambda a, out: torch.scatter(*a, out=out[0]), 2 * 16384 * 4096 * bytes_of + 16384 * 512 * 8)
