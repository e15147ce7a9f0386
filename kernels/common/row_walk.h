// SPDX-License-Identifier: Apache-2.0
// The dimensions that a row kernel does not work along, merged as far as memory allows.
#pragma once

#include <cstdint>

namespace fgx {

// One dimension, with its strides in elements in an input and in the output.
struct WalkDim {
  int64_t size;
  int64_t in_stride;
  int64_t out_stride;
};

// Drops dimensions of size 1 and merges neighbours that are one run in both tensors; outermost first.
// Returns how many are left.
int merge_dims(WalkDim* dims, int count);

// Up to kMaxDims merged dimensions: small enough for a kernel's inline state.
struct RowWalk {
  static constexpr int kMaxDims = 4;
  int64_t count = 1;
  int32_t ndim = 0;
  WalkDim dims[kMaxDims];

  // Takes merged dimensions; false when there are too many.
  bool assign(const WalkDim* merged, int merged_count);
  // The innermost dimension; a single element when there is none.
  WalkDim inner() const { return ndim > 0 ? dims[ndim - 1] : WalkDim{1, 0, 0}; }
  // Offsets in elements of position `index` in row-major order.
  void offsets(int64_t index, int64_t* in, int64_t* out) const {
    *in = 0;
    *out = 0;
    for (int d = ndim - 1; d >= 0; --d) {
      const int64_t outer = d > 0 ? index / dims[d].size : 0;
      const int64_t here = index - outer * dims[d].size;
      *in += here * dims[d].in_stride;
      *out += here * dims[d].out_stride;
      index = outer;
    }
  }
  // Calls run(in offset, out offset, rows) for stretches of at most `most` positions of
  // [begin, end) along the innermost dimension.
  template <typename Run>
  void for_each_run(int64_t begin, int64_t end, int64_t most, Run&& run) const {
    const int64_t width = inner().size;
    while (begin < end) {
      int64_t rows = width - (ndim > 1 ? begin % width : begin);
      if (rows > end - begin) rows = end - begin;
      if (rows > most) rows = most;
      int64_t in, out;
      offsets(begin, &in, &out);
      run(in, out, rows);
      begin += rows;
    }
  }
};

}  // namespace fgx
