# SPDX-License-Identifier: Apache-2.0
"""Copies, conversions, transposition, concatenation of a key and value cache, embedding rows; moves by index;
topk and sort."""

SHAPES = [(1, 4096), (16, 4096), (4096, 4096), (98, 18944)]


def cases(torch):
    for dtype, short in ((torch.float32, "f32"), (torch.bfloat16, "bf16")):
        other = torch.bfloat16 if dtype == torch.float32 else torch.float32
        for shape in SHAPES:
            label = f"{short}[{shape[0]},{shape[1]}]"
            x = torch.randn(shape).to(dtype)
            same, converted = torch.empty_like(x), torch.empty(shape, dtype=other)
            turned = torch.empty(shape[::-1], dtype=dtype)
            yield (f"copy {label}", "copy", (same, x), {}, lambda y=same, x=x: y.copy_(x))
            yield (f"copy {label} to {'bf16' if other == torch.bfloat16 else 'f32'}", "copy",
                   (converted, x), {}, lambda y=converted, x=x: y.copy_(x))
            yield (f"copy {label} transposed", "copy", (turned, x.t()), {},
                   lambda y=turned, x=x: y.copy_(x.t()))
            for dim in (0, 1):
                joined = torch.cat([x, same], dim)
                yield (f"cat 2 x {label} dim={dim}", "cat", ([x, same], dim), {},
                       lambda x=x, y=same, dim=dim, out=joined: torch.cat([x, y], dim, out=out))
        cache, new = torch.randn(1, 4, 1023, 128).to(dtype), torch.randn(1, 4, 1, 128).to(dtype)
        grown = torch.cat([cache, new], 2)
        yield (f"cat {short}[1,4,1023,128] + [1,4,1,128] dim=2", "cat", ([cache, new], 2), {},
               lambda a=cache, b=new, out=grown: torch.cat([a, b], 2, out=out))
        weight = torch.randn(32000, 3584).to(dtype)
        for tokens in (1, 16, 98, 1024):
            indices = torch.randint(0, 32000, (tokens,))
            yield (f"embedding {short}[32000,3584], {tokens} tokens", "embedding",
                   (weight, indices), {}, lambda w=weight, i=indices: torch.embedding(w, i))
            out = torch.empty(tokens, 3584, dtype=dtype)
            yield (f"index_select {short}[32000,3584], {tokens} rows", "index_select", (weight, 0, indices), {},
                   lambda w=weight, i=indices, out=out: torch.index_select(w, 0, i, out=out))
        for rows, width, k in ((1, 151936, 50), (16, 151936, 50), (4096, 128, 8), (512, 4096, 64)):
            x = torch.randn(rows, width).to(dtype)
            best = torch.topk(x, k)
            yield (f"topk {short}[{rows},{width}] k={k}", "topk", (x, k), {},
                   lambda x=x, k=k, out=best: torch.topk(x, k, out=(out.values, out.indices)))
            order = torch.sort(x)
            yield (f"sort {short}[{rows},{width}]", "sort", (x, True), {},
                   lambda x=x, out=order: torch.sort(x, stable=True, out=(out.values, out.indices)))
            for dim in (0, 1):
                index = torch.randint(0, x.shape[dim], (rows, width))
                taken = torch.empty_like(x)
                yield (f"gather {short}[{rows},{width}] dim={dim}", "gather", (x, dim, index), {},
                       lambda x=x, dim=dim, i=index, out=taken: torch.gather(x, dim, i, out=out))
                yield (f"scatter {short}[{rows},{width}] dim={dim}", "scatter", (x, dim, index, taken), {},
                       lambda x=x, dim=dim, i=index, y=taken: torch.scatter(x, dim, i, y))
