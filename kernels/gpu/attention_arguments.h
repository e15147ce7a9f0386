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

// The same for the kernels on matrix units, in few bytes, because a launch begins with fetching them: elements lie side
// by side, counts fit 32 bits, and what dimensions come before the heads are merged to two.
struct FlatAttention {
  struct Strides {  // in elements
    int64_t head, row, batch[2];
  };
  Strides key, value, query, out;
  int32_t inner_batches;  // the second of the two
  int32_t head_groups, group_heads, heads_per_key, heads_per_value;
  int32_t queries, keys, size, value_size;
  int32_t rows, tiles;  // of a group
  int32_t groups;
  int32_t parts;
  int32_t causal;
  // Of the kernel on warpgroups: groups that are worked on together; tiles that are ordered among themselves. Of the one
  // for float32: blocks, from the first, that take tiles from the last on; the others go the other way.
  int32_t section, run;
  float scale;
  int32_t has_mask, mask_type;
  int64_t mask_element;
  Strides mask;
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
// The one for few rows: warps of a block, bytes in which they keep keys and values that are yet to come, and blocks of a
// cluster (powers of two).
constexpr int split_warps(int major) { return major >= 9 ? 8 : 4; }
constexpr int split_bytes(int major) { return (major >= 9 ? 192 : 64) << 10; }
inline constexpr int kMostCluster = 16;
// The one for float32: rows of a block's tile, and keys that are taken at once. Rows of keys and of values in its shared
// memory are so far apart, in elements, that a vector of each lane comes from different banks.
inline constexpr int kSingleRows = kMatrixRows * kMatrixWarps;
inline constexpr int kSingleKeys = 32;
constexpr int single_key_pitch(int size) { return size + 16; }
constexpr int single_value_pitch(int size) { return size + 4; }
constexpr int single_bytes(int size) {
  return 4 * kSingleKeys * (single_key_pitch(size) + single_value_pitch(size));
}
// The one on warpgroups' products: rows of each group, keys that are taken at once, and tiles of keys and of values that
// are at hand.
inline constexpr int kGroupRows = 64;
inline constexpr int kTileKeys = 128;
inline constexpr int kTileStages = 2;
// Its shared memory, for heads of up to `size`: queries and results, keys and values, barriers; from the first multiple
// of 1024.
constexpr int tile_bytes(int size, int groups) {
  return 1024 + 2 * size * (2 * kGroupRows * groups + 2 * kTileKeys * kTileStages) + 128;
}

// What a part leaves behind: for each of its tile_rows rows value_size sums, then for each the largest score and the
// sum of the weights.
constexpr int64_t part_values(int64_t tile_rows, int64_t value_size) {
  return tile_rows * (value_size + 2);
}

}  // namespace fgx::gpu
