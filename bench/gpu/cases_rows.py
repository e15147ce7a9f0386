# SPDX-License-Identifier: Apache-2.0
"""Rows of softmax, the norms, the losses and the reductions on the GPU: widths from 256 to 262144 at 128 MB and more, small problems, and
what is not a row: columns, whole tensors."""

SMALL = [(1, 4096), (16, 4096)]
SQUARE = [(4096, 4096), (16384, 8192)]
WIDTHS = [(131072, 256), (65536, 1024), (16384, 4096), (8192, 16384), (4096, 32768), (4096, 65536), (2048, 131072),
          (2048, 262144)]


def cases(torch):
    F = torch.nn.functional
    for dtype in (torch.bfloat16, torch.float32):
        half = dtype == torch.bfloat16
        # The same bytes at every width, but for the widest.
        shapes = SMALL + SQUARE + [(rows if half or width > 131072 else rows // 2, width) for rows, width in WIDTHS]
        for shape in shapes:
            size = torch.Size(shape).numel() * dtype.itemsize
            tag = f"{str(dtype)[6:]} {list(shape)}"
            draw = lambda: torch.randn(shape, device="cuda").to(dtype)
            row = lambda: torch.randn(shape[1], device="cuda").to(dtype)
            yield (f"softmax {tag}", "softmax", lambda: (draw(), -1), {},
                   lambda a, out: torch.softmax(a[0], -1, out=out[0]), 2 * size)
            # PyTorch allocates the results of these, within its graph's pool.
            yield (f"log_softmax {tag}", "log_softmax", lambda: (draw(), -1), {},
                   lambda a, out: torch.log_softmax(a[0], -1, out=out[0]), 2 * size)
            yield (f"layer_norm {tag}", "layer_norm", lambda: (draw(), [shape[1]], row(), row()), {},
                   lambda a, out: F.layer_norm(*a), 2 * size)
            yield (f"rms_norm {tag}", "rms_norm", lambda: (draw(), [shape[1]], row(), 1e-6), {},
                   lambda a, out: F.rms_norm(*a), 2 * size)
            # PyTorch has no fused form: its sum and norm.
            yield (f"fused_add_rms_norm {tag}", "fused_add_rms_norm",
                   lambda: (draw(), draw(), [shape[1]], row(), 1e-6), {},
                   lambda a, out: F.rms_norm(torch.add(a[0], a[1], out=out[1]), *a[2:]), 4 * size)
            labels = lambda: torch.randint(0, shape[1], shape[:1], device="cuda")
            for reduction, extra in (("none", ()), ("mean", ()), ("mean", (0.1,))):
                smoothing = extra[0] if extra else 0.0
                name = f"cross_entropy_loss {reduction}{' smoothing' if extra else ''} {tag}"
                number = ["none", "mean"].index(reduction)
                yield (name, "cross_entropy_loss", lambda: (draw(), labels(), None, number, -100, smoothing), {},
                       lambda a, out: torch.ops.aten.cross_entropy_loss(*a), size, "read")
            yield (f"max.dim {tag}", "max", lambda: (draw(), 1), {},
                   lambda a, out: torch.max(a[0], 1, out=tuple(out)), size, "read")
            yield (f"var_mean {tag}", "var_mean", lambda: (draw(), [1]), {},
                   lambda a, out: torch.var_mean(a[0], [1]), size, "read")
            yield (f"sum {tag}", "sum", lambda: (draw(), [1]), {},
                   lambda a, out: torch.sum(a[0], [1], out=out[0]), size, "read")
            yield (f"amax {tag}", "amax", lambda: (draw(), [1]), {},
                   lambda a, out: torch.amax(a[0], [1], out=out[0]), size, "read")
            yield (f"argmax {tag}", "argmax", lambda: (draw(), 1), {},
                   lambda a, out: torch.argmax(a[0], 1, out=out[0]), size, "read")
        for shape in [(1, 4096), (4096, 4096), (16384, 8192)]:
            size = torch.Size(shape).numel() * dtype.itemsize
            tag = f"{str(dtype)[6:]} {list(shape)}"
            draw = lambda: torch.randn(shape, device="cuda").to(dtype)
            yield (f"sum of all {tag}", "sum", lambda: (draw(),), {},
                   lambda a, out: torch.sum(a[0], [0, 1], out=out[0]), size, "read")
            yield (f"mean of columns {tag}", "mean", lambda: (draw(), [0]), {},
                   lambda a, out: torch.mean(a[0], [0], out=out[0]), size, "read")
            yield (f"var_mean of columns {tag}", "var_mean", lambda: (draw(), [0]), {},
                   lambda a, out: torch.var_mean(a[0], [0]), size, "read")
            yield (f"max.dim of columns {tag}", "max", lambda: (draw(), 0), {},
                   lambda a, out: torch.max(a[0], 0, out=tuple(out)), size, "read")
            for name in ("huber_loss", "soft_margin_loss"):
                function = getattr(torch.ops.aten, name)
                yield (f"{name} mean {tag}", name, lambda: (draw(), draw()), {},
                       lambda a, out: function(*a), 2 * size, "read")
            yield (f"huber_loss none {tag}", "huber_loss", lambda: (draw(), draw(), 0), {},
                   lambda a, out: torch.ops.aten.huber_loss(*a), 3 * size)
            yield (f"argmax of columns {tag}", "argmax", lambda: (draw(), 0), {},
                   lambda a, out: torch.argmax(a[0], 0, out=out[0]), size, "read")
        for shape, dim in [((64, 1024, 1024), 1), ((64, 129, 33), 1)]:
            size = torch.Size(shape).numel() * dtype.itemsize
            tag = f"{str(dtype)[6:]} {list(shape)} dim {dim}"
            draw = lambda: torch.randn(shape, device="cuda").to(dtype)
            yield (f"softmax {tag}", "softmax", lambda: (draw(), dim), {},
                   lambda a, out: torch.softmax(a[0], dim, out=out[0]), 2 * size)
            yield (f"log_softmax {tag}", "log_softmax", lambda: (draw(), dim), {},
                   lambda a, out: torch.log_softmax(a[0], dim, out=out[0]), 2 * size)
            places = lambda: torch.randint(0, shape[1], (shape[0], shape[2]), device="cuda")
            yield (f"cross_entropy_loss {tag}", "cross_entropy_loss", lambda: (draw(), places()), {},
                   lambda a, out: torch.ops.aten.cross_entropy_loss(*a), size, "read")
            yield (f"sum {tag}", "sum", lambda: (draw(), [dim]), {},
                   lambda a, out: torch.sum(a[0], [dim], out=out[0]), size, "read")
            yield (f"amax outer {tag}", "amax", lambda: (draw(), [0, 2]), {},
                   lambda a, out: torch.amax(a[0], [0, 2], out=out[0]), size, "read")
