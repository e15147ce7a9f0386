# SPDX-License-Identifier: Apache-2.0
"""The reductions and cumsum, judged by PyTorch."""
import math

import pytest
import torch

import fgx
from rows_data import FLOATS, HALVES, INTEGERS, expanded, layouts, random, special_rows

SHAPES = [(), (1,), (17,), (0,), (3, 0), (5, 7), (33, 65), (2, 3, 4, 5), (16, 100), (1, 1, 9)]
DIMS = [None, [], [0], [-1], [1], [0, 2], [-1, -2], [0, 1], [1, 3], [0, 1, 2, 3]]
TOLERANCE = {torch.float64: 1e-12, torch.float32: 2e-6, torch.float16: 2e-3, torch.bfloat16: 1.6e-2}


def judge(name, x, dim, keepdim, dtype=None):
    """What PyTorch says, in float64 where that is more exact than its own sum."""
    function = getattr(torch, name)
    kwargs = {} if dim is None else {"dim": dim}
    if dim is not None or keepdim:
        kwargs = {"dim": dim if dim is not None else list(range(x.dim())), "keepdim": keepdim}
    if dtype is not None:
        kwargs["dtype"] = dtype
    return function(x, **kwargs)


def check_sum(name, x, dim, keepdim, dtype=None):
    arguments = {} if dtype is None else {"dtype": dtype}
    try:
        expected = judge(name, x, dim, keepdim, dtype)
    except (RuntimeError, IndexError):
        with pytest.raises(fgx.FgxError) as error:
            fgx.call(name, x, dim, keepdim, **arguments)
        assert error.value.status == "InvalidArgument"
        return
    actual = fgx.call(name, x, dim, keepdim, **arguments)
    assert actual.dtype == expected.dtype and actual.shape == expected.shape
    if not expected.dtype.is_floating_point:
        assert torch.equal(actual, expected)
        return
    exact = judge(name, x.to(expected.dtype).double(), dim, keepdim)
    rounded = exact.to(expected.dtype).double()
    exact = torch.where(rounded.isinf(), rounded, exact)  # what the type cannot hold
    scale = judge(name, x.to(expected.dtype).double().abs(), dim, keepdim)
    scale = scale.max().item() if scale.numel() and scale.isfinite().all() else 1.0
    tolerance = TOLERANCE[expected.dtype]
    torch.testing.assert_close(actual.double(), exact, rtol=tolerance, equal_nan=True,
                               atol=tolerance * scale)


@pytest.mark.parametrize("name", ["sum", "mean"])
@pytest.mark.parametrize("dtype", FLOATS + INTEGERS + [torch.bool], ids=str)
def test_sums_over_shapes_and_dims(name, dtype):
    for shape in SHAPES:
        x = random(shape, dtype)
        for dim in DIMS:
            for keepdim in (False, True):
                check_sum(name, x, dim, keepdim)


@pytest.mark.parametrize("name", ["sum", "mean"])
@pytest.mark.parametrize("dtype", FLOATS + [torch.int8, torch.bool], ids=str)
def test_sums_over_layouts(name, dtype):
    for shape in [(5, 7), (33, 130), (4, 3, 70), (3, 2, 5, 18)]:
        for _, x in layouts(random(shape, dtype)):
            for dim in [None, [0], [-1], [0, -1], [1]]:
                check_sum(name, x, dim, False)
    for x in expanded(dtype):
        for dim in [None, [0], [1], [2], [0, 2], [1, 2]]:
            check_sum(name, x, dim, True)


@pytest.mark.parametrize("into", FLOATS + INTEGERS + [torch.bool], ids=str)
@pytest.mark.parametrize("dtype", FLOATS + [torch.uint8, torch.int16, torch.int64, torch.bool], ids=str)
def test_sum_converts_first(dtype, into):
    if dtype.is_floating_point and into == torch.uint8:
        pytest.skip("negative floats to unsigned integers depend on the machine")
    for x in (random((33, 40), dtype), random((6, 5, 4), dtype).transpose(0, 2)):
        check_sum("sum", x, [-1], False, into)
        check_sum("sum", x, None, False, into)
        if into.is_floating_point:
            check_sum("mean", x, [0], False, into)


def test_sum_takes_self_alone():
    x = torch.randn(33, 17)
    fgx.assert_matches(fgx.call("sum", x), x.sum(), rtol=1e-5, atol=1e-5)
    fgx.assert_matches(fgx.call("aten::sum", x, 1), x.sum(1), rtol=1e-5, atol=1e-5)


def test_integer_sums_wrap():
    x = torch.full((3, 40), 2**62, dtype=torch.int64)
    assert torch.equal(fgx.call("sum", x, [1]), x.sum(1))
    assert torch.equal(fgx.call("sum", x, [0]), x.sum(0))
    y = torch.full((20000, 9), 127, dtype=torch.int8)
    assert torch.equal(fgx.call("sum", y), y.sum())
    assert torch.equal(fgx.call("sum", y, [0], False, dtype=torch.int8), y.sum(0, dtype=torch.int8))


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_sums_of_special_values(dtype):
    for x in (special_rows(dtype), special_rows(dtype).t().contiguous(), special_rows(dtype).t()):
        for dim in (0, 1):
            for name in ("sum", "mean"):
                actual = fgx.call(name, x, [dim])
                expected = getattr(torch, name)(x, dim)
                assert torch.equal(actual.isnan(), expected.isnan())
                # Where a row's sum only overflows on the way, order decides.
                near = (expected.abs() > 1e37) | (expected.abs() > 6e4)
                assert torch.equal(actual.isposinf() & ~near, expected.isposinf() & ~near)


@pytest.mark.parametrize("dtype", [torch.float32] + HALVES, ids=str)
@pytest.mark.parametrize("shape,dim", [((1_000_003,), [0]), ((7, 150_001), [1]), ((150_001, 7), [0]),
                                       ((20_000, 130), [0]), ((3, 9000, 40), [1])])
def test_long_sums_are_exact_to_a_rounding(dtype, shape, dim):
    x = (torch.rand(shape) + 0.5).to(dtype)
    exact = x.double().sum(dim)
    actual = fgx.call("sum", x, dim)
    if dtype == torch.float16:
        exact, actual = x.double().mean(dim), fgx.call("mean", x, dim)
    limit = {torch.float32: 3e-7, torch.float16: 1e-3, torch.bfloat16: 8e-3}[dtype]
    assert ((actual.double() - exact) / exact).abs().max() < limit


def check_max(x, dim, keepdim):
    for name, torch_dim in (("amax", [] if dim is None else [dim]), ("argmax", dim)):
        kwargs = {} if name == "argmax" and dim is None and not keepdim else {
            "dim": torch_dim, "keepdim": keepdim}
        try:
            expected = getattr(torch, name)(x, **kwargs)
        except (RuntimeError, IndexError, NotImplementedError):
            with pytest.raises(fgx.FgxError) as error:
                fgx.call(name, x, torch_dim, keepdim)
            assert error.value.status == "InvalidArgument"
            continue
        actual = fgx.call(name, x, torch_dim, keepdim)
        assert actual.dtype == expected.dtype and actual.shape == expected.shape
        torch.testing.assert_close(actual, expected, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("dtype", FLOATS + INTEGERS + [torch.bool], ids=str)
def test_maxima_over_shapes(dtype):
    for shape in SHAPES + [(40, 1100), (1100, 40)]:
        x = random(shape, dtype)
        for dim in (None, 0, 1, -1, 2, 4, -5):
            for keepdim in (False, True):
                check_max(x, dim, keepdim)


@pytest.mark.parametrize("dtype", FLOATS + INTEGERS, ids=str)
def test_maxima_over_layouts(dtype):
    for shape in [(5, 7), (33, 130), (4, 3, 70)]:
        for _, x in layouts(random(shape, dtype)):
            for dim in (None, 0, 1, -1):
                check_max(x, dim, False)
    for x in expanded(dtype):
        for dim in (None, 0, 1, 2):
            check_max(x, dim, True)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_maxima_of_special_values(dtype):
    x = special_rows(dtype)
    for y in (x, x.t().contiguous(), x.t(), x.repeat(1, 60), x.t().repeat(60, 1).contiguous()):
        for dim in (None, 0, 1):
            check_max(y, dim, False)


def test_integer_extremes():
    for dtype in INTEGERS:
        limits = torch.iinfo(dtype)
        x = torch.full((5, 200), limits.min, dtype=dtype)
        x[1, 77] = limits.max
        x[2, 199] = limits.min + 1
        for dim in (None, 0, 1):
            check_max(x, dim, False)


def test_first_of_equals():
    for dtype in FLOATS + INTEGERS:
        x = torch.ones((9, 3000), dtype=dtype)
        x[:, 0] = 0
        x[4, 1500:] = 2
        x[5, 2999] = 2
        for dim in (None, 0, 1):
            check_max(x, dim, False)
        check_max(x.t(), 0, False)
        check_max(x.t().contiguous(), 0, False)
    check_max(torch.tensor([-0.0, 0.0]), 0, False)


# Widths that GPUs have kernels for, of halves and of float32.
WHOLE_WIDTHS = (2048, 4096, 8192, 16384, 32768, 65536)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_maxima_and_sums_of_whole_widths(dtype):
    for width in WHOLE_WIDTHS:
        x = torch.randn(300, width).to(dtype)
        x[1, width - 1] = x[2, 0] = x[3, 77] = x[3, width // 2] = 50
        x[4, 5] = x[5, width - 3] = x[5, width - 2] = math.nan
        x[6] = -math.inf
        x[7] = -0.0
        x[7, 9] = 0.0
        check_max(x, 1, False)
        sums = fgx.call("sum", x[8:], [1])
        torch.testing.assert_close(sums.double(), x[8:].double().sum(1), rtol=1e-2, atol=width**0.5 * 1e-5)
        assert torch.equal(sums[:3], fgx.call("sum", x[8:11], [1]))
        means = fgx.call("mean", x[8:], [1])
        torch.testing.assert_close(means.double(), x[8:].double().mean(1), rtol=1e-2, atol=1e-6)


def test_long_maxima_are_shared_between_threads():
    x = torch.randn(2, 500_000)
    x[1, 400_001] = math.nan
    x[1, 400_002] = math.nan
    x[0, 77_777] = x[0, 300_000] = 10
    for dim in (None, 0, 1):
        check_max(x, dim, False)


def test_amax_takes_dim_lists():
    x = torch.randn(4, 5, 6, 7)
    for dims in ([0, 1], [1, 3], [-1, 0], [0, 1, 2, 3]):
        assert torch.equal(fgx.call("amax", x, dims), x.amax(dims))
        y = x.permute(2, 0, 3, 1)
        assert torch.equal(fgx.call("amax", y, dims, True), y.amax(dims, keepdim=True))


def test_outputs_may_have_any_strides():
    x = torch.randn(12, 5, 40)
    out = torch.full((5, 24), math.nan)[:, ::2].t()
    fgx.call("sum", x, [2], out=[out])
    torch.testing.assert_close(out, x.sum(2))
    fgx.call("mean", x.transpose(0, 2), [0], out=[out.t()])
    torch.testing.assert_close(out, x.mean(2))
    wide = torch.zeros(40, 3, dtype=torch.int64)[:, 1]
    fgx.call("argmax", x[:, 0], 0, out=[wide])
    assert torch.equal(wide, x[:, 0].argmax(0))


def test_refusals():
    x = torch.randn(3, 4)
    for name, arguments in (("sum", ([2],)), ("sum", ([0, 0],)), ("sum", ([0, -2],)),
                            ("mean", ([0], False, torch.int64)), ("argmax", (-3,))):
        with pytest.raises(fgx.FgxError) as error:
            fgx.call(name, x, *arguments)
        assert error.value.status == "InvalidArgument"
    with pytest.raises(fgx.FgxError):
        fgx.call("mean", torch.ones(3, dtype=torch.int32))
    with pytest.raises(fgx.FgxError):
        fgx.call("argmax", torch.ones(3, dtype=torch.bool))
    for name in ("amax", "argmax"):
        with pytest.raises(fgx.FgxError):
            fgx.call(name, torch.ones(0, 3))
        assert fgx.call(name, torch.ones(0, 3), 1).shape == (0,)


def test_same_bits_again_and_for_each_row():
    x = torch.randn(64, 9001)
    whole = fgx.call("sum", x, [1])
    assert torch.equal(whole, fgx.call("sum", x, [1]))
    for rows in (1, 3):
        assert torch.equal(whole[:rows], fgx.call("sum", x[:rows], [1]))
    long = torch.randn(3, 300_000)
    assert torch.equal(fgx.call("sum", long, [1])[:1], fgx.call("sum", long[:1], [1]))


def check_max_dim(x, dim, keepdim):
    try:
        wanted = torch.max(x, dim, keepdim)
    except (RuntimeError, IndexError):
        with pytest.raises(fgx.FgxError) as error:
            fgx.call("max", x, dim, keepdim)
        assert error.value.status == "InvalidArgument" and error.value.argument == 1
        return
    values, indices = fgx.call("max", x, dim, keepdim)
    assert values.dtype == x.dtype and indices.dtype == torch.int64
    assert values.shape == wanted.values.shape and torch.equal(indices, wanted.indices)
    torch.testing.assert_close(values, wanted.values, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("dtype", FLOATS + INTEGERS + [torch.bool], ids=str)
def test_max_dim(dtype):
    for shape in SHAPES + [(3, 20_000), (20_000, 3), (9001, 130)]:
        for x in (random(shape, dtype), (random(shape, torch.float32) > 0).to(dtype)):
            for dim in range(-max(x.dim(), 1) - 1, max(x.dim(), 1) + 1):
                check_max_dim(x, dim, False)
                check_max_dim(x, dim, True)


@pytest.mark.parametrize("dtype", FLOATS + [torch.int32, torch.bool], ids=str)
def test_max_dim_layouts_and_special_values(dtype):
    for shape in [(5, 7), (33, 130), (4, 3, 70)]:
        for _, x in layouts(random(shape, dtype)):
            for dim in range(x.dim()):
                check_max_dim(x, dim, False)
    for x in expanded(dtype):
        for dim in range(3):
            check_max_dim(x, dim, True)
    if dtype.is_floating_point:
        for dim in (0, 1):
            check_max_dim(special_rows(dtype), dim, False)
            check_max_dim(special_rows(dtype).t().contiguous(), dim, False)
    x = random((6, 50, 8), dtype)
    values, indices = torch.zeros(16, 6, dtype=dtype)[::2].t(), torch.zeros(6, 8, dtype=torch.int64)
    fgx.call("max", x, 1, out=[values, indices])
    assert torch.equal(values, x.max(1).values) and torch.equal(indices, x.max(1).indices)


def check_var_mean(x, dim, correction, keepdim):
    wide = x.double()
    kwargs = {} if correction is None else {"correction": correction}
    expected = torch.var_mean(x, dim, keepdim=keepdim, **kwargs)
    exact = torch.var_mean(wide, dim, keepdim=keepdim, **kwargs)
    actual = fgx.call("var_mean", x, dim, correction, keepdim)
    size = wide.abs().max().item() if x.numel() else 0.0
    tolerance = TOLERANCE[x.dtype]
    for one, wanted, other, scale in zip(actual, exact, expected, (1e-5 * size * size, size)):
        assert one.dtype == x.dtype and one.shape == other.shape
        torch.testing.assert_close(one.double(), wanted, rtol=tolerance, atol=tolerance * scale + 1e-300, equal_nan=True)


@pytest.mark.filterwarnings("ignore:var_mean")
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_var_mean(dtype):
    for shape in SHAPES + [(3, 20_000), (20_000, 3), (9001, 130), (2, 70_000)]:
        x = random(shape, dtype) * 3 + 1
        for dim in DIMS:
            if dim and any(not -max(x.dim(), 1) <= d < max(x.dim(), 1) for d in dim):
                continue
            if dim and len({d % max(x.dim(), 1) for d in dim}) < len(dim):
                continue
            for correction in (None, 0, 2, 0.5, -3, 10**6):
                check_var_mean(x, dim, correction, correction == 0)


@pytest.mark.filterwarnings("ignore:var_mean")
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_var_mean_layouts(dtype):
    for shape in [(5, 7), (33, 130), (4, 3, 70), (3, 2, 5, 18)]:
        for _, x in layouts(random(shape, dtype)):
            for dim in [None, [0], [-1], [0, -1], [1]]:
                check_var_mean(x, dim, 1, False)
    for x in expanded(dtype):
        for dim in [None, [0], [1], [2], [0, 2], [1, 2]]:
            check_var_mean(x, dim, 0, True)
    x = random((6, 50, 8), dtype)
    out = [torch.zeros(16, 6, dtype=dtype)[::2].t(), torch.zeros(6, 8, dtype=dtype)]
    fgx.call("var_mean", x, 1, out=out)
    wanted = fgx.call("var_mean", x, 1)
    assert torch.equal(out[0], wanted[0]) and torch.equal(out[1], wanted[1])


def test_var_mean_of_special_values():
    for layout in (lambda t: t, lambda t: t.t().contiguous(), lambda t: t.t()):
        for special in (math.nan, math.inf, -math.inf):
            x = torch.randn(400, 33, dtype=torch.float64).float()
            x[7, 5] = x[391, 9] = special  # among the first elements of a thread, and late
            for dim in (0, 1):
                variance, mean = fgx.call("var_mean", layout(x), [dim])
                exact = layout(x).mean(dim)
                assert torch.equal(mean.isnan(), exact.isnan()) and torch.equal(mean.isinf(), exact.isinf())
                assert torch.equal(variance.isnan(), ~exact.isfinite())
    far = 1e4 + torch.rand(3, 50_000)
    check_var_mean(far, [1], 1, False)
    check_var_mean(far.t().contiguous(), [0], 1, False)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_var_mean_of_a_row_has_the_same_bits_beside_others(dtype):
    # The CPU folds its few longest rows in another way.
    for width in (64, 130, 4096, 9001, 70_000)[:5 if torch.empty(0).is_cuda else 4]:
        x = random((300, width), dtype)
        whole = fgx.call("var_mean", x, [1])
        for rows in (1, 3, 300):
            for one, all_rows in zip(fgx.call("var_mean", x[:rows], [1]), whole):
                assert torch.equal(one, all_rows[:rows])


def test_var_mean_refuses():
    for arguments, argument in [((torch.ones(3, dtype=torch.int64),), 0), ((torch.ones(3), [1]), 1),
                                ((torch.ones(3, 3), [0, 0]), 1)]:
        with pytest.raises(fgx.FgxError) as error:
            fgx.call("var_mean", *arguments)
        assert error.value.status == "InvalidArgument" and error.value.argument == argument


def check_cumsum(x, dim, dtype=None, out=None):
    expected = torch.cumsum(x, dim, dtype=dtype)
    actual = fgx.call("cumsum", x, dim, dtype, out=out)
    assert actual.dtype == expected.dtype and actual.shape == expected.shape
    if not expected.dtype.is_floating_point:
        assert torch.equal(actual, expected)
        return
    wide = x.to(expected.dtype).double()
    exact = wide.cumsum(dim)
    scale = wide.abs().sum(dim).max().item() if x.numel() and wide.isfinite().all() else 0.0
    if x.is_cuda and x.numel():  # sums are float32 there: beside what is not finite, they err like others
        scale = wide.nan_to_num(0.0, 0.0, 0.0).abs().sum(dim).max().item()
    tolerance = TOLERANCE[expected.dtype]
    largest = torch.finfo(expected.dtype).max
    near = exact.abs() > largest / 2  # of the edge of the range, rounding decides
    torch.testing.assert_close(actual.double()[~near], exact[~near], rtol=tolerance, atol=tolerance * scale,
                               equal_nan=True)


@pytest.mark.parametrize("dtype", FLOATS + INTEGERS + [torch.bool], ids=str)
def test_cumsum(dtype):
    for shape in SHAPES + [(3, 20_000), (20_000, 3), (901, 130), (4, 1000, 9)]:
        x = random(shape, dtype)
        for dim in range(-max(x.dim(), 1), max(x.dim(), 1)):
            check_cumsum(x, dim)
    for shape in [(5, 7), (33, 130), (4, 3, 70), (3, 2, 5, 18)]:
        for _, x in layouts(random(shape, dtype)):
            for dim in range(x.dim()):
                check_cumsum(x, dim)
    for x in expanded(dtype):
        for dim in range(3):
            check_cumsum(x, dim)


@pytest.mark.parametrize("dtype", FLOATS + [torch.int64, torch.int32, torch.bool], ids=str)
def test_cumsum_of_long_rows(dtype):
    """Several tiles, and several groups of them; the same bits in every run and beside any other rows."""
    for shape, dim in [((2, 17_001), 1), ((3, 100_000), 1), ((2_600_000,), 0), ((2, 1_300_007), 1), ((1_100_000, 2), 0)]:
        x = random(shape, dtype)
        check_cumsum(x, dim)
        whole = fgx.call("cumsum", x, dim)
        assert torch.equal(whole, fgx.call("cumsum", x, dim))
        if dim == 1:
            assert torch.equal(whole[-1], fgx.call("cumsum", x[-1], 0))


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_cumsum_special_values(dtype):
    x = special_rows(dtype)
    x[x.abs() > 1e30] = 7.0
    for y in (x, x.t().contiguous(), x.t()):
        for dim in (0, 1):
            check_cumsum(y, dim)


@pytest.mark.parametrize("into", FLOATS + INTEGERS, ids=str)
@pytest.mark.parametrize("dtype", FLOATS + INTEGERS + [torch.bool], ids=str)
def test_cumsum_converts_first(dtype, into):
    for x in (random((9, 400), dtype), random((6, 5, 40), dtype).transpose(0, 2)):
        if dtype.is_floating_point and not into.is_floating_point:
            x = x.abs()
        for dim in range(x.dim()):
            check_cumsum(x, dim, into)


@pytest.mark.parametrize("dtype", FLOATS + [torch.int64, torch.int8], ids=str)
def test_cumsum_in_place_and_strided_output(dtype):
    for dim in (0, 1):
        x = random((60, 1300), dtype)
        into = dtype if dtype == torch.int8 else None
        wanted = fgx.call("cumsum", x, dim, into)
        out = torch.zeros(2600, 120, dtype=dtype)[::2, ::2].t()
        fgx.call("cumsum", x, dim, into, out=[out])
        torch.testing.assert_close(out, wanted)  # rows and columns add in different orders
        for y in (x.clone(), x.t().contiguous().t()):
            fgx.call("cumsum_", y, dim, into, out=[y])
            torch.testing.assert_close(y, wanted)


def test_cumsum_refuses():
    for arguments, argument in [((torch.ones(3), 1), 1), ((torch.ones(3), -2), 1), ((torch.ones(3), 0, torch.bool), 2)]:
        with pytest.raises(fgx.FgxError) as error:
            fgx.call("cumsum", *arguments)
        assert error.value.status == "InvalidArgument" and error.value.argument == argument
