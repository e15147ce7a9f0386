// SPDX-License-Identifier: Apache-2.0
// What the rotary position embedding's kernels are launched with; the host fills it, device code reads it.
#pragma once

#include "kernels/gpu/divide.h"

namespace fgx::gpu {

struct RotaryArguments {
  static constexpr int kMostDims = 16;
  struct Side {  // q, then k; steps in elements
    int64_t in_head, in_element, out_head, out_element;
    int64_t in_token[kMostDims];
    int64_t out_token[kMostDims];
    int32_t heads;
    int32_t type;  // fgx::DType
  };
  struct Table {  // cosine, then sine
    int64_t row, element;
    int64_t type;
  };
  Side sides[2];
  Table tables[2];
  int64_t table_rows;
  int64_t count;  // threads, of the strided kernel
  int64_t token_sizes[kMostDims];
  int64_t position_strides[kMostDims];
  FastDivide token_divide[kMostDims];
  FastDivide pieces_divide, groups_divide;
  int64_t pieces;         // of a head: vectors, or pairs
  int64_t groups;         // heads of both sides; of the others, the blocks of a token
  int64_t heads_at_once;  // of a block
  int64_t step, partner;
  int32_t token_dims;
  int32_t narrow;  // every index fits FastDivide
  int32_t has_positions, wide_positions;
};

inline constexpr unsigned kRotaryBlock = 128;  // of the strided kernel
inline constexpr unsigned kMostRotaryBlock = 512;
// Heads that a thread rotates by the angles it has loaded: four vectors of them.
constexpr int rotary_heads(bool pairs) { return pairs ? 4 : 2; }

}  // namespace fgx::gpu
