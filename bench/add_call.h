// SPDX-License-Identifier: Apache-2.0
// add(x, y) of two dense float32 matrices: the call that the benchmarks of dispatch make.
#pragma once

#include <cstring>

#include "flaggems_exp.h"

// Points into itself: stays where it is made.
struct AddCall {
  // Two inputs, then the output.
  AddCall(void* const (&addresses)[3], fgx_device device, int64_t rows, int64_t columns)
      : shape{rows, columns} {
    std::memset(tensors, 0, sizeof tensors);
    std::memset(args, 0, sizeof args);
    for (int i = 0; i < 3; ++i) {
      data[i] = tensors[i].data = addresses[i];
      tensors[i].device = device;
      tensors[i].ndim = 2;
      tensors[i].dtype = {FGX_DTYPE_FLOAT, 32, 1};
      tensors[i].shape = shape;
    }
    for (int i = 0; i < 2; ++i) {
      args[i].tag = FGX_TAG_TENSOR;
      args[i].as.tensor = &tensors[i];
    }
  }
  AddCall(const AddCall&) = delete;
  AddCall& operator=(const AddCall&) = delete;

  fgx_status call(fgx_op* op, void* stream) const {
    return fgx_op_call(op, args, 2, outs, 1, stream);
  }
  fgx_status create_plan(fgx_op* op, fgx_plan** plan) const {
    return fgx_plan_create(op, args, 2, outs, 1, plan);
  }
  fgx_status run(fgx_plan* plan, void* stream) const { return fgx_plan_run(plan, data, 3, stream); }

  int64_t shape[2];
  void* data[3];
  fgx_tensor tensors[3];
  fgx_value args[2];
  fgx_tensor* outs[1] = {&tensors[2]};
};
