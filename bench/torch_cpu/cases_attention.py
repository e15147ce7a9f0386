# SPDX-License-Identifier: Apache-2.0
"""Attention of Qwen2.5-7B (28 query heads, 4 key and value heads of 128): decoding and prefill; heads
of BERT's size; rotary embedding, against the usual formula in PyTorch."""

GROUPED = [(1, 98), (1, 1024), (1, 4096), (98, 98), (256, 256), (1024, 1024)]  # queries, keys


def cases(torch):
    attention = torch.nn.functional.scaled_dot_product_attention
    for dtype, short in ((torch.float32, "f32"), (torch.bfloat16, "bf16"), (torch.float16, "f16")):
        for queries, keys in GROUPED:
            q = torch.randn(1, 28, queries, 128).to(dtype)
            k, v = (torch.randn(1, 4, keys, 128).to(dtype) for _ in range(2))
            causal = queries > 1
            yield (f"attention {short} 28/4 heads, {queries} queries, {keys} keys"
                   f"{', causal' if causal else ''}", "scaled_dot_product_attention",
                   (q, k, v, None, 0.0, causal, None, True), {},
                   lambda q=q, k=k, v=v, causal=causal: attention(
                       q, k, v, is_causal=causal, enable_gqa=True))
        q, k, v = (torch.randn(4, 12, 256, 64).to(dtype) for _ in range(3))
        yield (f"attention {short} 4 x 12 heads, 256 queries", "scaled_dot_product_attention",
               (q, k, v), {}, lambda q=q, k=k, v=v: attention(q, k, v))
    for dtype, short in ((torch.float32, "f32"), (torch.bfloat16, "bf16")):
        for tokens in (1, 98, 1024):
            q, k = torch.randn(tokens, 28, 128).to(dtype), torch.randn(tokens, 4, 128).to(dtype)
            cosine, sine = torch.randn(2048, 64), torch.randn(2048, 64)
            positions = torch.arange(tokens)
            wide = [torch.cat([t, t], -1)[positions, None].to(dtype) for t in (cosine, sine)]

            def rotated(x, wide=wide):
                low, high = x.chunk(2, -1)
                return x * wide[0] + torch.cat([-high, low], -1) * wide[1]

            yield (f"rotary {short} {tokens} tokens", "apply_rotary_pos_emb",
                   (q, k, cosine, sine, positions), {},
                   lambda q=q, k=k, rotated=rotated: (rotated(q), rotated(k)))
