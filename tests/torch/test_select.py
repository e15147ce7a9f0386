# SPDX-License-Identifier: Apache-2.0
"""copy, cat and embedding against PyTorch."""
import itertools

import fgx
import pytest
import torch

TYPES = list(fgx.CODES)


def values(shape, dtype):
    if dtype == torch.bool:
        return torch.randint(0, 2, shape, dtype=torch.uint8).bool()
    if dtype.is_floating_point:
        return (torch.randn(shape, dtype=torch.float64) * 50).to(dtype)
    info = torch.iinfo(dtype)
    return torch.randint(info.min, info.max, shape, dtype=dtype)


def cast(x, to):
    """As PyTorch converts on the CPU: what its devices make of floats out of range is another thing."""
    return x.cpu().to(to).to(x.device)


def same(actual, expected):
    assert actual.dtype == expected.dtype and actual.shape == expected.shape
    kind = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[expected.element_size()]
    nan = expected.isnan() if expected.dtype.is_floating_point else torch.zeros_like(expected).bool()
    assert torch.equal(nan, actual.isnan() if expected.dtype.is_floating_point else nan)
    bits, wanted = actual.contiguous().view(kind), expected.contiguous().view(kind)
    assert torch.equal(bits.masked_fill(nan, 0), wanted.masked_fill(nan, 0))


SPECIAL = [0.0, -0.0, 1.0, -1.5, 1e-45, 1e-40, 6e-8, 3.4e38, 65504.0, 65520.0, 1e10, 3e9, 300.7,
           float("inf"), -float("inf"), float("nan")]


@pytest.mark.parametrize("to", TYPES)
@pytest.mark.parametrize("source", TYPES)
def test_copy_converts(source, to):
    for count in [1, 15, 1000]:
        x = values((count,), source)
        if source.is_floating_point:
            # Out-of-range integers are left to the special values: there they are what x86 gives.
            x = x.clamp(0, 100) if to == torch.uint8 else x.clamp(-100, 100)
        same(fgx.call("copy", torch.empty(count, dtype=to), x), cast(x, to))
        same(fgx.call("copy", torch.empty(count, dtype=to), values((2 * count,), torch.int8).to(source)[::2]),
             torch.empty(0, dtype=to)) if count == 0 else None
    if source.is_floating_point:
        x = torch.tensor(SPECIAL, dtype=torch.float64).to(source)
    elif source == torch.bool:
        x = torch.tensor([True, False])
    else:
        info = torch.iinfo(source)
        x = torch.tensor([info.min, info.min + 1, 0, 1, info.max - 1, info.max], dtype=source)
    same(fgx.call("copy", torch.empty(x.shape, dtype=to), x), cast(x, to))


def layouts(shape, dtype):
    yield values(shape, dtype)
    yield values(shape[::-1], dtype).permute(*reversed(range(len(shape))))
    yield values([2 * s for s in shape], dtype)[tuple(slice(1, None, 2) for _ in shape)]
    yield values([s + 3 for s in shape], dtype)[tuple(slice(2, s + 2) for s in shape)]
    yield values(shape[1:] + shape[:1], dtype).permute(-1, *range(len(shape) - 1))


@pytest.mark.parametrize("types", [(torch.float32, torch.float32), (torch.bfloat16, torch.float32),
                                   (torch.int8, torch.int8), (torch.int64, torch.float16)])
def test_copy_layouts(types):
    for shape in [[7], [5, 9], [130, 70], [3, 40, 50], [2, 3, 4, 5], [17, 1, 33]]:
        for x, out in itertools.product(layouts(shape, types[1]), layouts(shape, types[0])):
            whole = out._base.clone() if out._base is not None else out.clone()
            wanted = whole.as_strided(out.shape, out.stride(), out.storage_offset()) if out._base is not None else whole
            wanted.copy_(x)
            fgx.call("copy", out, x, out=[out])
            same(out._base if out._base is not None else out, whole)


def test_copy_broadcasts():
    for shape, source in [((4, 5), (5,)), ((4, 5), (4, 1)), ((4, 5), ()), ((2, 3, 40), (3, 1)),
                          ((1, 6), (1,)), ((0, 4), (4,)), ((3, 1000), (3, 1))]:
        x = torch.randn(source)
        same(fgx.call("copy", torch.empty(shape), x), x.expand(shape).clone())
    same(fgx.call("copy", torch.empty(()), torch.tensor(3)), torch.tensor(3.0))
    same(fgx.call("copy", torch.empty(4, 5, dtype=torch.bfloat16), 3.14), torch.full((4, 5), 3.14, dtype=torch.bfloat16))


def test_copy_large():
    x = torch.randn(3_000_001)
    same(fgx.call("copy", torch.empty_like(x), x), x)
    same(fgx.call("copy", torch.empty_like(x, dtype=torch.bfloat16), x), x.bfloat16())
    y = torch.randn(1500, 1100)
    same(fgx.call("copy", torch.empty(1100, 1500), y.t()), y.t().contiguous())


def test_copy_refuses():
    for shape, source in [((4,), (5,)), ((4,), (1, 4)), ((4, 1), (4, 3))]:
        with pytest.raises(fgx.FgxError) as error:
            fgx.call("copy", torch.empty(shape), torch.ones(source))
        assert error.value.status == "InvalidArgument" and error.value.argument == 1


@pytest.mark.parametrize("dtype", TYPES)
def test_cat(dtype):
    for dim in [0, 1, 2, -1, -2, -3]:
        shapes = [[3, 4, 5] for _ in range(4)]
        for i, shape in enumerate(shapes):
            shape[dim] = [2, 0, 7, 1][i]
        tensors = [values(shape, dtype) for shape in shapes]
        same(fgx.call("cat", tensors, dim), torch.cat(tensors, dim))
        same(fgx.call("cat", tensors[:1], dim), torch.cat(tensors[:1], dim))


def test_cat_promotes():
    for a, b in itertools.product(TYPES, TYPES):
        x, y = values((3, 2), a), values((3, 4), b)
        if torch.promote_types(a, b).is_floating_point:
            x, y = x.clamp(0, 1) if a != torch.bool else x, y.clamp(0, 1) if b != torch.bool else y
        same(fgx.call("cat", [x, y], 1), torch.cat([x, y], 1))


def test_cat_skips_empty_vectors():
    x = torch.randn(2, 3)
    for tensors in [[torch.empty(0), x], [x, torch.empty(0), x], [torch.empty(0, dtype=torch.float64), x],
                    [torch.empty(0), torch.empty(0)], [torch.empty(0), torch.randn(4)]]:
        for dim in [0, -1]:
            same(fgx.call("cat", tensors, dim), torch.cat(tensors, dim))
    same(fgx.call("cat", [torch.empty(0), x], -2), torch.cat([torch.empty(0), x], -2))


def test_cat_layouts():
    for dim in [0, 1, 2]:
        for a, b in itertools.product(layouts([6, 7, 8], torch.float32), layouts([6, 7, 8], torch.float32)):
            same(fgx.call("cat", [a, b], dim), torch.cat([a, b], dim))
        out = torch.zeros(*([6, 7, 8] if dim else [12, 7, 8]))
        wanted = torch.cat([a, b], dim)
        out = torch.zeros(wanted.shape[::-1]).permute(2, 1, 0)
        fgx.call("cat", [a, b], dim, out=[out])
        same(out, wanted)
    many = [torch.randn(3, i) for i in range(20)]
    same(fgx.call("cat", many, 1), torch.cat(many, 1))
    rows = [torch.randn(40000), torch.randn(5), torch.randn(200001)]
    same(fgx.call("cat", rows), torch.cat(rows))
    wide = [torch.randn(300, 500), torch.randn(300, 1), torch.randn(300, 700)]
    same(fgx.call("cat", wide, 1), torch.cat(wide, 1))


@pytest.mark.parametrize("tensors, dim", [
    ([], 0), ([torch.ones(())], 0), ([torch.ones(2, 3), torch.ones(2, 4)], 0),
    ([torch.ones(2, 3), torch.ones(2)], 0), ([torch.ones(2, 3)], 2), ([torch.ones(2, 3)], -3),
    ([torch.ones(2, 0), torch.ones(2, 3)], 0),
])
def test_cat_refuses(tensors, dim):
    if not tensors:
        tensors = []
    with pytest.raises(fgx.FgxError) as error:
        fgx.call("cat", tensors, dim, out=[torch.empty(1)])
    assert error.value.status == "InvalidArgument"


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("index", [torch.int32, torch.int64])
def test_embedding(dtype, index):
    weight = values((50, 33), dtype)
    for shape in [(), (1,), (7,), (3, 4), (2, 0), (2, 3, 5)]:
        indices = torch.randint(0, 50, shape, dtype=index)
        same(fgx.call("embedding", weight, indices), torch.embedding(weight, indices))
        same(fgx.call("embedding", weight, indices, padding_idx=3), torch.embedding(weight, indices, 3))


def test_embedding_layouts():
    indices = torch.randint(0, 20, (6, 5)).t()
    for weight in [torch.randn(9, 20).t(), torch.randn(20, 30)[:, ::3], torch.randn(1, 9).expand(20, 9),
                   torch.randn(20, 1).expand(20, 9), torch.randn(40, 12)[::2, 3:]]:
        same(fgx.call("embedding", weight, indices), torch.embedding(weight, indices))
        out = torch.zeros(weight.shape[1], 5, 6).permute(1, 2, 0)
        fgx.call("embedding", weight, indices, out=[out])
        same(out, torch.embedding(weight, indices))
    big = torch.randn(1000, 900)
    many = torch.randint(0, 1000, (700,))
    same(fgx.call("embedding", big, many), torch.embedding(big, many))
    same(fgx.call("embedding", torch.empty(0, 4), torch.empty(0, dtype=torch.int64)), torch.empty(0, 4))
    same(fgx.call("embedding", torch.empty(3, 0), torch.tensor([1])), torch.empty(1, 0))


@pytest.mark.parametrize("bad", [-1, 50, 2**40])
def test_embedding_checks_indices_first(bad):
    weight = torch.randn(50, 8)
    indices = torch.randint(0, 50, (1000,))
    indices[997] = bad
    out = torch.full((1000, 8), 7.0)
    if out.is_cuda:
        # A kernel has nobody to raise to: the row becomes NaN, the others are right.
        fgx.call("embedding", weight, indices, out=[out])
        assert bool(out[997].isnan().all())
        kept = indices != indices[997]
        same(out[kept], torch.embedding(weight, indices[kept]))
    else:
        with pytest.raises(fgx.FgxError) as error:
            fgx.call("embedding", weight, indices, out=[out])
        assert error.value.status == "InvalidArgument" and error.value.argument == 1
        assert str(bad) in str(error.value)
        assert bool((out == 7.0).all())
    indices[997] = 3  # the implementation was not blamed for the caller's mistake
    same(fgx.call("embedding", weight, indices), torch.embedding(weight, indices))


def test_embedding_refuses():
    for weight, indices, argument in [
        (torch.ones(3), torch.tensor([0]), 0), (torch.ones(3, 2, 2), torch.tensor([0]), 0),
        (torch.ones(3, 2), torch.tensor([0], dtype=torch.int16), 1), (torch.ones(3, 2), torch.tensor([0.0]), 1),
    ]:
        with pytest.raises(fgx.FgxError) as error:
            fgx.call("embedding", weight, indices, out=[torch.empty(1, 2)])
        assert error.value.status == "InvalidArgument" and error.value.argument == argument
