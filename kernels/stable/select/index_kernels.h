// SPDX-License-Identifier: Apache-2.0
// Loops that move elements to and from places which an index tensor names, per instruction set.
#pragma once

#include <cstdint>

#include "backend/cpu/isa.h"

namespace fgx {

// One run of elements. The table's element that belongs to element i of `dense` is at
//   table + i * table_step + index[i * index_step] * table_unit.
// All steps in elements.
struct IndexRun {
  void* dense;
  int64_t dense_step;
  const void* index;
  int64_t index_step;
  void* table;
  int64_t table_step;
  int64_t table_unit;
  int64_t count;
};

struct IndexKernels {
  // dense = table, and table = dense (the last of equal places wins). By the logarithm of the element's
  // bytes, and by whether indices are int64 or int32.
  void (*gather[4][2])(const IndexRun& run);
  void (*scatter[4][2])(const IndexRun& run);
  // Position of the first index outside of [0, limit), or -1.
  int64_t (*check[2])(const void* index, int64_t step, int64_t count, int64_t limit);
};
FGX_DECLARE_ISA_TABLE(IndexKernels, index_kernels)

}  // namespace fgx
