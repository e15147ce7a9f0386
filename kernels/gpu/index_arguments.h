// SPDX-License-Identifier: Apache-2.0
// What index_select, gather and scatter are launched with; the host fills it, device code reads it.
#pragma once

#include "kernels/gpu/divide.h"

namespace fgx::gpu {

// Loops over dense tensor (what is gathered, or what is scattered), indices and table, outermost first. Sizes and steps
// count units of the kernel (of the indices: indices); what an index says is multiplied with `table_along`.
struct IndexArguments {
  static constexpr int kMostDims = 16;
  int64_t count;  // of units in all; of the kernels that walk along the dimension: of walks
  int64_t limit;  // size of the table along the dimension
  int64_t table_along;
  int64_t table_inner;  // of pick_row: the table's step along the innermost loop
  int32_t ndim;
  int32_t narrow;  // every index fits FastDivide
  int32_t wide_indices;
  int32_t
      whole;  // of rows: every element of the result is written, from self where no index names it
  int32_t along_first;  // of claims: neighbours are those along the dimension
  int64_t length;       // of a walk, with its steps
  int64_t dense_along, index_along;
  FastDivide divide_first;  // of claims: by how many such neighbours there are
  FastDivide divide[kMostDims];
  int64_t sizes[kMostDims];
  int64_t dense_steps[kMostDims];
  int64_t index_steps[kMostDims];
  int64_t table_steps[kMostDims];
  alignas(16) uint8_t missing[16];
};

inline constexpr unsigned kIndexBlock = 256;
// Units that a thread gathers where there are many.
inline constexpr int kIndexUnits = 4;
// Longest rows of a table whose places scatter keeps in shared memory: 48 KB.
inline constexpr int64_t kMostRowPlaces = 12288;

}  // namespace fgx::gpu
