# SPDX-License-Identifier: Apache-2.0
"""topk_softmax, judged by PyTorch's softmax and topk."""
import math

import pytest
import torch

import fgx
from rows_data import FLOATS, layouts, random


def judge(x, topk, renormalize):
    """Order by logits, the lower index first among equals."""
    x = x.float()
    indices = torch.sort(x, dim=-1, descending=True, stable=True).indices[..., :topk]
    weights = torch.softmax(x.double(), -1).gather(-1, indices)
    if renormalize:
        weights = weights / weights.sum(-1, keepdim=True)
    return weights, indices


def check(x, topk, renormalize=False, name="topk_softmax"):
    weights, indices = fgx.call(name, x, topk, renormalize)
    expected_weights, expected_indices = judge(x, topk, renormalize)
    assert weights.dtype == torch.float32 and indices.dtype == torch.int32
    assert torch.equal(indices.long(), expected_indices)
    torch.testing.assert_close(weights.double(), expected_weights, rtol=2e-6, atol=1e-37)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_shapes(dtype):
    for shape, topk in [((1, 64), 6), ((16, 128), 8), ((33, 60), 4), ((7, 1), 1), ((5, 7), 7),
                        ((64,), 2), ((2, 3, 256), 8), ((3, 4096), 16), ((300, 8), 2), ((4, 17), 17), ((2001, 128), 8), ((2001, 60), 4),
                        ((1999, 33), 1), ((1500, 200), 8), ((1201, 384), 8), ((1200, 1024), 7)]:
        for renormalize in (False, True):
            check(random(shape, dtype) * 3, topk, renormalize)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_layouts(dtype):
    for shape in [(9, 60), (2, 5, 33)]:
        for _, x in layouts(random(shape, dtype)):
            check(x, 5, True)
    check(random((1, 64), dtype).expand(6, 64), 3)


def test_equal_logits_take_the_lower_index():
    check(torch.zeros(3, 40), 10)
    x = torch.randint(0, 3, (50, 64)).float()
    check(x, 20)
    check(torch.tensor([[-0.0, 0.0, -0.0, 1.0]]), 3)


def test_nearly_equal_logits():
    """Neighbouring floats: beside the rounded ones that a sort by fewer bits would confuse, and at the last place."""
    for experts in (8, 60, 64, 128, 160, 256, 384, 512, 777, 1024):
        for rows in (41, 3001):
            step = torch.randint(0, 3 * experts, (rows, experts)).float()
            check(1.0 + step * 2.0**-22, min(8, experts))
            far = torch.randn(rows, experts)
            far[::3, : experts // 2] = far[::3, :1] + step[::3, : experts // 2] * 2.0**-22
            for topk in (1, 3, 8):
                check(far, topk, True)


def test_agrees_with_softmax_then_topk():
    x = torch.randn(200, 64)
    weights, indices = fgx.call("fused_moe_gate", x, 6)
    expected = torch.topk(torch.softmax(x, -1), 6)
    assert torch.equal(indices.long(), expected.indices)
    torch.testing.assert_close(weights, expected.values)


def test_extreme_logits():
    x = torch.tensor([[-math.inf, 3.0, -math.inf, -math.inf], [1e30, -1e30, 0.0, 1e30],
                      [-500.0, -600.0, -700.0, 0.0]])
    check(x, 4)
    check(x, 2, True)
    for bad in ([math.nan, 1.0, 2.0], [math.inf, 1.0, 2.0], [-math.inf] * 3):
        weights, indices = fgx.call("topk_softmax", torch.tensor([bad]), 2)
        assert weights.isnan().all()
        assert indices.tolist() == [[0, 1]]


def test_no_tokens_and_refusals():
    weights, indices = fgx.call("topk_softmax", torch.randn(0, 8), 2)
    assert weights.shape == indices.shape == (0, 2)
    for x, topk in ((torch.randn(3, 4), 0), (torch.randn(3, 4), 5), (torch.randn(3, 4), -1),
                    (torch.tensor(1.0), 1), (torch.ones(3, 4, dtype=torch.int64), 1)):
        with pytest.raises(fgx.FgxError) as error:
            fgx.call("topk_softmax", x, topk)
        assert error.value.status == "InvalidArgument"
