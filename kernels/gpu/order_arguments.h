// SPDX-License-Identifier: Apache-2.0
// What topk and sort are launched with; the host fills it, device code reads it.
#pragma once

#include "kernels/gpu/divide.h"

namespace fgx::gpu {

// Rows along the dimension, and the loops over the others, outermost first. Steps in elements.
struct OrderArguments {
  static constexpr int kMostDims = 16;
  int64_t rows;
  int64_t length;  // of a row, or of what is left of it
  int64_t kept;    // of a row
  int64_t tiles;   // of a row
  int64_t span;    // elements of a tile from which the first are selected
  int64_t x_along, value_along, index_along;
  int32_t threads;  // to each tile of the sort within a block: a power of two
  int32_t falling;
  int32_t from_pairs;  // the elements are what an earlier launch kept
  int32_t to_pairs;    // a later launch goes on
  int32_t passes;      // of the sort by digits: of the key's bytes
  int32_t pass;
  int32_t ndim;
  int32_t narrow;  // every index fits FastDivide
  uint8_t dtype;
  FastDivide divide[kMostDims];
  int64_t sizes[kMostDims];
  int64_t x_steps[kMostDims];
  int64_t value_steps[kMostDims];
  int64_t index_steps[kMostDims];
};

// The sort within a block: elements of a thread, and most threads of a tile.
inline constexpr int kOrderItems = 4;
inline constexpr int kMostOrderThreads = 1024;
inline constexpr int64_t kMostOrderTile = int64_t{kOrderItems} * kMostOrderThreads;

// Selection from tiles: threads by the key's bytes (pairs of 96 bits fill the shared memory sooner), and the most that it
// keeps of a tile: what comes in at once has to fit besides.
constexpr int select_threads(int key_bytes) { return key_bytes == 8 ? 512 : 1024; }
constexpr int64_t most_selected(int key_bytes) { return select_threads(key_bytes); }

// The sort by digits: threads of a block, digits, elements of a tile by the key's bytes.
inline constexpr int kDigitThreads = 256;
inline constexpr int kDigits = 256;
constexpr int digit_items(int key_bytes) { return key_bytes == 8 ? 8 : 16; }
constexpr int64_t digit_tile(int key_bytes) {
  return int64_t{kDigitThreads} * digit_items(key_bytes);
}
// Elements that a thread of the count takes.
inline constexpr int kCountItems = 32;

}  // namespace fgx::gpu
