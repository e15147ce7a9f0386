# SPDX-License-Identifier: Apache-2.0
"""Calls libflaggems_exp on torch tensors through ctypes, so that PyTorch can judge it.

Deliberately independent of the SWIG binding: a fault there cannot hide one here.

    import fgx
    y = fgx.call("gelu", x, approximate="tanh")        # allocates the outputs as inferred
    fgx.call("add", x, y, out=[x])                      # in place
    fgx.infer("sum", x, dim=[1])                        # [(dtype, shape, strides)]
"""
import ctypes as c
import json
import os
import pathlib
import re

import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]
# CUDA tensors as FGX_DEVICE_CUDA, or, through tests/hip_shim, as FGX_DEVICE_ROCM.
GPU_TYPE = 10 if os.environ.get("FLAGGEMS_EXP_TEST_AS_ROCM") else 2


def _library_path():
    path = os.environ.get("FLAGGEMS_EXP_LIBRARY")
    if path:
        return path
    found = sorted(ROOT.glob("build/*/libflaggems_exp.so"), key=lambda p: p.stat().st_mtime)
    if not found:
        raise RuntimeError("build the library first, or set FLAGGEMS_EXP_LIBRARY")
    return str(found[-1])


lib = c.CDLL(_library_path())


class Device(c.Structure):
    _fields_ = [("type", c.c_int32), ("id", c.c_int32)]


class DType(c.Structure):
    _fields_ = [("code", c.c_uint8), ("bits", c.c_uint8), ("lanes", c.c_uint16)]


class Tensor(c.Structure):
    _fields_ = [
        ("data", c.c_void_p),
        ("device", Device),
        ("ndim", c.c_int32),
        ("dtype", DType),
        ("shape", c.POINTER(c.c_int64)),
        ("strides", c.POINTER(c.c_int64)),
        ("byte_offset", c.c_uint64),
    ]


class Desc(c.Structure):
    _fields_ = [
        ("struct_size", c.c_uint32),
        ("flags", c.c_uint32),
        ("device", Device),
        ("dtype", DType),
        ("ndim", c.c_int32),
        ("shape", c.c_int64 * 16),
        ("strides", c.c_int64 * 16),
    ]


class Invocation(c.Structure):
    _fields_ = [
        ("struct_size", c.c_uint32),
        ("flags", c.c_uint32),
        ("device", Device),
        ("stream", c.c_void_p),
        ("args", c.c_void_p),
        ("nargs", c.c_int32),
        ("nouts", c.c_int32),
        ("outs", c.c_void_p),
        ("workspace", c.c_void_p),
        ("workspace_size", c.c_size_t),
    ]


class _As(c.Union):
    _fields_ = [
        ("boolean", c.c_int32),
        ("integer", c.c_int64),
        ("real", c.c_double),
        ("complex_parts", c.c_double * 2),
        ("pointer", c.c_void_p),
        ("dtype", DType),
    ]


class Value(c.Structure):
    _fields_ = [("tag", c.c_int32), ("size", c.c_uint32), ("as_", _As)]


assert c.sizeof(Tensor) == 48 and c.sizeof(Value) == 24

NONE, BOOL, INT, FLOAT, STRING, TENSOR, INT_LIST, FLOAT_LIST, BOOL_LIST, TENSOR_LIST = (
    0, 1, 2, 3, 5, 6, 7, 8, 9, 10)
OPTIONAL_TENSOR_LIST, DTYPE = 11, 12

CODES = {
    torch.bool: (6, 8), torch.uint8: (1, 8), torch.int8: (0, 8), torch.int16: (0, 16),
    torch.int32: (0, 32), torch.int64: (0, 64), torch.float16: (2, 16), torch.bfloat16: (4, 16),
    torch.float32: (2, 32), torch.float64: (2, 64),
}
TYPES = {code: dtype for dtype, code in CODES.items()}

lib.fgx_last_error.restype = c.c_void_p
lib.fgx_error_message.restype = c.c_char_p
lib.fgx_error_message.argtypes = [c.c_void_p]
lib.fgx_error_operator.restype = c.c_char_p
lib.fgx_error_operator.argtypes = [c.c_void_p]
lib.fgx_error_argument.argtypes = [c.c_void_p]
lib.fgx_status_string.restype = c.c_char_p
lib.fgx_op_schema.restype = c.c_char_p
lib.fgx_op_schema.argtypes = [c.c_void_p]
lib.fgx_string_data.restype = c.c_char_p
lib.fgx_string_data.argtypes = [c.c_void_p]
lib.fgx_string_destroy.argtypes = [c.c_void_p]


class FgxError(RuntimeError):
    def __init__(self, status):
        error = lib.fgx_last_error()
        self.status = lib.fgx_status_string(status).decode()
        self.operator = lib.fgx_error_operator(error).decode()
        self.argument = lib.fgx_error_argument(error)
        super().__init__(f"{self.status}: {lib.fgx_error_message(error).decode()}")


def check(status):
    if status:
        raise FgxError(status)


def text(handle):
    result = lib.fgx_string_data(handle).decode()
    lib.fgx_string_destroy(handle)
    return result


class Context:
    """One fgx_context with a cache of its operators."""

    def __init__(self, **config):
        self.handle = c.c_void_p()
        check(lib.fgx_context_create(None, c.byref(self.handle)))
        self.ops = {}
        for key, value in config.items():
            self.set(key, value)

    def set(self, key, value):
        check(lib.fgx_context_set_config(self.handle, key.encode(), str(value).encode()))

    def enable(self, groups=None):
        check(lib.fgx_context_enable(self.handle, groups.encode() if groups else None))

    def op(self, name):
        if name not in self.ops:
            handle = c.c_void_p()
            check(lib.fgx_context_get_op(self.handle, name.encode(), c.byref(handle)))
            schema = lib.fgx_op_schema(handle).decode()
            self.ops[name] = (handle, _argument_names(schema))
        return self.ops[name]


def _argument_names(schema):
    inside = schema[schema.index("(") + 1 : schema.rindex(") ->")]
    names, depth, start = [], 0, 0
    quoted = False
    for i, ch in enumerate(inside + ","):
        if ch == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif ch in "([":
            depth += 1
        elif ch in ")]":
            depth -= 1
        elif ch == "," and depth == 0:
            argument = inside[start:i].strip()
            start = i + 1
            if argument and argument != "*":
                names.append(re.match(r"\S+\s+(\w+)", argument).group(1))
    return names


_default = None


def default_context():
    global _default
    if _default is None:
        _default = Context()
    return _default


def make_tensor(t, keep):
    shape = (c.c_int64 * max(t.dim(), 1))(*t.shape)
    strides = (c.c_int64 * max(t.dim(), 1))(*t.stride())
    code, bits = CODES[t.dtype]
    device = Device(GPU_TYPE, t.device.index or 0) if t.is_cuda else Device(1, 0)
    out = Tensor(t.data_ptr() or None, device, t.dim(), DType(code, bits, 1),
                 c.cast(shape, c.POINTER(c.c_int64)), c.cast(strides, c.POINTER(c.c_int64)), 0)
    keep += [shape, strides, out, t]
    return out


def stream_of(tensors):
    """PyTorch's current stream of the tensors' GPU, NULL where they are on none."""
    device = next((t.device for t in tensors if t is not None and t.is_cuda), None)
    return None if device is None else c.c_void_p(torch.cuda.current_stream(device).cuda_stream)


def make_value(x, keep):
    v = Value()
    if x is None:
        v.tag = NONE
    elif isinstance(x, bool):
        v.tag, v.as_.boolean = BOOL, int(x)
    elif isinstance(x, int):
        v.tag, v.as_.integer = INT, x
    elif isinstance(x, float):
        v.tag, v.as_.real = FLOAT, x
    elif isinstance(x, str):
        raw = c.create_string_buffer(x.encode())
        keep.append(raw)
        v.tag, v.size, v.as_.pointer = STRING, len(x.encode()), c.addressof(raw)
    elif isinstance(x, torch.dtype):
        v.tag, v.as_.dtype = DTYPE, DType(*CODES[x], 1)
    elif isinstance(x, torch.Tensor):
        v.tag, v.as_.pointer = TENSOR, c.addressof(make_tensor(x, keep))
    elif isinstance(x, (list, tuple)):
        v.size = len(x)
        if x and any(isinstance(e, torch.Tensor) for e in x):
            array = (c.c_void_p * len(x))(
                *[None if e is None else c.addressof(make_tensor(e, keep)) for e in x])
            v.tag = OPTIONAL_TENSOR_LIST if any(e is None for e in x) else TENSOR_LIST
        elif any(isinstance(e, float) for e in x):
            v.tag, array = FLOAT_LIST, (c.c_double * len(x))(*x)
        else:
            v.tag, array = INT_LIST, (c.c_int64 * max(len(x), 1))(*x)
        keep.append(array)
        v.as_.pointer = c.addressof(array)
    else:
        raise TypeError(type(x))
    return v


def bind(context, name, args, kwargs, keep):
    handle, names = context.op(name)
    values = list(args)
    for key, value in kwargs.items():
        index = names.index(key)
        values += [None] * (index + 1 - len(values))  # none: the schema's default
        values[index] = value
    array = (Value * max(len(values), 1))(*[make_value(v, keep) for v in values])
    keep.append(array)
    return handle, array, len(values)


def infer(name, *args, context=None, **kwargs):
    keep = []
    handle, array, n = bind(context or default_context(), name, args, kwargs, keep)
    count = c.c_int32(16)
    descs = (Desc * 16)()
    for d in descs:
        d.struct_size = c.sizeof(Desc)
    check(lib.fgx_op_infer(handle, array, c.c_int32(n), descs, c.byref(count)))
    return [(TYPES[(d.dtype.code, d.dtype.bits)], tuple(d.shape[: d.ndim]), tuple(d.strides[: d.ndim]))
            for d in descs[: count.value]]


def call(name, *args, out=None, context=None, **kwargs):
    """Runs the operator; returns one tensor, or a tuple. Outputs are poisoned before the call."""
    context = context or default_context()
    keep = []
    handle, array, n = bind(context, name, args, kwargs, keep)
    if out is None:
        out = []
        for dtype, shape, _ in infer(name, *args, context=context, **kwargs):
            t = torch.empty(shape, dtype=dtype)
            t.fill_(float("nan") if dtype.is_floating_point else 1 if dtype == torch.bool else 77)
            out.append(t)
    outs = (c.c_void_p * len(out))(
        *[None if t is None else c.addressof(make_tensor(t, keep)) for t in out])
    check(lib.fgx_op_call(handle, array, c.c_int32(n), outs, c.c_int32(len(out)), stream_of(out)))
    return out[0] if len(out) == 1 else tuple(out)


def explain(name, *args, context=None, **kwargs):
    keep = []
    context = context or default_context()
    handle, array, n = bind(context, name, args, kwargs, keep)
    result = c.c_void_p()
    check(lib.fgx_op_explain(handle, array, c.c_int32(n), None, 0, c.byref(result)))
    return json.loads(text(result))


class Prepared:
    """A call with its arguments converted once, for timing: run() costs one ctypes call.

    On a GPU it has workspace of its own, so that it can be captured into a graph."""

    def __init__(self, name, *args, out=None, context=None, **kwargs):
        self.keep = []
        context = context or default_context()
        self.handle, self.array, n = bind(context, name, args, kwargs, self.keep)
        if out is None:
            flat = [t for a in args for t in (a if isinstance(a, (list, tuple)) else [a])]
            device = next((t.device for t in flat if isinstance(t, torch.Tensor)), None)
            out = [torch.empty(shape, dtype=dtype, device=device)
                   for dtype, shape, _ in infer(name, *args, context=context, **kwargs)]
        self.out = out
        self.outs = (c.c_void_p * len(out))(*[c.addressof(make_tensor(t, self.keep)) for t in out])
        self.arguments = (self.handle, self.array, c.c_int32(n), self.outs, c.c_int32(len(out)),
                          stream_of(out))
        self.invocation = self._invocation() if out and out[0].is_cuda else None
        self.run()

    def _invocation(self):
        """The call with workspace; None where it wants none."""
        handle, array, nargs, outs, nouts, stream = self.arguments
        size = c.c_size_t()
        check(lib.fgx_op_workspace(handle, array, nargs, outs, nouts, c.byref(size)))
        if size.value == 0:
            return None
        workspace = torch.empty(size.value, dtype=torch.uint8, device=self.out[0].device)
        made = Invocation(c.sizeof(Invocation), stream=stream, args=c.addressof(array), nargs=nargs.value,
                          nouts=nouts.value, outs=c.addressof(outs), workspace=workspace.data_ptr(),
                          workspace_size=size.value)
        self.keep += [workspace, made]
        return made

    def run(self):
        if self.invocation is not None:
            check(lib.fgx_op_invoke(self.handle, c.byref(self.invocation)))
        else:
            check(lib.fgx_op_call(*self.arguments))
        return self.out[0] if len(self.out) == 1 else tuple(self.out)


def assert_matches(actual, expected, **tolerance):
    """Same dtype and shape, and close (or equal, for integers and bools); NaN matches NaN."""
    assert actual.dtype == expected.dtype, f"{actual.dtype} != {expected.dtype}"
    assert actual.shape == expected.shape, f"{actual.shape} != {expected.shape}"
    torch.testing.assert_close(actual, expected, equal_nan=True, **tolerance)
