# SPDX-License-Identifier: Apache-2.0
"""Rows of the reductions and cumsum: decode, prefill and square shapes, both dimensions."""

SHAPES = [(1, 4096), (16, 4096), (4096, 4096), (1, 3584), (512, 3584)]


def cases(torch):
    for dtype, short in ((torch.float32, "f32"), (torch.bfloat16, "bf16")):
        for shape in SHAPES:
            x = torch.randn(shape).to(dtype)
            label = f"{short}[{shape[0]},{shape[1]}]"
            for dim in (-1, 0):
                if shape[0] == 1 and dim == 0:
                    continue  # nothing to reduce
                for name in ("sum", "mean", "amax", "argmax"):
                    out = getattr(torch, name)(x, dim)
                    arguments = (x, dim) if name == "argmax" else (x, [dim])
                    yield (f"{name} {label} dim={dim}", name, arguments, {},
                           lambda name=name, dim=dim, out=out, x=x: getattr(torch, name)(x, dim, out=out))
                largest = torch.max(x, dim)
                yield (f"max {label} dim={dim}", "max", (x, dim), {},
                       lambda x=x, dim=dim, out=largest: torch.max(x, dim, out=(out.values, out.indices)))
                yield (f"var_mean {label} dim={dim}", "var_mean", (x, [dim]), {},
                       lambda x=x, dim=dim: torch.var_mean(x, dim))
                sums = torch.empty_like(x)
                yield (f"cumsum {label} dim={dim}", "cumsum", (x, dim), {},
                       lambda x=x, dim=dim, out=sums: torch.cumsum(x, dim, out=out))
            for name in ("sum", "argmax"):
                yield (f"{name} {label} all", name, (x,), {},
                       lambda name=name, x=x: getattr(torch, name)(x))
        x = torch.randn(256, 151936).to(dtype)
        for rows in (1, 256):
            part = x[:rows]
            out = part.argmax(-1)
            yield (f"argmax {short}[{rows},151936] dim=-1", "argmax", (part, -1), {},
                   lambda part=part, out=out: torch.argmax(part, -1, out=out))
    x = torch.randint(-100, 100, (4096, 4096), dtype=torch.int32)
    yield ("sum i32[4096,4096] dim=-1", "sum", (x, [-1]), {}, lambda: torch.sum(x, -1))
