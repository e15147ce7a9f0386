// SPDX-License-Identifier: Apache-2.0
// Keys of elements, unsigned integers in the elements' order, per instruction set.
#pragma once

#include <cstdint>

#include "backend/cpu/isa.h"

namespace fgx {

// Most elements that one call of `below` takes.
inline constexpr int64_t kOrderTile = 1024;

// NaN has the largest key; -0 and 0 have the same. With `falling` the order is reversed.
// Elements `stride` apart. By DType; types of 64 bits have keys64, the others keys32.
struct OrderKernels {
  void (*keys32[10])(const void* x, int64_t stride, int64_t count, bool falling, uint32_t* keys);
  void (*keys64[10])(const void* x, int64_t stride, int64_t count, bool falling, uint64_t* keys);
  // Writes the positions of keys below the limit; returns how many.
  int64_t (*below32)(const uint32_t* keys, int64_t count, uint32_t limit, uint16_t* positions);
  int64_t (*below64)(const uint64_t* keys, int64_t count, uint64_t limit, uint16_t* positions);
};
FGX_DECLARE_ISA_TABLE(OrderKernels, order_kernels)

}  // namespace fgx
