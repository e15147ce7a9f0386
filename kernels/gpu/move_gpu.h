// SPDX-License-Identifier: Apache-2.0
// Copies on GPUs as a part of other operators, and what their launchers share.
#pragma once

#include "kernels/gpu/launch.h"
#include "kernels/gpu/select_arguments.h"
#include "kernels/stable/select/strided_copy.h"

namespace fgx {

using gpu::CopyArguments;
using gpu::Launch;

// A copy of one tensor into a region of another: chosen once, run on any two addresses of this alignment.
struct Move {
  enum class Kind : uint8_t { kDense, kConvert, kStrided, kTranspose };
  Kind kind;
  Launch launch;
  int64_t count;
  int32_t vectors;
  union {
    CopyArguments strided;
    gpu::TransposeArguments transpose;
  };
};

void run_move(const Move& move, void* to, void* from, void* stream);
// `addresses` is what the two tensors' addresses are multiples of, joined.
void plan_move(const gpu::Device& device, const CopyPlan& plan, uint64_t addresses, Move& move);

// The largest unit, in bytes, that divides all these numbers of bytes.
int64_t unit_for(uint64_t all, int64_t most = gpu::kVectorBytes);
// What stands for an element that an index out of range names: NaN for floats; zero for the types that have none.
void set_missing(DType dtype, uint8_t (&missing)[16]);

}  // namespace fgx
