// SPDX-License-Identifier: Apache-2.0
// Copies between two tensors of one shape, of any strides and element types, on several threads.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/stable/select/convert_kernels.h"
#include "schema/kernel.h"
#include "tensor/tensor_view.h"

namespace fgx {

// The loops of a copy, outermost first, with dimensions merged where both sides allow it.
struct CopyPlan {
  DType to_type;
  DType from_type;
  int32_t ndim;  // at least 1
  int32_t
      unit_from;  // the dimension that the source is contiguous along, to transpose in blocks; or -1
  int64_t outer;  // product of all sizes but the last
  int64_t sizes[FGX_MAX_RANK];
  int64_t to_strides[FGX_MAX_RANK];
  int64_t from_strides[FGX_MAX_RANK];
};

// `shape` is walked with both strides; no size is zero.
CopyPlan plan_copy(DType to_type, DType from_type, std::span<const int64_t> shape,
                   const int64_t* to_strides, const int64_t* from_strides);
void run_copy(const CopyPlan& plan, void* to, const void* from, const ThreadPool& pool);
// Copies `bytes` bytes that do not overlap.
void copy_bytes(void* to, const void* from, int64_t bytes, const ThreadPool& pool);

}  // namespace fgx
