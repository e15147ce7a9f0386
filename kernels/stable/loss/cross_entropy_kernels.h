// SPDX-License-Identifier: Apache-2.0
// What label smoothing adds to the kernels of softmax, per instruction set.
#pragma once

#include <cstdint>

#include "backend/cpu/isa.h"
#include "tensor/dtype.h"

namespace fgx {

struct CrossEntropyKernels {
  // Sum of weight[i] * (x[i] - centre); without weights, of x[i] - centre. Contiguous floats.
  double (*weighted_sum)(const void* x, DType dtype, int64_t count, const double* weights,
                         double centre);
};
FGX_DECLARE_ISA_TABLE(CrossEntropyKernels, cross_entropy_kernels)

}  // namespace fgx
