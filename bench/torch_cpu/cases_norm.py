# SPDX-License-Identifier: Apache-2.0
"""Rows of layer_norm, rms_norm and fused_add_rms_norm: decode and prefill over the hidden sizes of language models."""

SHAPES = [(1, 4096), (16, 4096), (4096, 4096), (1, 3584), (16, 3584), (512, 3584), (512, 768)]


def cases(torch):
    for dtype, short in ((torch.float32, "f32"), (torch.bfloat16, "bf16")):
        for rows, width in SHAPES:
            x = torch.randn(rows, width).to(dtype)
            weight, bias = torch.randn(width).to(dtype), torch.randn(width).to(dtype)
            label = f"{short}[{rows},{width}]"
            out = torch.native_layer_norm(x, [width], weight, bias, 1e-5)
            yield (f"layer_norm {label}", "layer_norm", (x, [width], weight, bias), {},
                   lambda x=x, width=width, weight=weight, bias=bias, out=out:
                   torch.ops.aten.native_layer_norm.out(x, [width], weight, bias, 1e-5, out0=out[0],
                                                        out1=out[1], out2=out[2]))
            # PyTorch has no form of rms_norm that writes into given memory.
            yield (f"rms_norm {label}", "rms_norm", (x, [width], weight, 1e-6), {},
                   lambda x=x, width=width, weight=weight:
                   torch.nn.functional.rms_norm(x, [width], weight, 1e-6))
            residual = torch.randn(rows, width).to(dtype)

            def fused(x=x, residual=residual, width=width, weight=weight):
                return torch.nn.functional.rms_norm(x + residual, [width], weight, 1e-6)

            yield (f"fused_add_rms_norm {label}", "fused_add_rms_norm",
                   (x, residual, [width], weight, 1e-6), {}, fused)
