// SPDX-License-Identifier: Apache-2.0
// Sums of rows and of columns.
#include "kernels/common/row_vector.h"
#include "kernels/stable/reduction/reduce_kernels.h"

namespace fgx::FGX_ISA {
namespace {

using namespace row;

// Floats add in 8 vectors of independent partial sums over at most kReducePiece elements, so that the
// error grows with the length of a lane's chain, then pairwise; pieces add in double.
template <typename T>
typename Compute<T>::Scalar sum_piece(const T* x, int64_t n) {
  using Vec = typename Compute<T>::Vec;
  constexpr int kLanes = Compute<T>::kLanes;
  constexpr int kWays = 8;
  Vec first{};
  int64_t i = 0;
  if (n >= kWays * kLanes) {
    Vec ways[kWays] = {};
    for (; i + kWays * kLanes <= n; i += kWays * kLanes) {
      for (int k = 0; k < kWays; k += 2) {
        const Pair<T> pair = load_pair(x + i + k * kLanes);
        ways[k] += pair.first;
        ways[k + 1] += pair.second;
      }
    }
    first =
        ((ways[0] + ways[4]) + (ways[2] + ways[6])) + ((ways[1] + ways[5]) + (ways[3] + ways[7]));
  }
  for (; i + kLanes <= n; i += kLanes) first += load(x + i);
  if (i < n) first += load_some(x + i, static_cast<int>(n - i), 0);
  return sum_lanes(first);
}

template <typename T>
void sum_rows(const void* data, int64_t row_stride, int64_t rows, int64_t n, ReduceSlot* slots) {
  const T* x = static_cast<const T*>(data);
  for (int64_t r = 0; r < rows; ++r, x += row_stride) {
    double total = sum_piece(x, n < kReducePiece ? n : kReducePiece);
    for (int64_t i = kReducePiece; i < n; i += kReducePiece) {
      total += sum_piece(x + i, n - i < kReducePiece ? n - i : kReducePiece);
    }
    slots[r].real = total;
  }
}

// Columns: four rows add pairwise (more would share the sets of the first cache), up to 128 rows in
// the compute type, then in double.
template <typename T>
void sum_columns(const void* data, int64_t row_stride, int64_t rows, int64_t columns,
                 ReduceSlot* slots) {
  using Scalar = typename Compute<T>::Scalar;
  using Vec = typename Compute<T>::Vec;
  constexpr int kLanes = Compute<T>::kLanes;
  constexpr int64_t kGroup = 128;
  const T* x = static_cast<const T*>(data);
  const int64_t whole = columns / kLanes * kLanes;
  const int tail = static_cast<int>(columns - whole);
  alignas(64) Scalar sums[kReduceColumns + 16];
  for (int64_t c = 0; c < columns; ++c) slots[c].real = 0;
  for (int64_t first = 0; first < rows; first += kGroup) {
    const int64_t last = rows - first < kGroup ? rows : first + kGroup;
    for (int64_t c = 0; c < whole + kLanes; c += kLanes) store(sums + c, Vec{});
    int64_t r = first;
    for (; r + 4 <= last; r += 4) {
      const T* p = x + r * row_stride;
      for (int64_t c = 0; c < whole; c += kLanes, p += kLanes) {
        const Vec four = (load(p) + load(p + row_stride)) +
                         (load(p + 2 * row_stride) + load(p + 3 * row_stride));
        store(sums + c, load(sums + c) + four);
      }
      if (tail != 0) {
        const Vec four =
            (load_some(p, tail, 0) + load_some(p + row_stride, tail, 0)) +
            (load_some(p + 2 * row_stride, tail, 0) + load_some(p + 3 * row_stride, tail, 0));
        store(sums + whole, load(sums + whole) + four);
      }
    }
    for (; r < last; ++r) {
      const T* p = x + r * row_stride;
      for (int64_t c = 0; c < whole; c += kLanes) {
        store(sums + c, load(sums + c) + load(p + c));
      }
      if (tail != 0) {
        store(sums + whole, load(sums + whole) + load_some(p + whole, tail, 0));
      }
    }
    for (int64_t c = 0; c < columns; ++c) slots[c].real += static_cast<double>(sums[c]);
  }
}

// Integers: exact modulo 2^64. Narrow types add in 32 bits while that cannot overflow.
template <typename T, typename Narrow>
int64_t sum_integers(const T* x, int64_t n) {
  Narrow total = 0;
  for (int64_t i = 0; i < n; ++i) total += static_cast<Narrow>(x[i]);
  return static_cast<int64_t>(total);
}

template <typename T, typename Narrow>
void sum_integer_rows(const void* data, int64_t row_stride, int64_t rows, int64_t n,
                      ReduceSlot* slots) {
  const T* x = static_cast<const T*>(data);
  for (int64_t r = 0; r < rows; ++r, x += row_stride) {
    uint64_t total = 0;
    for (int64_t i = 0; i < n; i += kReducePiece) {
      total += static_cast<uint64_t>(
          sum_integers<T, Narrow>(x + i, n - i < kReducePiece ? n - i : kReducePiece));
    }
    slots[r].integer = static_cast<int64_t>(total);
  }
}

template <typename T, typename Narrow>
void sum_integer_columns(const void* data, int64_t row_stride, int64_t rows, int64_t columns,
                         ReduceSlot* slots) {
  const T* x = static_cast<const T*>(data);
  uint64_t totals[kReduceColumns];
  Narrow sums[kReduceColumns];
  for (int64_t c = 0; c < columns; ++c) totals[c] = 0;
  for (int64_t first = 0; first < rows; first += kReducePiece) {
    const int64_t last = rows - first < kReducePiece ? rows : first + kReducePiece;
    for (int64_t c = 0; c < columns; ++c) sums[c] = 0;
    for (int64_t r = first; r < last; ++r) {
      const T* p = x + r * row_stride;
      for (int64_t c = 0; c < columns; ++c) sums[c] += static_cast<Narrow>(p[c]);
    }
    for (int64_t c = 0; c < columns; ++c) {
      totals[c] += static_cast<uint64_t>(static_cast<int64_t>(sums[c]));
    }
  }
  for (int64_t c = 0; c < columns; ++c) slots[c].integer = static_cast<int64_t>(totals[c]);
}

}  // namespace

extern const ReduceTable sum_table = {
    {sum_integer_rows<uint8_t, int32_t>, sum_integer_rows<uint8_t, int32_t>,
     sum_integer_rows<int8_t, int32_t>, sum_integer_rows<int16_t, int32_t>,
     sum_integer_rows<int32_t, int64_t>, sum_integer_rows<int64_t, uint64_t>, sum_rows<F16>,
     sum_rows<BF16>, sum_rows<float>, sum_rows<double>},
    {sum_integer_columns<uint8_t, int32_t>, sum_integer_columns<uint8_t, int32_t>,
     sum_integer_columns<int8_t, int32_t>, sum_integer_columns<int16_t, int32_t>,
     sum_integer_columns<int32_t, int64_t>, sum_integer_columns<int64_t, uint64_t>,
     sum_columns<F16>, sum_columns<BF16>, sum_columns<float>, sum_columns<double>}};

}  // namespace fgx::FGX_ISA
