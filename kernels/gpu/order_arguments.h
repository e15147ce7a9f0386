// SPDX-License-Identifier: Apache-2.0
// What topk and sort are launched with; the host fills it, device code reads it.
#pragma once

#include "kernels/gpu/divide.h"

namespace fgx::gpu {

// Rows along the dimension, and the loops over the others, outermost first. Steps in elements.
struct OrderArguments {
  static constexpr int kMostDims = 16;
  int64_t rows;
  int64_t length;  // of a row
  int64_t kept;    // of a row
  int64_t tiles;   // of a row that is sorted by digits
  int64_t x_along, value_along, index_along;
  int32_t threads;  // to each row of the sort within a block: a power of two
  int32_t falling;
  int32_t from_pairs;  // the elements are what an earlier launch kept
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

// The network within a block: elements of a thread, and most threads of a row.
inline constexpr int kOrderItems = 4;
inline constexpr int kMostOrderThreads = 1024;
inline constexpr int64_t kMostOrderTile = int64_t{kOrderItems} * kMostOrderThreads;

// The sort by digits: threads of a block, digits, elements of a tile by the key's bytes.
inline constexpr int kDigitThreads = 256;
inline constexpr int kDigits = 256;
constexpr int digit_items(int key_bytes) { return key_bytes == 8 ? 8 : 16; }
constexpr int64_t digit_tile(int key_bytes) {
  return int64_t{kDigitThreads} * digit_items(key_bytes);
}
// Elements that a thread of the count takes.
inline constexpr int kCountItems = 32;

// The sort by digits within a block: elements of a thread.
inline constexpr int kShortItems = 16;

// Selection by digits from the highest: of 11 bits of the key, then of the index, which tells equal keys apart.
inline constexpr int kFirstBits = 11;
inline constexpr int kFirstDigits = 1 << kFirstBits;
inline constexpr int kFirstThreads = 256;
inline constexpr int kFirstAtOnce = 8;
struct FirstDigit {
  int32_t shift, bits;
  int32_t of_index;
};
// One launch: elements are told by `digit_before`, which the launch before has counted, and those in the limit's digit
// counted by `digit`.
struct FirstArguments {
  OrderArguments order;
  int32_t pass;
  int32_t blocks;    // of each row
  int64_t chunk;     // elements of a row to a block
  int32_t capacity;  // pairs of a row that are sorted in the end
  int64_t listed;    // pairs that a row's list has room for
  FirstDigit digit_before, digit;
};
// Of each row; all 0 at first.
struct FirstRow {
  uint64_t key;  // digits found, in place
  uint32_t index;
  uint32_t limit;    // the next one of them
  uint32_t wanted;   // of the elements that agree in all of them
  uint32_t taken;    // pairs that have been kept
  uint32_t arrived;  // blocks that have counted
  uint32_t source;   // 0: the row itself, else the list that was written last
  uint32_t next;     // 0: keep no list, 1: keep one, 2: what is in the limit's digit is kept too
  uint32_t over;     // nothing is left to do after the launch of this number
  uint32_t fill[2];  // pairs in each list
};

}  // namespace fgx::gpu
