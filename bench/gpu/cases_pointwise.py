# SPDX-License-Identifier: Apache-2.0
"""Rows of the elementwise operators on the GPU."""


def cases(torch):
    aten = torch.ops.aten
    shapes = [(1, 4096), (16, 4096), (4096, 4096), (16384, 8192)]
    unary = {"relu": {}, "sigmoid": {}, "tanh": {}, "exp": {}, "silu": {}, "gelu": {},
             "gelu tanh": {"approximate": "tanh"}, "clamp": {"min": -1.0, "max": 1.0}}
    binary = ["add", "mul", "div", "hardswish_backward"]
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        for shape in shapes:
            size = torch.Size(shape).numel() * dtype.itemsize
            tag = f"{str(dtype)[6:]} {list(shape)}"
            draw = lambda: torch.randn(shape, device="cuda").to(dtype)
            for name, kwargs in unary.items():
                function = getattr(aten, name.split(" ")[0]).out
                yield (f"{name} {tag}", name.split(" ")[0], lambda: (draw(),), kwargs,
                       lambda a, out, function=function, kwargs=kwargs: function(*a, **kwargs, out=out[0]), 2 * size)
            for name in binary:
                function = getattr(aten, name).out
                yield (f"{name} {tag}", name, lambda: (draw(), draw()), {},
                       lambda a, out, function=function: function(*a, out=out[0]), 3 * size)
            for name in ("eq", "lt", "gt"):
                function = getattr(aten, name).Tensor_out
                yield (f"{name} {tag}", name, lambda: (draw(), draw()), {},
                       lambda a, out, function=function: function(*a, out=out[0]), 2 * size + size // dtype.itemsize)
            yield (f"add number {tag}", "add", lambda: (draw(), 1.5), {},
                   lambda a, out: torch.add(*a, out=out[0]), 2 * size)
            yield (f"mul row {tag}", "mul", lambda: (draw(), draw()[:1]), {},
                   lambda a, out: torch.mul(*a, out=out[0]), 2 * size)
            condition = lambda: torch.rand(shape, device="cuda") > 0.5
            yield (f"where {tag}", "where", lambda: (condition(), draw(), draw()), {},
                   lambda a, out: torch.where(*a, out=out[0]), 3 * size + size // dtype.itemsize)
            gated = lambda: (torch.randn((shape[0], 2 * shape[1]), device="cuda").to(dtype),)

            def silu_and_mul(a, out):
                gate, up = a[0].chunk(2, -1)
                torch.mul(torch.nn.functional.silu(gate), up, out=out[0])

            yield f"silu_and_mul {tag}", "silu_and_mul", gated, {}, silu_and_mul, 3 * size
