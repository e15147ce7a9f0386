// SPDX-License-Identifier: Apache-2.0
// What attention's kernels are launched with; the host fills it, device code reads it.
#pragma once

#include <stdint.h>

namespace fgx::gpu {

// As AttentionPlan: a group is the query heads that share a head of keys and one of values; its rows, one per
// head and query, are computed in tiles; the keys of a tile may be split into parts, whose results are joined by a
// second kernel.
struct AttentionArguments {
  static constexpr int kMostDims = 16;
  struct Strides {  // in elements
    int64_t head, row, element;
    int64_t batch[kMostDims];
  };
  Strides query, key, value, mask, out;
  int64_t batch_sizes[kMostDims];
  int64_t queries, keys, size, value_size;
  int64_t head_groups, group_heads, heads_per_key, heads_per_value;
  int64_t rows;   // of a group
  int64_t tiles;  // of a group
  double scale;
  int32_t batch_dims;
  int32_t tile_rows;
  int32_t parts;
  int32_t has_mask, mask_type;  // fgx::DType
  int32_t causal;
};

inline constexpr int kAttentionBlock = 256;  // threads of the general kernel
inline constexpr int kAttentionKeys = 32;    // keys that it takes at once
inline constexpr int kMostTileRows = kAttentionBlock / kAttentionKeys;
inline constexpr int kJoinBlock = 128;
inline constexpr int kMostParts = kJoinBlock;  // each has a thread when they are joined

// The kernels on matrix units: warps of a block, rows of a tile, keys that a warp takes at once.
inline constexpr int kMatrixWarps = 4;
inline constexpr int kMatrixRows = 16;
inline constexpr int kMatrixKeys = 16;

// What a part leaves behind: for each of its tile_rows rows value_size sums, then for each the largest score and the
// sum of the weights.
constexpr int64_t part_values(int64_t tile_rows, int64_t value_size) {
  return tile_rows * (value_size + 2);
}

}  // namespace fgx::gpu
