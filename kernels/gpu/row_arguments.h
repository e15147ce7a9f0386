// SPDX-License-Identifier: Apache-2.0
// What the row and reduction kernels are launched with; the host fills it, device code reads it.
#pragma once

#include <stdint.h>

namespace fgx::gpu {

inline constexpr int kMostRegionDims = 16;
inline constexpr int kMostOuterDims = 4;
// Threads that the blocks of long rows have; a block has at most this many per row.
inline constexpr int kMostRowThreads = 1024;
// A block of a long row's reduction, and the 16-byte vectors that each thread of the reductions loads at once.
inline constexpr int kLongRowThreads = 512;
inline constexpr int kVectorsAtOnce = 4;

// Rows whose width a kernel was compiled for. The structures below begin with it, so that a launcher passes theirs.
struct WholeRowArguments {
  int64_t in_step;  // elements from one row to the next
  int64_t out_step;
};
struct WholeRowsArguments {
  WholeRowArguments whole;
  int64_t rows;
};
struct WholeReductionArguments {
  WholeRowArguments steps;
  float factor;  // of sums
};

// Rows that are contiguous in themselves. A row's threads load its vectors in turn: thread t has vectors
// t, t + threads, t + 2 threads, ... of the part that its block has.
struct RowArguments {
  WholeRowArguments whole;  // WholeRowsArguments with the next
  int64_t rows;
  int64_t length;   // elements
  int32_t threads;  // of a block that work on one row: a power of two
  int32_t ndim;     // dimensions of the rows, outermost first; steps in elements
  int64_t sizes[kMostOuterDims];
  int64_t x_steps[kMostOuterDims];
  int64_t y_steps[kMostOuterDims];
};

// Rows that clusters take in turn (long_rows.cu): the threads of a block, the vectors of a row that each has at most, and
// those that are fetched together.
inline constexpr int kLongThreads = 512;
inline constexpr int kLongVectors = 8;
inline constexpr int kLongAtOnce = 2;
// Shared memory of such a block, in bytes: a ring of groups of vectors from its beginning on, parameters, states that
// the warps of a cluster exchange, barriers.
struct LongRowShape {
  int vectors = 0;
  int groups = 0;
  int parameters_at = 0;
  int states_at = 0;
  int barriers_at = 0;
  int bytes = 0;
};
// For kernels that read `streams` operands, with so many vectors of parameters beside each of the row. Where these are
// many, a block has a shorter part of the row.
constexpr LongRowShape long_row_shape(int streams, int parameters, int state_bytes) {
  constexpr int kBytes = 227 << 10;
  constexpr int kMostBlocks = 16;
  constexpr int kWarps = kLongThreads / 32;
  constexpr int kBarriers = 2;
  constexpr int kBarrierBytes = 8;
  const int vectors = parameters > 2 ? kLongVectors / 2 : kLongVectors;
  const int parameter_bytes = kLongThreads * vectors * 16 * parameters;
  const int states = 2 * kMostBlocks * kWarps * state_bytes;
  const int group = streams * kLongThreads * kLongAtOnce * 16;
  LongRowShape shape;
  shape.vectors = vectors;
  shape.groups = (kBytes - parameter_bytes - states - kBarriers * kBarrierBytes) / group;
  shape.parameters_at = shape.groups * group;
  shape.states_at = shape.parameters_at + parameter_bytes;
  shape.barriers_at = shape.states_at + states;
  shape.bytes = shape.barriers_at + kBarriers * kBarrierBytes;
  return shape;
}

// Some dimensions of a tensor, outermost first; steps in elements.
struct Region {
  int32_t ndim;
  int64_t sizes[kMostRegionDims];
  int64_t steps[kMostRegionDims];
};

// How a block's threads share rows of any strides: `side` rows beside each other, blockDim / side threads
// to each row; both are powers of two.
struct Tile {
  int32_t side;
  int32_t
      side_first;  // whether neighbouring threads have neighbouring rows, else elements of one row
};

struct StridedRowArguments {
  int64_t rows;
  int64_t length;
  Tile tile;
  uint8_t x_dtype;  // fgx::DType
  uint8_t y_dtype;
  uint8_t weight_dtype;
  uint8_t bias_dtype;
  Region x_outer;
  Region y_outer;
  Region x_row;
  Region y_row;
  Region weight;
  Region bias;
};

// Columns that a thread of the column kernels has, where they can be loaded together.
constexpr int columns_at_once(int element_bytes) {
  return element_bytes == 1 ? 8 : 16 / element_bytes;
}

// Reductions of rows that are contiguous. Few arguments: they are fetched before anything else.
struct ReduceRowArguments {
  WholeReductionArguments whole;
  int64_t outputs;
  int64_t length;   // elements of each
  int64_t piece;    // elements that are folded together first
  int32_t pieces;   // of one output
  int32_t split;    // each piece has a block of its own, and leaves its result in a slot
  int32_t threads;  // to each row; a power of two
  uint8_t in_dtype;
  uint8_t out_dtype;
  uint8_t mean;
  double freedom;  // of variances: what the sum of squares is divided by
  int32_t ndim;
  int64_t sizes[kMostOuterDims];
  int64_t in_steps[kMostOuterDims];
  int64_t out_steps[kMostOuterDims];
};

// Of anything else.
struct ReduceArguments {
  int64_t outputs;
  int64_t length;
  int64_t piece;
  int32_t pieces;
  int32_t split;
  Tile tile;
  uint8_t in_dtype;
  uint8_t out_dtype;
  uint8_t convert;  // to the type of the result, before anything else
  uint8_t mean;
  double freedom;  // as above
  int64_t
      elements;  // of each result; `length` counts vectors where they are loaded along the reduced
  int64_t columns;   // of the innermost kept dimension, for columns
  int64_t row_step;  // between elements of one column
  Region kept_in;
  Region kept_out;
  Region reduced;
};

}  // namespace fgx::gpu
