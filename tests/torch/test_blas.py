# SPDX-License-Identifier: Apache-2.0
"""The matrix products against PyTorch."""
import itertools

import fgx
import pytest
import torch
import torch.nn.functional as F

FLOATS = [torch.float32, torch.bfloat16, torch.float16, torch.float64]
INTEGERS = [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64]
# Sizes around every edge: one row, skinny limits, tiles of 6, 14, 16 and 32, blocks of 512 steps.
SIZES = [
    (1, 1, 1), (1, 5, 7), (2, 33, 65), (3, 64, 130), (5, 31, 63), (8, 48, 100), (9, 17, 33),
    (14, 32, 512), (15, 33, 513), (16, 100, 96), (17, 33, 1), (28, 64, 1030), (31, 97, 515),
    (98, 70, 129), (100, 1, 50), (450, 35, 40), (64, 12, 77), (200, 3, 300), (70, 20, 1100),
]


def values(shape, dtype):
    if dtype.is_floating_point:
        return torch.randn(shape, dtype=torch.float64).to(dtype)
    info = torch.iinfo(dtype)
    return torch.randint(info.min, info.max, shape, dtype=dtype)


def on_cpu(function, *tensors):
    """PyTorch's result on the CPU, which multiplies integers too."""
    found = next(t for t in tensors if t is not None)
    return function(*[None if t is None else t.cpu() for t in tensors]).to(found.device)


def exact(a, b, bias=None):
    """The product in float64 (integers in int64), rounded once."""
    wide = torch.float64 if a.dtype.is_floating_point else torch.int64

    def product(a, b, bias):
        result = a.to(wide) @ b.to(wide)
        return (result if bias is None else result + bias.to(wide)).to(a.dtype)

    return on_cpu(product, a, b, bias)


def check(actual, a, b, bias=None):
    """Equal for integers; else within rounding of the result and of a sum of that length."""
    expected = exact(a, b, bias)
    assert actual.dtype == expected.dtype and actual.shape == expected.shape
    if not expected.dtype.is_floating_point:
        assert torch.equal(actual, expected)
        return
    wide = torch.finfo(torch.float64 if a.dtype == torch.float64 else torch.float32).eps
    terms = exact(a.double().abs(), b.double().abs())
    bound = terms * wide * (8 + a.shape[-1] ** 0.5) + expected.double().abs() * torch.finfo(a.dtype).eps
    worst = ((actual.double() - expected.double()).abs() - bound).max() if expected.numel() else 0
    assert worst <= 1e-30, f"beyond the bound by {worst}"


@pytest.mark.parametrize("dtype", FLOATS + INTEGERS)
def test_mm_sizes(dtype):
    for m, n, k in SIZES:
        a, b = values((m, k), dtype), values((k, n), dtype)
        check(fgx.call("mm", a, b), a, b)


@pytest.mark.parametrize("dtype", FLOATS + [torch.int32, torch.int8])
def test_mm_agrees_with_torch(dtype):
    a, b = values((37, 129), dtype), values((129, 53), dtype)
    actual, expected = fgx.call("mm", a, b), on_cpu(torch.mm, a, b)
    assert actual.dtype == expected.dtype
    eps = torch.finfo(dtype).eps if dtype.is_floating_point else 0
    fgx.assert_matches(actual, expected, rtol=4 * eps, atol=64 * eps)


def layouts(m, n, dtype):
    """The same shape laid out in memory in many ways."""
    yield values((m, n), dtype)
    yield values((n, m), dtype).t()
    yield values((2 * m, 3 * n), dtype)[::2, ::3]
    yield values((m, n + 5), dtype)[:, 3:n + 3]
    yield values((n, 2 * m), dtype).t()[1::2]
    yield values((1, n), dtype).expand(m, n)
    yield values((m, 1), dtype).expand(m, n)


@pytest.mark.parametrize("dtype", FLOATS + [torch.int16])
@pytest.mark.parametrize("size", [(4, 37, 70), (33, 40, 65), (50, 7, 70)])
def test_mm_layouts(dtype, size):
    m, n, k = size
    for a, b in itertools.product(layouts(m, k, dtype), layouts(k, n, dtype)):
        check(fgx.call("mm", a, b), a, b)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int32])
@pytest.mark.parametrize("size", [(4, 37, 70), (33, 40, 65), (50, 7, 70)])
def test_mm_output_layouts(dtype, size):
    m, n, k = size
    a, b = values((m, k), dtype), values((k, n), dtype)
    for out in layouts(m, n, dtype):
        if 0 in out.stride():
            continue  # overlaps itself
        base = out._base.clone() if out._base is not None else None
        fgx.call("mm", a, b, out=[out])
        check(out.contiguous(), a, b)
        if base is not None:  # nothing between the result's elements was touched
            untouched = torch.ones_like(base, dtype=torch.bool)
            untouched.as_strided(out.shape, out.stride(), out.storage_offset()).fill_(False)
            assert torch.equal(out._base[untouched], base[untouched])


@pytest.mark.parametrize("dtype", FLOATS + INTEGERS)
def test_empty(dtype):
    for m, n, k in [(0, 4, 3), (4, 0, 3), (0, 0, 0), (3, 4, 0), (40, 50, 0), (40, 2, 0)]:
        a, b = torch.empty(m, k, dtype=dtype), torch.empty(k, n, dtype=dtype)
        assert torch.equal(fgx.call("mm", a, b), on_cpu(torch.mm, a, b))
        bias = torch.ones(n, dtype=dtype)
        assert torch.equal(fgx.call("linear", a, b.t(), bias), on_cpu(F.linear, a, b.t(), bias))


@pytest.mark.parametrize("dtype", FLOATS + [torch.int32, torch.uint8])
def test_linear(dtype):
    k, n = 70, 33
    weight = values((n, k), dtype)
    for shape in [(k,), (1, k), (5, k), (40, k), (2, 3, k), (2, 0, k), (2, 3, 2, 2, k)]:
        x = values(shape, dtype)
        for bias in [None, values((n,), dtype), values((1,), dtype), values((), dtype)]:
            actual = fgx.call("linear", x, weight, bias)
            assert actual.shape == on_cpu(F.linear, x, weight, bias).shape
            check(actual, x, weight.t(), bias)
    for shape in [(k,), (5, k), (2, 3, k)]:
        x = values(shape, dtype)
        vector = values((k,), dtype)
        actual = fgx.call("linear", x, vector)
        assert actual.shape == on_cpu(F.linear, x, vector).shape
        check(actual, x, vector)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64])
def test_linear_layouts(dtype):
    k, n = 24, 19
    for weight in layouts(n, k, dtype):
        for x in [
            values((3, 4, k), dtype).transpose(0, 1),
            values((4, 3, 2 * k), dtype)[:, :, ::2],
            values((4, 6, k), dtype)[:, ::2],
            values((1, 1, k), dtype).expand(4, 3, k),
            values((3, 1, 5, k), dtype).permute(2, 1, 0, 3),
        ]:
            bias = values((2 * n,), dtype)[::2]
            check(fgx.call("linear", x, weight, bias), x, weight.t(), bias)
    x, weight = values((3, 4, k), dtype), values((n, k), dtype)
    out = torch.zeros(4, 3, n, dtype=dtype).transpose(0, 1)
    fgx.call("linear", x, weight, out=[out])
    check(out.contiguous(), x, weight.t())


@pytest.mark.parametrize("rows", [1, 4, 33])
@pytest.mark.parametrize("dtype", FLOATS)
def test_special_values(dtype, rows):
    inf, nan = float("inf"), float("nan")
    for special in [nan, inf, -inf, 0.0, -0.0]:
        for weights in ["k", "n"]:
            a = torch.ones(rows, 40, dtype=dtype)
            a[0, 7] = special
            b = torch.ones(40, 50, dtype=dtype)
            b = b.t().contiguous().t() if weights == "k" else b
            assert fgx.call("mm", a, b).equal(on_cpu(torch.mm, a, b)) or special != special
            fgx.assert_matches(fgx.call("mm", a, b), on_cpu(torch.mm, a, b), rtol=1e-2, atol=0)
            b[3, 4] = special
            fgx.assert_matches(fgx.call("mm", a, b), on_cpu(torch.mm, a, b), rtol=1e-2, atol=0)


def test_large_product_splits_rows_and_steps():
    a, b = torch.randn(1000, 1300), torch.randn(1300, 700)
    check(fgx.call("mm", a, b), a, b)
    check(fgx.call("mm", b.t(), a.t()), b.t(), a.t())


@pytest.mark.parametrize("rows", [1, 5, 16])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_few_rows(dtype, rows):
    """Columns and shared lengths around the edges of pieces; both layouts of the other operand."""
    for n, k in [(4096, 256), (4160, 1032), (4160, 40), (4100, 1032), (3072, 64), (2500, 8), (4097, 512)]:
        x, weight = values((rows, k), dtype), values((n, k), dtype)
        bias = values((n,), dtype)
        check(fgx.call("linear", x, weight, bias), x, weight.t(), bias)
        b = values((k, n), dtype)
        check(fgx.call("mm", x, b), x, b)
        check(fgx.call("mm", b.t(), x.t()), b.t(), x.t())


def test_deterministic():
    a, b = torch.randn(98, 700), torch.randn(700, 900)
    first = fgx.call("mm", a, b)
    for _ in range(5):
        assert torch.equal(fgx.call("mm", a, b), first)


@pytest.mark.parametrize("name, args, argument", [
    ("mm", (torch.ones(2, 3), torch.ones(4, 5)), 1),
    ("mm", (torch.ones(3), torch.ones(3, 2)), 0),
    ("mm", (torch.ones(2, 3), torch.ones(3, 2, dtype=torch.float64)), 1),
    ("mm", (torch.ones(2, 3, dtype=torch.bool), torch.ones(3, 2, dtype=torch.bool)), 0),
    ("linear", (torch.ones(()), torch.ones(3)), 0),
    ("linear", (torch.ones(2, 3), torch.ones(4, 2)), 1),
    ("linear", (torch.ones(2, 3), torch.ones(4, 3), torch.ones(3)), 2),
    ("linear", (torch.ones(2, 3), torch.ones(3), torch.ones(1)), 2),
    ("linear", (torch.ones(2, 3), torch.ones(4, 3), torch.ones(4, dtype=torch.int32)), 2),
])
def test_refusals(name, args, argument):
    with pytest.raises(fgx.FgxError) as error:
        fgx.call(name, *args, out=[torch.empty(1)])
    assert error.value.status == "InvalidArgument"
    assert error.value.argument == argument


@pytest.mark.parametrize("name, size", [
    ("mm_skinny_prefetch", (1, 4096, 1024)), ("mm_skinny_prefetch", (3, 1088, 4160)),
    ("mm_tile_prefetch", (17, 512, 1024)), ("mm_tile_prefetch", (448, 576, 1088)),
    ("mm_tile_prefetch", (100, 2048, 1024)),
])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_generated(name, size, dtype):
    m, n, k = size
    a, b = values((m, k), dtype), values((k, n), dtype)
    # Where the machine lacks the instructions, the next candidate answers.
    check(fgx.call(f"experimental.generated.{name}", a, b), a, b)


def check_bmm(a, b, out=None):
    actual = fgx.call("bmm", a, b, out=out)
    assert actual.shape == (*a.shape[:2], b.shape[2])
    for i in range(a.shape[0]):
        check(actual[i], a[i], b[i])


@pytest.mark.parametrize("dtype", FLOATS + INTEGERS)
def test_bmm(dtype):
    for m, n, k in SIZES:
        for batch in (1, 3):
            check_bmm(values((batch, m, k), dtype), values((batch, k, n), dtype))
    check_bmm(values((100, 9, 17), dtype), values((100, 17, 33), dtype))
    for shape in [((0, 3, 4), (0, 4, 5)), ((2, 0, 4), (2, 4, 5)), ((2, 3, 0), (2, 0, 5)), ((2, 3, 4), (2, 4, 0))]:
        check_bmm(values(shape[0], dtype), values(shape[1], dtype))


def test_bmm_layouts():
    for dtype in (torch.float32, torch.bfloat16):
        wide = values((33, 5, 20), dtype)
        lefts = [wide.permute(1, 0, 2), values((5, 20, 33), dtype).transpose(1, 2), values((1, 33, 20), dtype).expand(5, 33, 20),
                 values((10, 66, 40), dtype)[::2, ::2, ::2]]
        rights = [values((5, 20, 17), dtype), values((5, 17, 20), dtype).transpose(1, 2), values((20, 17), dtype).expand(5, 20, 17)]
        for a, b in itertools.product(lefts, rights):
            check_bmm(a, b)
            check_bmm(a, b, out=[torch.zeros(17, 33, 5, dtype=dtype).permute(2, 1, 0)])


def check_addmm(self, a, b, beta=1, alpha=1, out=None):
    actual = fgx.call("addmm", self, a, b, beta, alpha, out=out)
    actual, self, a, b = (t.cpu() for t in (actual, self, a, b))  # where PyTorch multiplies integers too
    assert actual.shape == torch.addmm(self, a, b, beta=beta, alpha=alpha).shape
    wide = torch.float64 if a.dtype.is_floating_point else torch.int64
    expected = alpha * (a.to(wide) @ b.to(wide))
    if beta != 0:
        expected = expected + beta * self.to(wide)
    if not a.dtype.is_floating_point:
        assert torch.equal(actual, expected.to(a.dtype))
        return
    eps = torch.finfo(torch.float64 if a.dtype == torch.float64 else torch.float32).eps
    terms = abs(alpha) * (a.double().abs() @ b.double().abs()) + abs(beta) * self.double().abs().nan_to_num(0.0)
    bound = terms * eps * (8 + a.shape[-1] ** 0.5) + expected.abs() * torch.finfo(a.dtype).eps
    if expected.numel():
        assert ((actual.double() - expected).abs() - bound).max() <= 1e-30


@pytest.mark.parametrize("dtype", FLOATS + INTEGERS)
def test_addmm(dtype):
    scales = [(1, 1), (0, 1), (2, 1), (1, 3), (0, -2)] + ([(0.5, -1.25)] if dtype.is_floating_point else [])
    if dtype == torch.uint8:
        scales.pop(4)
    for m, n, k in SIZES + [(3, 4, 0), (0, 4, 3)]:
        a, b = values((m, k), dtype), values((k, n), dtype)
        for shape in [(m, n), (n,), (m, 1), (1, n), (1,), ()]:
            for beta, alpha in scales:
                check_addmm(values(shape, dtype), a, b, beta, alpha)


def test_addmm_layouts_and_in_place():
    for dtype in (torch.float32, torch.bfloat16, torch.float64, torch.int32):
        a, b = values((20, 33), dtype).t(), values((20, 34), dtype)[:, ::2]
        for self in [values((33, 17), dtype), values((17, 33), dtype).t(), values((34,), dtype)[::2], values((1, 1), dtype).expand(33, 17)]:
            for beta, alpha in [(1, 1), (2, 3)]:
                check_addmm(self, a, b, beta, alpha)
                check_addmm(self, a, b, beta, alpha, out=[torch.zeros(17, 66, dtype=dtype)[:, ::2].t()])
        for beta, alpha in [(1, 1), (0, 2), (3, -1)]:
            self = values((33, 17), dtype)
            wanted = fgx.call("addmm", self, a, b, beta, alpha)
            fgx.call("addmm_", self, a, b, beta, alpha, out=[self])
            assert torch.equal(self, wanted)
    nan = torch.full((3, 4), float("nan"))
    check_addmm(nan, torch.randn(3, 5), torch.randn(5, 4), 0, 2)


@pytest.mark.parametrize("rows", [1, 7, 16])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_addmm_of_few_rows(dtype, rows):
    for n, k in [(4096, 256), (4160, 1032), (4160, 8)]:
        a, b = values((rows, k), dtype), values((k, n), dtype)
        for shape in [(rows, n), (n,), (rows, 1), ()]:
            for beta, alpha in [(1, 1), (0, 1), (0.5, -2)]:
                check_addmm(values(shape, dtype), a, b, beta, alpha)
        self = values((rows, n), dtype)
        wanted = fgx.call("addmm", self, a, b, 2, 0.5)
        fgx.call("addmm_", self, a, b, 2, 0.5, out=[self])
        assert torch.equal(self, wanted)


def test_bmm_and_addmm_refuse():
    x, row = torch.ones(2, 3, 4), torch.ones(3, 4)
    for name, arguments, argument in [
        ("bmm", (row, x), 0), ("bmm", (x, row), 1), ("bmm", (x, x), 1), ("bmm", (x, torch.ones(3, 4, 5)), 1),
        ("bmm", (x, torch.ones(2, 4, 5, dtype=torch.float64)), 1), ("bmm", (x > 0, x > 0), 0),
        ("addmm", (row, row, row), 2), ("addmm", (row[0, :3], row, row.t()[:, :2]), 0),
        ("addmm", (torch.ones(1, 3, 3), row, row.t()), 0), ("addmm", (row.double(), row, row.t()), 0),
        ("addmm", (row, x, row), 1),
    ]:
        with pytest.raises(fgx.FgxError) as error:
            fgx.call(name, *arguments)
        assert error.value.status == "InvalidArgument" and error.value.argument == argument
    whole = torch.ones(3, 3, dtype=torch.int64)
    for beta, alpha, argument in [(0.5, 1, 3), (1, 0.5, 4)]:
        with pytest.raises(fgx.FgxError) as error:
            fgx.call("addmm", whole, whole, whole, beta, alpha)
        assert error.value.argument == argument
