/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors with their shapes and strides, and views of them. */
#ifndef EXAMPLES_GENERATE_TEXT_TENSORS_H_
#define EXAMPLES_GENERATE_TEXT_TENSORS_H_

#include <string.h>

#include "flaggems_exp.h"

/* A tensor whose memory is somebody else's. */
typedef struct {
  fgx_tensor t;
  int64_t shape[4];
  int64_t strides[4];
} tensor;

static const fgx_dtype kFloat32 = {FGX_DTYPE_FLOAT, 32, 1};
static const fgx_dtype kInt32 = {FGX_DTYPE_INT, 32, 1};
static const fgx_dtype kInt64 = {FGX_DTYPE_INT, 64, 1};

/* Contiguous. */
static inline tensor make_on(fgx_device device, void* data, fgx_dtype dtype, int ndim,
                             const int64_t* shape) {
  tensor result;
  memset(&result, 0, sizeof result);
  int64_t step = 1;
  for (int i = ndim - 1; i >= 0; --i) {
    result.shape[i] = shape[i];
    result.strides[i] = step;
    step *= shape[i];
  }
  result.t.data = data;
  result.t.device = device;
  result.t.ndim = ndim;
  result.t.dtype = dtype;
  return result;
}

/* The library borrows shape and strides: point at this copy of them. */
static inline fgx_tensor* raw(tensor* x) {
  x->t.shape = x->shape;
  x->t.strides = x->strides;
  return &x->t;
}

/* Row `index` of the first dimension, without it. */
static inline tensor row(const tensor* x, int64_t index) {
  tensor result = *x;
  result.t.ndim = x->t.ndim - 1;
  result.t.byte_offset += (uint64_t)(index * x->strides[0] * (x->t.dtype.bits / 8));
  for (int i = 0; i < result.t.ndim; ++i) {
    result.shape[i] = x->shape[i + 1];
    result.strides[i] = x->strides[i + 1];
  }
  return result;
}

/* The same elements under another contiguous shape. */
static inline tensor reshape(const tensor* x, int ndim, int64_t a, int64_t b, int64_t c,
                             int64_t d) {
  const int64_t shape[4] = {a, b, c, d};
  tensor result = make_on(x->t.device, x->t.data, x->t.dtype, ndim, shape);
  result.t.byte_offset = x->t.byte_offset;
  return result;
}

/* [a, b, c, d] seen as [a, c, b, d]. */
static inline tensor swap_middle(const tensor* x) {
  tensor result = *x;
  result.shape[1] = x->shape[2];
  result.shape[2] = x->shape[1];
  result.strides[1] = x->strides[2];
  result.strides[2] = x->strides[1];
  return result;
}

/* Positions [start, start + count) of dimension 2. */
static inline tensor slice_positions(const tensor* x, int64_t start, int64_t count) {
  tensor result = *x;
  result.t.byte_offset += (uint64_t)(start * x->strides[2] * (x->t.dtype.bits / 8));
  result.shape[2] = count;
  return result;
}

#endif /* EXAMPLES_GENERATE_TEXT_TENSORS_H_ */
