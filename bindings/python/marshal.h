/* SPDX-License-Identifier: Apache-2.0 */
/* Python objects as arguments of the C ABI: included by the SWIG module only. */
#ifndef FLAGGEMS_EXP_PYTHON_MARSHAL_H_
#define FLAGGEMS_EXP_PYTHON_MARSHAL_H_

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

#include "flaggems_exp.h"

/* One tensor, and what keeps its memory alive. */
typedef struct fgx_py_tensor {
  fgx_tensor tensor;
  int64_t shape[FGX_MAX_RANK];
  int64_t strides[FGX_MAX_RANK];
  Py_buffer buffer;  /* held when buffer.obj is set */
  PyObject* capsule; /* a DLPack capsule, or NULL */
} fgx_py_tensor;

/* The converted arguments of one call; freed as a whole. */
typedef struct fgx_py_call {
  int32_t count;
  fgx_value* values;
  fgx_tensor** outputs;
  void** addresses;
  fgx_py_tensor** tensors; /* all tensors converted so far */
  int32_t tensor_count;
  void** blocks; /* memory of lists */
  int32_t block_count;
  PyObject* sequence; /* keeps borrowed strings alive */
} fgx_py_call;

static void fgx_py_call_init(fgx_py_call* call) { memset(call, 0, sizeof *call); }

static void fgx_py_call_clear(fgx_py_call* call) {
  for (int32_t i = 0; i < call->tensor_count; ++i) {
    if (call->tensors[i]->buffer.obj != NULL) PyBuffer_Release(&call->tensors[i]->buffer);
    Py_XDECREF(call->tensors[i]->capsule);
    PyMem_Free(call->tensors[i]);
  }
  for (int32_t i = 0; i < call->block_count; ++i) PyMem_Free(call->blocks[i]);
  PyMem_Free(call->tensors);
  PyMem_Free(call->blocks);
  PyMem_Free(call->values);
  PyMem_Free(call->outputs);
  PyMem_Free(call->addresses);
  Py_XDECREF(call->sequence);
  fgx_py_call_init(call);
}

/* Raises the exception that belongs to `status` with this thread's last error. */
static void fgx_py_raise(fgx_status status) {
  const fgx_error* error = fgx_last_error();
  const fgx_error* cause = fgx_error_cause(error);
  PyObject* module = PyImport_ImportModule("flaggems_exp.errors");
  PyObject* instance =
      module == NULL
          ? NULL
          : PyObject_CallMethod(module, "make", "isssiz", (int)status, fgx_status_string(status),
                                fgx_error_message(error), fgx_error_operator(error),
                                (int)fgx_error_argument(error),
                                cause == NULL ? NULL : fgx_error_message(cause));
  if (instance != NULL) PyErr_SetObject((PyObject*)Py_TYPE(instance), instance);
  Py_XDECREF(instance);
  Py_XDECREF(module);
}

static int fgx_py_text(PyObject* object, const char** data, Py_ssize_t* size) {
  if (PyBytes_Check(object)) return PyBytes_AsStringAndSize(object, (char**)data, size) == 0;
  *data = PyUnicode_AsUTF8AndSize(object, size);
  return *data != NULL;
}

static void* fgx_py_block(fgx_py_call* call, size_t size) {
  void** blocks = PyMem_Realloc(call->blocks, (size_t)(call->block_count + 1) * sizeof *blocks);
  if (blocks == NULL) return PyErr_NoMemory();
  call->blocks = blocks;
  void* block = PyMem_Calloc(1, size == 0 ? 1 : size);
  if (block == NULL) return PyErr_NoMemory();
  call->blocks[call->block_count++] = block;
  return block;
}

static fgx_py_tensor* fgx_py_new_tensor(fgx_py_call* call) {
  fgx_py_tensor** tensors =
      PyMem_Realloc(call->tensors, (size_t)(call->tensor_count + 1) * sizeof *tensors);
  if (tensors == NULL) return (fgx_py_tensor*)PyErr_NoMemory();
  call->tensors = tensors;
  fgx_py_tensor* tensor = PyMem_Calloc(1, sizeof *tensor);
  if (tensor == NULL) return (fgx_py_tensor*)PyErr_NoMemory();
  call->tensors[call->tensor_count++] = tensor;
  return tensor;
}

/* dtype of a buffer's struct-module format; 0 when no operator takes it. */
static int fgx_py_format(const char* format, Py_ssize_t itemsize, fgx_dtype* dtype) {
  dtype->bits = (uint8_t)(8 * itemsize);
  dtype->lanes = 1;
  if (*format == '@' || *format == '=' || *format == '<') ++format;
  if (format[0] == '\0' || format[1] != '\0') return 0;
  switch (*format) {
    case '?':
      dtype->code = FGX_DTYPE_BOOL;
      return 1;
    case 'b':
    case 'h':
    case 'i':
    case 'l':
    case 'q':
      dtype->code = FGX_DTYPE_INT;
      return 1;
    case 'B':
    case 'H':
    case 'I':
    case 'L':
    case 'Q':
      dtype->code = FGX_DTYPE_UINT;
      return 1;
    case 'e':
    case 'f':
    case 'd':
      dtype->code = FGX_DTYPE_FLOAT;
      return 1;
    default:
      return 0;
  }
}

static int fgx_py_from_buffer(fgx_py_tensor* out, PyObject* object, int writable) {
  const int flags = PyBUF_STRIDES | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0);
  if (PyObject_GetBuffer(object, &out->buffer, flags) != 0) return 0;
  const Py_buffer* view = &out->buffer;
  if (view->ndim > FGX_MAX_RANK || view->itemsize <= 0 ||
      !fgx_py_format(view->format == NULL ? "B" : view->format, view->itemsize,
                     &out->tensor.dtype)) {
    PyErr_Format(PyExc_TypeError, "no operator takes an array of format '%s' with %d dimensions",
                 view->format == NULL ? "B" : view->format, view->ndim);
    return 0;
  }
  for (int i = 0; i < view->ndim; ++i) {
    if (view->strides[i] % view->itemsize != 0) {
      PyErr_SetString(PyExc_ValueError, "strides of the array are not a multiple of its item size");
      return 0;
    }
    out->shape[i] = view->shape[i];
    out->strides[i] = view->strides[i] / view->itemsize;
  }
  out->tensor.data = view->buf;
  out->tensor.device.type = FGX_DEVICE_CPU;
  out->tensor.ndim = view->ndim;
  out->tensor.shape = out->shape;
  out->tensor.strides = out->strides;
  return 1;
}

static int fgx_py_from_dlpack(fgx_py_tensor* out, PyObject* object) {
  out->capsule = PyObject_CallMethod(object, "__dlpack__", NULL);
  if (out->capsule == NULL) return 0;
  const fgx_tensor* tensor = NULL;
  if (PyCapsule_IsValid(out->capsule, "dltensor_versioned")) {
    const fgx_managed_tensor* managed = PyCapsule_GetPointer(out->capsule, "dltensor_versioned");
    tensor = &managed->tensor;
  } else {
    /* The unversioned form begins with the tensor itself. */
    tensor = PyCapsule_GetPointer(out->capsule, "dltensor");
  }
  if (tensor == NULL) return 0;
  /* The capsule keeps its name, so its own destructor frees the tensor when the call is over. */
  out->tensor = *tensor;
  return 1;
}

/* DLPack's table of C functions of a type of tensors (DLPackExchangeAPI, major version 1), as far as it is used here: one
 * call to a function in place of a Python method and two allocations. */
typedef struct fgx_py_exchange {
  struct {
    uint32_t major, minor;
    void* previous;
  } header;
  void* managed_functions[3];
  /* Fills in a tensor that borrows from the object; NULL where the type has no such function. */
  int (*borrow)(void* object, fgx_tensor* out);
} fgx_py_exchange;

/* The function for objects of this exact type, or NULL. The type asked for last is remembered, and kept alive, under the
 * GIL: programs seldom mix several. */
static int (*fgx_py_borrow_function(PyTypeObject* type))(void*, fgx_tensor*) {
  static PyTypeObject* known = NULL;
  static int (*function)(void*, fgx_tensor*) = NULL;
  if (type == known) return function;
  int (*found)(void*, fgx_tensor*) = NULL;
  PyObject* capsule = PyObject_GetAttrString((PyObject*)type, "__dlpack_c_exchange_api__");
  if (capsule != NULL && PyCapsule_IsValid(capsule, "dlpack_exchange_api")) {
    const fgx_py_exchange* exchange = PyCapsule_GetPointer(capsule, "dlpack_exchange_api");
    if (exchange != NULL && exchange->header.major == 1) found = exchange->borrow;
  }
  Py_XDECREF(capsule);
  PyErr_Clear();
  Py_INCREF(type);
  Py_XDECREF(known);
  known = type;
  function = found;
  return function;
}

/* What the object lends is good until control returns to Python, so sizes are copied: the GIL is released meanwhile. */
static int fgx_py_from_exchange(fgx_py_tensor* out, PyObject* object,
                                int (*borrow)(void*, fgx_tensor*)) {
  if (borrow(object, &out->tensor) != 0) return 0;
  if (out->tensor.ndim > FGX_MAX_RANK) {
    PyErr_Format(PyExc_ValueError, "%d dimensions are more than %d", out->tensor.ndim,
                 FGX_MAX_RANK);
    return 0;
  }
  for (int i = 0; i < out->tensor.ndim; ++i) {
    out->shape[i] = out->tensor.shape[i];
    if (out->tensor.strides != NULL) out->strides[i] = out->tensor.strides[i];
  }
  out->tensor.shape = out->shape;
  if (out->tensor.strides != NULL) out->tensor.strides = out->strides;
  return 1;
}

static int fgx_py_is_tensor(PyObject* object) {
  return PyObject_HasAttrString(object, "__dlpack__") ||
         (PyObject_CheckBuffer(object) && !PyBytes_Check(object));
}

static fgx_tensor* fgx_py_tensor_of(fgx_py_call* call, PyObject* object, int writable) {
  fgx_py_tensor* out = fgx_py_new_tensor(call);
  if (out == NULL) return NULL;
  int (*const borrow)(void*, fgx_tensor*) =
      PyObject_CheckBuffer(object) ? NULL : fgx_py_borrow_function(Py_TYPE(object));
  if (borrow != NULL) {
    if (!fgx_py_from_exchange(out, object, borrow)) return NULL;
  } else if (PyObject_CheckBuffer(object)) {
    if (!fgx_py_from_buffer(out, object, writable)) return NULL;
  } else if (PyObject_HasAttrString(object, "__dlpack__")) {
    if (!fgx_py_from_dlpack(out, object)) return NULL;
  } else {
    PyErr_Format(PyExc_TypeError, "%s is no tensor: it has neither a buffer nor __dlpack__",
                 Py_TYPE(object)->tp_name);
    return NULL;
  }
  return &out->tensor;
}

static int fgx_py_list(fgx_py_call* call, PyObject* object, fgx_value* value) {
  PyObject* items = PySequence_Fast(object, "a list is expected");
  if (items == NULL) return 0;
  const Py_ssize_t count = PySequence_Fast_GET_SIZE(items);
  int tensors = 0, absent = 0, reals = 0, booleans = 0;
  for (Py_ssize_t i = 0; i < count; ++i) {
    PyObject* item = PySequence_Fast_GET_ITEM(items, i);
    absent += item == Py_None;
    booleans += PyBool_Check(item);
    reals += PyFloat_Check(item);
    tensors += !PyBool_Check(item) && !PyFloat_Check(item) && !PyLong_Check(item) &&
               item != Py_None && fgx_py_is_tensor(item);
  }
  value->size = (uint32_t)count;
  int ok = 1;
  if (tensors > 0 || absent > 0) {
    const fgx_tensor** list = fgx_py_block(call, (size_t)count * sizeof *list);
    ok = list != NULL;
    value->tag = absent > 0 ? FGX_TAG_OPTIONAL_TENSOR_LIST : FGX_TAG_TENSOR_LIST;
    value->as.tensors = list;
    for (Py_ssize_t i = 0; ok && i < count; ++i) {
      PyObject* item = PySequence_Fast_GET_ITEM(items, i);
      list[i] = item == Py_None ? NULL : fgx_py_tensor_of(call, item, 0);
      ok = item == Py_None || list[i] != NULL;
    }
  } else if (reals > 0) {
    double* list = fgx_py_block(call, (size_t)count * sizeof *list);
    ok = list != NULL;
    value->tag = FGX_TAG_FLOAT_LIST;
    value->as.reals = list;
    for (Py_ssize_t i = 0; ok && i < count; ++i) {
      list[i] = PyFloat_AsDouble(PySequence_Fast_GET_ITEM(items, i));
      ok = !PyErr_Occurred();
    }
  } else if (booleans > 0 && booleans == count) {
    uint8_t* list = fgx_py_block(call, (size_t)count);
    ok = list != NULL;
    value->tag = FGX_TAG_BOOL_LIST;
    value->as.booleans = list;
    for (Py_ssize_t i = 0; ok && i < count; ++i) {
      list[i] = PySequence_Fast_GET_ITEM(items, i) == Py_True;
    }
  } else {
    int64_t* list = fgx_py_block(call, (size_t)count * sizeof *list);
    ok = list != NULL;
    value->tag = FGX_TAG_INT_LIST;
    value->as.ints = list;
    for (Py_ssize_t i = 0; ok && i < count; ++i) {
      list[i] = PyLong_AsLongLong(PySequence_Fast_GET_ITEM(items, i));
      ok = !PyErr_Occurred();
    }
  }
  Py_DECREF(items);
  return ok;
}

/* A dtype: anything whose text ends in a known name, e.g. numpy.dtype("float32") or torch.float32,
 * passed by the Python layer as ("dtype", code, bits). */
static int fgx_py_value(fgx_py_call* call, PyObject* object, fgx_value* value) {
  if (object == Py_None) {
    value->tag = FGX_TAG_NONE;
  } else if (PyBool_Check(object)) {
    value->tag = FGX_TAG_BOOL;
    value->as.boolean = object == Py_True;
  } else if (PyLong_Check(object)) {
    value->tag = FGX_TAG_INT;
    value->as.integer = PyLong_AsLongLong(object);
  } else if (PyFloat_Check(object)) {
    value->tag = FGX_TAG_FLOAT;
    value->as.real = PyFloat_AsDouble(object);
  } else if (PyUnicode_Check(object)) {
    Py_ssize_t size = 0;
    value->tag = FGX_TAG_STRING;
    value->as.string = PyUnicode_AsUTF8AndSize(object, &size);
    value->size = (uint32_t)size;
  } else if (PyTuple_Check(object) && PyTuple_GET_SIZE(object) == 3 &&
             PyUnicode_Check(PyTuple_GET_ITEM(object, 0)) &&
             PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(object, 0), "dtype") == 0) {
    value->tag = FGX_TAG_DTYPE;
    value->as.dtype.code = (uint8_t)PyLong_AsLong(PyTuple_GET_ITEM(object, 1));
    value->as.dtype.bits = (uint8_t)PyLong_AsLong(PyTuple_GET_ITEM(object, 2));
    value->as.dtype.lanes = 1;
  } else if (PyList_Check(object) || PyTuple_Check(object)) {
    return fgx_py_list(call, object, value);
  } else {
    value->tag = FGX_TAG_TENSOR;
    value->as.tensor = fgx_py_tensor_of(call, object, 0);
    return value->as.tensor != NULL;
  }
  return !PyErr_Occurred();
}

static int fgx_py_begin(fgx_py_call* call, PyObject* sequence) {
  call->sequence = PySequence_Fast(sequence, "arguments come as a sequence");
  if (call->sequence == NULL) return 0;
  call->count = (int32_t)PySequence_Fast_GET_SIZE(call->sequence);
  return 1;
}

static int fgx_py_arguments(fgx_py_call* call, PyObject* sequence) {
  if (!fgx_py_begin(call, sequence)) return 0;
  call->values = PyMem_Calloc((size_t)call->count + 1, sizeof *call->values);
  if (call->values == NULL) return PyErr_NoMemory() != NULL;
  for (int32_t i = 0; i < call->count; ++i) {
    if (!fgx_py_value(call, PySequence_Fast_GET_ITEM(call->sequence, i), &call->values[i]))
      return 0;
  }
  return 1;
}

static int fgx_py_outputs(fgx_py_call* call, PyObject* sequence) {
  if (!fgx_py_begin(call, sequence)) return 0;
  call->outputs = PyMem_Calloc((size_t)call->count + 1, sizeof *call->outputs);
  if (call->outputs == NULL) return PyErr_NoMemory() != NULL;
  for (int32_t i = 0; i < call->count; ++i) {
    PyObject* object = PySequence_Fast_GET_ITEM(call->sequence, i);
    if (object == Py_None) continue;
    call->outputs[i] = fgx_py_tensor_of(call, object, 1);
    if (call->outputs[i] == NULL) return 0;
  }
  return 1;
}

/* Addresses of plan data: tensors, or integers. */
static int fgx_py_addresses(fgx_py_call* call, PyObject* sequence) {
  if (!fgx_py_begin(call, sequence)) return 0;
  call->addresses = PyMem_Calloc((size_t)call->count + 1, sizeof *call->addresses);
  if (call->addresses == NULL) return PyErr_NoMemory() != NULL;
  for (int32_t i = 0; i < call->count; ++i) {
    PyObject* object = PySequence_Fast_GET_ITEM(call->sequence, i);
    if (object == Py_None) continue;
    if (PyLong_Check(object)) {
      call->addresses[i] = PyLong_AsVoidPtr(object);
      if (PyErr_Occurred()) return 0;
    } else {
      const fgx_tensor* tensor = fgx_py_tensor_of(call, object, 0);
      if (tensor == NULL) return 0;
      call->addresses[i] = (char*)tensor->data + tensor->byte_offset;
    }
  }
  return 1;
}

/* Inferred outputs as a list of (code, bits, shape, strides). */
static PyObject* fgx_py_descs(const fgx_tensor_desc* descs, int32_t count) {
  PyObject* list = PyList_New(count);
  for (int32_t i = 0; list != NULL && i < count; ++i) {
    PyObject* shape = PyTuple_New(descs[i].ndim);
    PyObject* strides = PyTuple_New(descs[i].ndim);
    for (int d = 0; shape != NULL && strides != NULL && d < descs[i].ndim; ++d) {
      PyTuple_SET_ITEM(shape, d, PyLong_FromLongLong(descs[i].shape[d]));
      PyTuple_SET_ITEM(strides, d, PyLong_FromLongLong(descs[i].strides[d]));
    }
    PyObject* entry =
        shape == NULL || strides == NULL
            ? NULL
            : Py_BuildValue("(iiNN)", descs[i].dtype.code, descs[i].dtype.bits, shape, strides);
    if (entry == NULL) {
      Py_CLEAR(list);
    } else {
      PyList_SET_ITEM(list, i, entry);
    }
  }
  return list;
}

#endif /* FLAGGEMS_EXP_PYTHON_MARSHAL_H_ */
