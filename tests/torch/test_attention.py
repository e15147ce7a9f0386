# SPDX-License-Identifier: Apache-2.0
"""scaled_dot_product_attention against PyTorch, apply_rotary_pos_emb against a plain formula."""
import math

import fgx
import pytest
import torch
import torch.nn.functional as F

FLOATS = [torch.float32, torch.bfloat16, torch.float16, torch.float64]
TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 2e-2, torch.float16: 3e-3, torch.float64: 1e-12}


def wide(x):
    """On the CPU, in float64."""
    if not isinstance(x, torch.Tensor):
        return x
    return x.cpu().double() if x.dtype.is_floating_point else x.cpu()


def judge(q, k, v, mask=None, is_causal=False, scale=None, enable_gqa=False):
    """PyTorch on the same inputs in float64."""
    mask = wide(mask)
    return F.scaled_dot_product_attention(wide(q), wide(k), wide(v), mask, 0.0, is_causal, scale=scale,
                                          enable_gqa=enable_gqa).to(q.device, q.dtype)


def check(q, k, v, mask=None, is_causal=False, scale=None, enable_gqa=False, tolerance=None, **more):
    actual = fgx.call("scaled_dot_product_attention", q, k, v, mask, 0.0, is_causal, scale, enable_gqa, **more)
    tolerance = tolerance or TOLERANCE[q.dtype]
    fgx.assert_matches(actual, judge(q, k, v, mask, is_causal, scale, enable_gqa), rtol=tolerance, atol=tolerance)
    return actual


def qkv(batch, heads, kv_heads, queries, keys, size, value_size, dtype):
    return (torch.randn(*batch, heads, queries, size).to(dtype),
            torch.randn(*batch, kv_heads, keys, size).to(dtype),
            torch.randn(*batch, kv_heads, keys, value_size).to(dtype))


SHAPES = [  # heads, kv_heads, queries, keys, size, value_size
    (1, 1, 1, 1, 1, 1), (4, 4, 3, 5, 8, 8), (4, 2, 1, 40, 16, 16), (7, 1, 1, 300, 64, 64),
    (4, 4, 1, 1500, 32, 32), (2, 2, 17, 19, 33, 7), (6, 3, 20, 64, 64, 40), (2, 1, 130, 300, 64, 64),
    (1, 1, 513, 513, 16, 16), (3, 3, 5, 257, 5, 70), (14, 2, 98, 98, 64, 64), (1, 1, 2, 3000, 40, 33),
]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", SHAPES)
def test_shapes(dtype, shape):
    for is_causal in [False, True]:
        q, k, v = qkv((2,), *shape, dtype)
        check(q, k, v, is_causal=is_causal, enable_gqa=shape[0] != shape[1])


@pytest.mark.parametrize("size", [20, 64, 80, 128])
@pytest.mark.parametrize("length", [17, 98, 1000])
@pytest.mark.parametrize("heads, kv_heads", [(3, 3), (8, 2)])
def test_float32_of_many_rows(heads, kv_heads, length, size):
    q, k, v = qkv((2,), heads, kv_heads, length, length, size, size, torch.float32)
    for is_causal in [False, True]:
        # Matrix units must not cost accuracy: a plain sum's error.
        check(q, k, v, is_causal=is_causal, enable_gqa=heads != kv_heads, tolerance=3e-6)
    check(q, k[:, :, :length // 2], v[:, :, :length // 2, :8], is_causal=True, enable_gqa=heads != kv_heads)
    check(q.transpose(1, 2).contiguous().transpose(1, 2), k, v, scale=-0.3, enable_gqa=heads != kv_heads)


def test_float32_of_many_rows_masked():
    q, k, v = qkv((2,), 4, 2, 98, 130, 64, 64, torch.float32)
    visible = torch.rand(98, 130) > 0.3
    visible[5] = False
    for mask in [visible, torch.randn(98, 130).masked_fill(~visible, -math.inf), torch.rand(2, 4, 98, 130) > 0.5,
                 (torch.rand(130, 98) > 0.3).t()]:
        check(q, k, v, mask, enable_gqa=True)
    assert bool((check(q, k, v, visible, enable_gqa=True)[:, :, 5] == 0).all())


@pytest.mark.parametrize("dtype", FLOATS)
def test_ranks_and_broadcasting(dtype):
    q, k, v = qkv((2, 3), 4, 4, 6, 9, 8, 5, dtype)
    check(q, k, v)
    check(q[0, 0, 0], k[0, 0, 0], v[0, 0, 0])
    check(q[0, 0], k[0, 0], v[0, 0])
    check(q, k[:1], v[:, :1])
    check(q, k[:, :, :1], v[:, :, :1])
    check(q, k[0, 0], v[0])
    check(q[:1, :, :1], k, v)
    check(q, k[:, :, :2], v[:, :, :1], enable_gqa=True)
    check(q[:, :, :3], k[:, :, :1], v[:, :, :3], enable_gqa=True)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("queries", [1, 3, 70])
def test_masks(dtype, queries):
    q, k, v = qkv((2,), 4, 4, queries, 300, 16, 16, dtype)
    for shape in [(queries, 300), (1, 300), (queries, 1), (1, 1), (4, queries, 300), (2, 1, queries, 300),
                  (2, 4, queries, 300), (1, 4, 1, 300)]:
        visible = torch.rand(shape) > 0.3
        check(q, k, v, visible)
        for mask_type in {dtype, torch.float32}:
            mask = torch.randn(shape).masked_fill(~visible, -math.inf).to(mask_type)
            check(q, k, v, mask)
    check(q, k, v, (torch.rand(300, queries) > 0.3).t())
    check(q, k, v, (torch.rand(2 * queries, 600) > 0.3)[::2, ::2])
    check(q, k, v, torch.ones(queries, 300, dtype=torch.bool), is_causal=True)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("queries", [2, 40])
def test_rows_that_see_nothing_are_zero(dtype, queries):
    q, k, v = qkv((1,), 2, 2, queries, 30, 8, 8, dtype)
    mask = torch.ones(queries, 30, dtype=torch.bool)
    mask[1] = False
    for m in [mask, torch.zeros(queries, 30).masked_fill(~mask, -math.inf)]:
        assert bool((check(q, k, v, m)[:, :, 1] == 0).all())
    assert bool((check(q, k[:, :, :0], v[:, :, :0]) == 0).all())
    check(q[..., :0], k[..., :0], v)
    assert check(q[:, :, :0], k, v).numel() == 0
    assert check(q, k, v[..., :0]).numel() == 0


@pytest.mark.parametrize("scale", [0.0, 1.0, -0.5, 3.0])
def test_scale(scale):
    q, k, v = qkv((1,), 2, 2, 20, 30, 8, 8, torch.float32)
    check(q, k, v, scale=scale)
    check(q[:, :, :1], k, v, scale=scale)


@pytest.mark.parametrize("dtype", FLOATS)
def test_layouts(dtype):
    # [batch, sequence, heads, size] seen as [batch, heads, sequence, size], as models have it.
    q = torch.randn(2, 20, 4, 16).to(dtype).transpose(1, 2)
    k = torch.randn(2, 30, 2, 32).to(dtype)[..., ::2].transpose(1, 2)
    v = torch.randn(2, 2, 16, 30).to(dtype).transpose(2, 3)
    check(q, k, v, enable_gqa=True)
    check(q[:, :, :1], k, v, enable_gqa=True)
    k, v = torch.randn(2, 30, 2, 16).to(dtype).transpose(1, 2), torch.randn(2, 50, 2, 16).to(dtype).transpose(1, 2)[:, :, 10:40]
    check(q[:, :, 7:8], k, v, enable_gqa=True)
    out = torch.zeros(2, 20, 4, 16, dtype=dtype).transpose(1, 2)
    check(q, k, v, enable_gqa=True, out=[out])
    assert bool((out != 0).any())


@pytest.mark.parametrize("size", [16, 15])
@pytest.mark.parametrize("queries", [1, 40])
def test_special_values(queries, size):
    q, k, v = qkv((1,), 1, 1, queries, 50, size, size, torch.float32)
    for tensor in (q, k, v):
        for special in [math.nan, math.inf, -math.inf]:
            kept = tensor[0, 0, 0, 3].item()
            tensor[0, 0, 0, 3] = special
            actual = fgx.call("scaled_dot_product_attention", q, k, v)
            scores = (q.double() @ k.double().transpose(-1, -2)) / math.sqrt(size)
            expected = (torch.softmax(scores, -1) @ v.double()).float()
            fgx.assert_matches(actual, expected, rtol=1e-5, atol=1e-5)
            tensor[0, 0, 0, 3] = kept


def test_large_scores_do_not_overflow():
    q, k, v = qkv((1,), 2, 2, 40, 600, 16, 16, torch.float32)
    tolerance = None
    if q.is_cuda:  # inputs are others than on the CPU, and a score's own rounding is a factor of its weight
        tolerance = (q @ k.mT).abs().max().item() * 1e4 / 4 * torch.finfo(q.dtype).eps
    check(q * 100, k * 100, v, tolerance=tolerance)
    check(q[:, :, :1] * 100, k * 100, v, tolerance=tolerance)


@pytest.mark.parametrize("change, status, argument", [
    (dict(dropout_p=0.5), "Unsupported", 4),
    (dict(k=torch.ones(1, 2, 4, 9)), "InvalidArgument", 1),
    (dict(v=torch.ones(1, 2, 5, 8)), "InvalidArgument", 2),
    (dict(k=torch.ones(1, 2, 4, 8, dtype=torch.float64)), "InvalidArgument", 1),
    (dict(q=torch.ones(8)), "InvalidArgument", 0),
    (dict(q=torch.ones(1, 2, 3, 8, dtype=torch.int32)), "InvalidArgument", 0),
    (dict(attn_mask=torch.ones(3, 5, dtype=torch.bool)), "InvalidArgument", 3),
    (dict(attn_mask=torch.ones(4, dtype=torch.bool)), "InvalidArgument", 3),
    (dict(attn_mask=torch.ones(3, 4, dtype=torch.int64)), "InvalidArgument", 3),
    (dict(attn_mask=torch.ones(3, 4, dtype=torch.float64)), "InvalidArgument", 3),
    (dict(attn_mask=torch.ones(2, 1, 2, 3, 4, dtype=torch.bool)), "InvalidArgument", 3),
    (dict(q=torch.ones(1, 3, 3, 8), enable_gqa=True), "InvalidArgument", 1),
    (dict(q=torch.ones(1, 3, 3, 8)), "InvalidArgument", None),
])
def test_refusals(change, status, argument):
    arguments = dict(q=torch.ones(1, 2, 3, 8), k=torch.ones(1, 2, 4, 8), v=torch.ones(1, 2, 4, 8),
                     attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False)
    arguments.update(change)
    q, k, v = (arguments.pop(name) for name in "qkv")
    with pytest.raises(fgx.FgxError) as error:
        fgx.call("scaled_dot_product_attention", q, k, v, out=[torch.empty(1, 2, 3, 8)], **arguments)
    assert error.value.status == status
    if argument is not None:
        assert error.value.argument == argument


# --------------------------------------------------------------------------------------- rotary


def rotary(x, cosine, sine, positions, interleaved):
    c, s = cosine.double()[positions].unsqueeze(-2), sine.double()[positions].unsqueeze(-2)
    x = x.double()
    if interleaved:
        low, high = x[..., 0::2], x[..., 1::2]
        return torch.stack([low * c - high * s, high * c + low * s], -1).flatten(-2)
    low, high = x.chunk(2, -1)
    return torch.cat([low * c - high * s, high * c + low * s], -1)


@pytest.mark.parametrize("table_type", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("dtype", FLOATS)
def test_rotary(dtype, table_type):
    for leading in [(5,), (2, 7), (2, 3, 4), (0,), (2, 0)]:
        for size in [2, 6, 64, 128, 130]:
            cosine, sine = torch.randn(11, size // 2).to(table_type), torch.randn(11, size // 2).to(table_type)
            q, k = torch.randn(*leading, 6, size).to(dtype), torch.randn(*leading, 2, size).to(dtype)
            given = torch.randint(0, 11, leading)
            for interleaved in [False, True]:
                for positions in [None, given, given.int()]:
                    rows = positions if positions is not None else torch.arange(leading[-1]).expand(leading)
                    actual = fgx.call("apply_rotary_pos_emb", q, k, cosine, sine, positions, interleaved)
                    for result, x in zip(actual, (q, k)):
                        expected = rotary(x, cosine, sine, rows.long(), interleaved).to(dtype)
                        eps = torch.finfo(dtype).eps
                        fgx.assert_matches(result, expected, rtol=eps, atol=4 * eps)


def test_rotary_layouts_and_mixed_types():
    cosine, sine = torch.randn(32, 20)[:, ::2], torch.randn(10, 32).t()
    q = torch.randn(2, 4, 9, 20).transpose(1, 2)
    k = torch.randn(2, 9, 2, 40)[..., ::2].to(torch.bfloat16)
    positions = torch.randint(0, 32, (9, 2)).t()
    for interleaved in [False, True]:
        out = [torch.zeros(2, 4, 9, 20).transpose(1, 2), torch.zeros(2, 9, 20, 2, dtype=torch.bfloat16).transpose(2, 3)]
        fgx.call("apply_rotary_pos_emb", q, k, cosine, sine, positions, interleaved, out=out)
        fgx.assert_matches(out[0].contiguous(), rotary(q, cosine, sine, positions, interleaved).float(), rtol=1e-5, atol=1e-5)
        fgx.assert_matches(out[1].contiguous(), rotary(k, cosine, sine, positions, interleaved).bfloat16(), rtol=1e-2, atol=1e-2)


def test_rotary_in_place():
    cosine, sine = torch.randn(8, 32), torch.randn(8, 32)
    for interleaved in [False, True]:
        q, k = torch.randn(8, 4, 64), torch.randn(8, 2, 64)
        expected = rotary(q, cosine, sine, torch.arange(8), interleaved).float()
        fgx.call("apply_rotary_pos_emb", q, k, cosine, sine, None, interleaved, out=[q, torch.empty_like(k)])
        fgx.assert_matches(q, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("bad", [-1, 11])
def test_rotary_checks_positions_first(bad):
    q, k = torch.randn(5, 4, 8), torch.randn(5, 2, 8)
    positions = torch.tensor([0, 1, 2, 3, bad])
    out = [torch.full_like(q, 7.0), torch.full_like(k, 7.0)]
    if q.is_cuda:
        # A kernel has nobody to raise to: the token's results are NaN, the others right.
        fgx.call("apply_rotary_pos_emb", q, k, torch.ones(11, 4), torch.zeros(11, 4), positions, out=out)
        for result, x in zip(out, (q, k)):
            assert bool(result[4].isnan().all())
            assert torch.equal(result[:4], x[:4])
        return
    with pytest.raises(fgx.FgxError) as error:
        fgx.call("apply_rotary_pos_emb", q, k, torch.ones(11, 4), torch.ones(11, 4), positions, out=out)
    assert error.value.status == "InvalidArgument" and error.value.argument == 4
    assert all(bool((t == 7.0).all()) for t in out)


@pytest.mark.parametrize("args, argument", [
    ((torch.ones(5, 4, 8), torch.ones(5, 2, 6), torch.ones(9, 4), torch.ones(9, 4)), 1),
    ((torch.ones(5, 4, 8), torch.ones(6, 2, 8), torch.ones(9, 4), torch.ones(9, 4)), 1),
    ((torch.ones(5, 4, 8), torch.ones(5, 2, 8), torch.ones(9, 5), torch.ones(9, 5)), 2),
    ((torch.ones(5, 4, 7), torch.ones(5, 2, 7), torch.ones(9, 3), torch.ones(9, 3)), 2),
    ((torch.ones(5, 4, 8), torch.ones(5, 2, 8), torch.ones(9, 4), torch.ones(8, 4)), 3),
    ((torch.ones(5, 4, 8), torch.ones(5, 2, 8), torch.ones(4, 4), torch.ones(4, 4)), 2),
    ((torch.ones(4, 8), torch.ones(2, 8), torch.ones(9, 4), torch.ones(9, 4)), 0),
    ((torch.ones(5, 4, 8), torch.ones(5, 2, 8), torch.ones(9, 4), torch.ones(9, 4), torch.zeros(4, dtype=torch.int64)), 4),
    ((torch.ones(5, 4, 8), torch.ones(5, 2, 8), torch.ones(9, 4), torch.ones(9, 4), torch.zeros(5)), 4),
    ((torch.ones(5, 4, 8).int(), torch.ones(5, 2, 8), torch.ones(9, 4), torch.ones(9, 4)), 0),
])
def test_rotary_refusals(args, argument):
    with pytest.raises(fgx.FgxError) as error:
        fgx.call("apply_rotary_pos_emb", *args, out=[torch.empty(5, 4, 8), torch.empty(5, 2, 8)])
    assert error.value.status == "InvalidArgument" and error.value.argument == argument
