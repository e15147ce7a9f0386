# SPDX-License-Identifier: Apache-2.0
"""Tensors of the second GPU while the first is current. Runs where there are two, and the tests' device is a GPU."""
import ctypes as c
import json
import os

import pytest
import torch

import fgx

pytestmark = pytest.mark.skipif(
    os.environ.get("FLAGGEMS_EXP_TEST_DEVICE", "cpu") == "cpu" or torch.cuda.device_count() < 2, reason="needs two GPUs")


def on(device, *shape):
    return torch.randn(shape, device=f"cuda:{device}")


def run(name, args, expected, context=None):
    """Our result beside PyTorch's, and the current device as it was."""
    before = torch.cuda.current_device()
    outs = [torch.full_like(one, float("nan")) for one in expected]
    fgx.call(name, *args, out=outs, context=context)
    assert torch.cuda.current_device() == before
    for ours, theirs in zip(outs, expected):
        torch.cuda.synchronize(ours.device)
        torch.testing.assert_close(ours, theirs, rtol=2e-5, atol=2e-4)


def calls(device):
    x, y, weight = on(device, 300, 4096), on(device, 300, 4096), on(device, 512, 4096)
    return [("add", (x, y), [x + y]), ("softmax", (x, -1), [torch.softmax(x, -1)]),
            ("rms_norm", (x, [4096]), [torch.nn.functional.rms_norm(x, [4096], eps=torch.finfo(torch.float32).eps)]),
            ("sum", (x, [0, 1]), [x.sum()]),  # two kernels, scratch between
            ("mm", (x, weight.t()), [x @ weight.t()]),
            ("cat", ([x, y], 1), [torch.cat([x, y], 1)])]


def test_the_second_while_the_first_is_current():
    torch.cuda.set_device(0)
    context = fgx.Context()
    for device in (1, 0, 1, 1, 0):
        for name, args, expected in calls(device):
            run(name, args, expected, context)
    with torch.cuda.device(1):
        for device in (0, 1):
            for name, args, expected in calls(device):
                run(name, args, expected, context)


def test_streams_of_each():
    torch.cuda.set_device(0)
    for device in (1, 0):
        stream = torch.cuda.Stream(device=device)
        x = on(device, 300, 4096)
        torch.cuda.synchronize(device)
        current = torch.cuda.current_stream(1 - device)
        with torch.cuda.stream(stream):
            torch.cuda.set_device(1 - device)  # what is current is not what the tensors are on
            run("softmax", (x, -1), [torch.softmax(x, -1)])
            torch.cuda.set_device(0)
        assert torch.cuda.current_stream(1 - device) == current


def test_a_stream_of_the_other_is_refused():
    torch.cuda.set_device(0)
    x, out = on(1, 4096), torch.full((4096,), float("nan"), device="cuda:1")
    torch.cuda.synchronize(1)
    foreign = torch.cuda.Stream(device=0)
    keep = []
    handle, array, count = fgx.bind(fgx.default_context(), "relu", (x,), {}, keep)
    outs = (c.c_void_p * 1)(c.addressof(fgx.make_tensor(out, keep)))
    for _ in range(5):
        with pytest.raises(fgx.FgxError) as error:
            fgx.check(fgx.lib.fgx_op_call(handle, array, c.c_int32(count), outs, c.c_int32(1), c.c_void_p(foreign.cuda_stream)))
        assert error.value.status == "InvalidArgument", str(error.value)
    torch.cuda.synchronize(1)
    assert out.isnan().all()
    run("relu", (x,), [x.relu()])  # nobody was blamed


def test_tensors_of_both_are_refused():
    with pytest.raises(fgx.FgxError) as error:
        fgx.call("add", on(0, 16), on(1, 16), out=[on(0, 16)])
    assert error.value.status == "InvalidArgument" and error.value.argument == 1


def test_graphs_of_each():
    for device in (1, 0):
        x, out = on(device, 300, 4096), on(device, 300, 4096)
        with torch.cuda.device(device):
            stream = torch.cuda.Stream(device=device)
            with torch.cuda.stream(stream):
                prepared = fgx.Prepared("softmax", x, -1, out=[out])
            stream.synchronize()
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, stream=stream):
                torch.cuda.set_device(1 - device)
                prepared.run()
                torch.cuda.set_device(device)
            x.copy_(on(device, 300, 4096))
            graph.replay()
            torch.cuda.synchronize(device)
            torch.testing.assert_close(out, torch.softmax(x, -1))


def test_facts_of_each():
    for device in (0, 1):
        found = c.c_void_p()
        fgx.check(fgx.lib.fgx_device_get_info(c.c_int32(fgx.GPU_TYPE), c.c_int32(device), c.byref(found)))
        facts = json.loads(fgx.text(found))
        properties = torch.cuda.get_device_properties(device)
        assert facts["id"] == device and facts["name"] == properties.name
        assert facts["multiprocessors"] == properties.multi_processor_count
        assert facts["memory_bytes"] == properties.total_memory
