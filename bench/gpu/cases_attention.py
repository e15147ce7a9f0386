# SPDX-License-Identifier: Apache-2.0
"""Rows of attention and of the rotary position embedding on the GPU."""


def cases(torch):
    attend = torch.nn.functional.scaled_dot_product_attention
    name = lambda dtype: str(dtype)[6:]

    def qkv(batch, heads, kv_heads, queries, keys, size, dtype):
        draw = lambda *shape: torch.randn(*shape, device="cuda").to(dtype)
        return draw(batch, heads, queries, size), draw(batch, kv_heads, keys, size), draw(batch, kv_heads, keys, size)

    for dtype, batch, context in ((torch.bfloat16, 8, 4096), (torch.bfloat16, 8, 8192), (torch.bfloat16, 8, 32768),
                                  (torch.float16, 8, 8192), (torch.bfloat16, 1, 4096), (torch.bfloat16, 1, 32768)):
        size = 2 * batch * 8 * context * 128 * dtype.itemsize
        yield (f"decode {name(dtype)} batch {batch}, 32 of 8 heads x 128, {context}", "scaled_dot_product_attention",
               lambda: (*qkv(batch, 32, 8, 1, context, 128, dtype), None, 0.0, False, None, True), {},
               lambda a, out: out[0].copy_(attend(*a[:3], enable_gqa=True)), size)
    for dtype, heads, kv_heads, length, width, causal in (
            (torch.bfloat16, 16, 16, 2048, 128, False), (torch.bfloat16, 16, 16, 2048, 128, True),
            (torch.bfloat16, 16, 16, 8192, 128, True), (torch.bfloat16, 16, 16, 8192, 128, False),
            (torch.bfloat16, 32, 8, 4096, 128, True), (torch.bfloat16, 16, 16, 2048, 64, False),
            (torch.float16, 16, 16, 2048, 64, True), (torch.bfloat16, 12, 12, 98, 64, False),
            (torch.bfloat16, 28, 4, 98, 128, True), (torch.bfloat16, 12, 12, 512, 64, True),
            (torch.float32, 16, 16, 1024, 128, True)):
        size = 2 * (heads + kv_heads) * length * width * dtype.itemsize
        shape = f"1 x {heads if heads == kv_heads else f'{heads} of {kv_heads}'} x {length} x {width}"
        yield (f"prefill {name(dtype)} {shape}{', causal' if causal else ''}", "scaled_dot_product_attention",
               lambda: (*qkv(1, heads, kv_heads, length, length, width, dtype), None, 0.0, causal, None,
                        heads != kv_heads), {},
               lambda a, out: out[0].copy_(attend(*a[:3], is_causal=causal, enable_gqa=heads != kv_heads)), size)
    for dtype in (torch.bfloat16, torch.float32):
        for tokens in (1, 16, 16384):
            for pairs in (False, True):
                def make():
                    draw = lambda heads: torch.randn(tokens, heads, 128, device="cuda").to(dtype)
                    table = lambda: torch.randn(32768, 64, device="cuda")
                    positions = torch.arange(tokens, device="cuda")
                    return draw(32), draw(8), table(), table(), positions, pairs

                def rotate(a, out):
                    q, k, cosine, sine, positions, pairs = a
                    c, s = cosine[positions].unsqueeze(1), sine[positions].unsqueeze(1)
                    for x, to in ((q, out[0]), (k, out[1])):
                        low, high = (x[..., 0::2], x[..., 1::2]) if pairs else x.chunk(2, -1)
                        a_, b_ = (to[..., 0::2], to[..., 1::2]) if pairs else to.chunk(2, -1)
                        a_.copy_(low * c - high * s)
                        b_.copy_(high * c + low * s)

                size = tokens * (2 * 40 * 128 * dtype.itemsize + 2 * 64 * 4 + 8)
                yield (f"rotary {name(dtype)} {tokens} x 40 x 128{' pairs' if pairs else ''}", "apply_rotary_pos_emb",
                       make, {}, rotate, size)
