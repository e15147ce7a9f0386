# SPDX-License-Identifier: Apache-2.0
"""Rows of cumsum, topk and sort on the GPU."""


def cases(torch):
    name = lambda dtype: str(dtype)[6:]
    for dtype in (torch.float32, torch.bfloat16, torch.int64):
        draw = lambda *shape: (torch.randn(*shape, device="cuda") * 100).to(dtype)
        for shape, dim in (((64, 1024), 1), ((16384, 1024), 1), ((16384, 8192), 1), ((64, 1 << 18), 1), ((1 << 24,), 0),
                           ((4096, 4096), 0)):
            count = torch.Size(shape).numel()
            yield (f"cumsum {name(dtype)} dim {dim} {list(shape)}", "cumsum", lambda: (draw(*shape), dim), {},
                   lambda a, out: torch.cumsum(*a, out=out[0]), 2 * count * dtype.itemsize)
    for dtype in (torch.float32, torch.bfloat16, torch.int64):
        draw = lambda *shape: (torch.randn(*shape, device="cuda") * 1000).to(dtype)
        for shape in ((256, 1024), (16384, 64), (16384, 1024), (2048, 4096), (16, 151936), (1 << 24,)):
            count = torch.Size(shape).numel()
            yield (f"sort {name(dtype)} {list(shape)}", "sort", lambda: (draw(*shape), True), {"dim": -1, "descending": False},
                   lambda a, out: torch.sort(a[0], stable=True, dim=-1, out=tuple(out)), count * (2 * dtype.itemsize + 8))
        for shape, k in (((256, 1024), 8), ((16384, 128), 8), ((16384, 1024), 32), ((1, 151936), 50), ((16, 151936), 50),
                         ((256, 151936), 50), ((1 << 24,), 1000), ((64, 65536), 4000)):
            count = torch.Size(shape).numel()
            yield (f"topk {name(dtype)} {k} of {list(shape)}", "topk", lambda: (draw(*shape), k), {},
                   lambda a, out: torch.topk(a[0], k, out=tuple(out)), count * dtype.itemsize, "read")
