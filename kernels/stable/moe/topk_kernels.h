// SPDX-License-Identifier: Apache-2.0
// Kernel of the mixture-of-experts gate over plain memory, per instruction set.
#pragma once

#include <cstdint>

#include "backend/cpu/isa.h"

namespace fgx {

// Most experts that a row may have: a row's logits are kept on the stack.
inline constexpr int64_t kMostExperts = 4096;

struct GateRow {
  const float* logits;  // n of them
  int64_t n;
  int64_t topk;
  bool renormalize;
  float* weights;
  int64_t weight_stride;  // in elements
  int32_t* indices;
  int64_t index_stride;
};

struct GateTable {
  // Logits are contiguous rows of float16, bfloat16, float32 converted to float.
  void (*widen_float16)(const void* x, int64_t n, float* logits);
  void (*widen_bfloat16)(const void* x, int64_t n, float* logits);
  void (*gate)(const GateRow& row);
};
FGX_DECLARE_ISA_TABLE(GateTable, gate_table)

}  // namespace fgx
