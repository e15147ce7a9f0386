// SPDX-License-Identifier: Apache-2.0
// What cumsum is launched with; the host fills it, device code reads it.
#pragma once

#include "kernels/gpu/divide.h"

namespace fgx::gpu {

// Rows along the dimension, and the loops over the others, outermost first. Steps in elements.
struct CumsumArguments {
  static constexpr int kMostDims = 16;
  int64_t rows;
  int64_t length;
  int64_t x_along, y_along;
  int64_t tiles;    // of a row that has several blocks
  int64_t piece;    // elements of a column that are added up by themselves
  int32_t pieces;   // of a column
  int32_t split;    // each piece has threads of its own
  int32_t threads;  // of a block, to each row: a power of two
  int32_t vectors;  // rows can be read and written in 16-byte vectors
  int32_t ndim;
  int32_t narrow;  // every index fits FastDivide
  uint8_t x_type, y_type;
  FastDivide divide[kMostDims];
  int64_t sizes[kMostDims];
  int64_t x_steps[kMostDims];
  int64_t y_steps[kMostDims];
};

// Vectors that a thread has of longer rows.
inline constexpr int kCumsumRounds = 4;
inline constexpr int kCumsumLongRounds = 8;
// Threads of a block that has a row, and of one that has a tile of a longer row.
inline constexpr int kMostCumsumThreads = 1024;
inline constexpr int kCumsumTileThreads = 256;
// Tiles whose sums a later one adds up by itself; before these it takes the sum that a group's last tile leaves.
inline constexpr int kCumsumGroup = 128;
// Of columns.
inline constexpr int kCumsumColumnBlock = 128;
inline constexpr int64_t kMostCumsumPieces = 64;
inline constexpr int64_t kLeastCumsumPiece = 32;
// Words of 64 bits that a sum takes which one block leaves for others.
inline constexpr int kCumsumWords = 2;

}  // namespace fgx::gpu
