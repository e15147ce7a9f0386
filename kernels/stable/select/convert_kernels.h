// SPDX-License-Identifier: Apache-2.0
// Loops that move elements, converting their type, per instruction set.
#pragma once

#include <cstdint>

#include "backend/cpu/isa.h"
#include "tensor/dtype.h"

namespace fgx {

struct ConvertKernels {
  // to[i * to_stride] = from[i * from_stride] for i < count, converted as PyTorch does: floats to
  // integers by truncation, to bool by "not zero", to half types by way of float32. Same-type copies
  // keep every bit.
  void (*convert)(DType to_type, DType from_type, void* to, int64_t to_stride, const void* from,
                  int64_t from_stride, int64_t count);
  // to[r * to_stride + c] = from[r + c * from_stride], elements of `bytes` bytes.
  void (*transpose)(int bytes, void* to, int64_t to_stride, const void* from, int64_t from_stride,
                    int64_t rows, int64_t columns);
};
FGX_DECLARE_ISA_TABLE(ConvertKernels, convert_kernels)

}  // namespace fgx
