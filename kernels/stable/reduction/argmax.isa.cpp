// SPDX-License-Identifier: Apache-2.0
// Index of the first largest element of rows and of columns; the first NaN wins.
#include "kernels/stable/reduction/find_largest.h"
#include "kernels/stable/reduction/reduce_kernels.h"

namespace fgx::FGX_ISA {
namespace {

using namespace row;

// A row is searched for its largest value block by block; only the block that holds it is then
// searched for the index, while still in the first-level cache.
constexpr int64_t kBlock = 1024;

template <typename T>
void argmax_rows(const void* data, int64_t row_stride, int64_t rows, int64_t n, ReduceSlot* slots) {
  using Scalar = typename Compute<T>::Scalar;
  const T* x = static_cast<const T*>(data);
  for (int64_t r = 0; r < rows; ++r, x += row_stride) {
    Largest<T> best = find_largest(x, n < kBlock ? n : kBlock);
    int64_t block = 0;
    for (int64_t i = kBlock; i < n && !best.nan; i += kBlock) {
      const Largest<T> next = find_largest(x + i, n - i < kBlock ? n - i : kBlock);
      if (next.nan || next.value > best.value) {
        best = next;
        block = i;
      }
    }
    const T* p = x + block;
    int64_t index = 0;
    Scalar value = widen_one(p[0]);
    if (best.nan) {
      while (value == value) value = widen_one(p[++index]);
    } else {
      while (value != best.value) value = widen_one(p[++index]);
    }
    slots[r].real = static_cast<double>(value);
    slots[r].index = block + index;
  }
}

template <typename T>
void argmax_integer_rows(const void* data, int64_t row_stride, int64_t rows, int64_t n,
                         ReduceSlot* slots) {
  const T* x = static_cast<const T*>(data);
  for (int64_t r = 0; r < rows; ++r, x += row_stride) {
    T best = x[0];
    int64_t block = 0;
    for (int64_t i = 0; i < n; i += kBlock) {
      const int64_t end = n - i < kBlock ? n : i + kBlock;
      T next = x[i];
      for (int64_t k = i + 1; k < end; ++k) next = x[k] > next ? x[k] : next;
      if (next > best) {
        best = next;
        block = i;
      }
    }
    int64_t index = block;
    while (x[index] != best) ++index;
    slots[r].integer = static_cast<int64_t>(best);
    slots[r].index = index;
  }
}

// Columns keep value and row number in lanes of equal width.
template <typename T, typename Wide, typename Index>
void argmax_columns_of(const T* x, int64_t row_stride, int64_t rows, int64_t columns, Wide* best,
                       Index* index) {
  constexpr bool kReal = static_cast<Wide>(0.5) != 0;
  for (int64_t r = 1; r < rows; ++r) {
    const T* p = x + r * row_stride;
    const Index row_number = static_cast<Index>(r);
    for (int64_t c = 0; c < columns; ++c) {
      const Wide value = static_cast<Wide>(p[c]);
      const Wide old = best[c];
      bool take = value > old;
      if constexpr (kReal) take = take | ((value != value) & (old == old));
      best[c] = take ? value : old;
      index[c] = take ? row_number : index[c];
    }
  }
}

template <typename T, typename Wide, typename Index>
void argmax_columns(const void* data, int64_t row_stride, int64_t rows, int64_t columns,
                    ReduceSlot* slots) {
  const T* x = static_cast<const T*>(data);
  Wide best[kReduceColumns];
  Index index[kReduceColumns];
  for (int64_t c = 0; c < columns; ++c) {
    best[c] = static_cast<Wide>(x[c]);
    index[c] = 0;
  }
  argmax_columns_of(x, row_stride, rows, columns, best, index);
  for (int64_t c = 0; c < columns; ++c) {
    if constexpr (static_cast<Wide>(0.5) != 0) {
      slots[c].real = static_cast<double>(best[c]);
    } else {
      slots[c].integer = static_cast<int64_t>(best[c]);
    }
    slots[c].index = static_cast<int64_t>(index[c]);
  }
}

template <typename T>
void argmax_half_columns(const void* data, int64_t row_stride, int64_t rows, int64_t columns,
                         ReduceSlot* slots) {
  constexpr int kLanes = Compute<T>::kLanes;
  const T* x = static_cast<const T*>(data);
  for (int64_t c = 0; c < columns; c += kLanes) {
    const int some = columns - c < kLanes ? static_cast<int>(columns - c) : kLanes;
    const auto read = [&](int64_t r) {
      const T* p = x + r * row_stride + c;
      return some == kLanes ? load(p) : load_some(p, some, 0);
    };
    VecF best = read(0);
    VecI index{};
    for (int64_t r = 1; r < rows; ++r) {
      const VecF value = read(r);
      const VecI take = (value > best) | ((value != value) & (best == best));
      best = take ? value : best;
      index = take ? VecI{} + static_cast<int32_t>(r) : index;
    }
    for (int k = 0; k < some; ++k) {
      slots[c + k].real = static_cast<double>(best[k]);
      slots[c + k].index = index[k];
    }
  }
}

}  // namespace

extern const ReduceTable argmax_table = {
    {argmax_integer_rows<uint8_t>, argmax_integer_rows<uint8_t>, argmax_integer_rows<int8_t>,
     argmax_integer_rows<int16_t>, argmax_integer_rows<int32_t>, argmax_integer_rows<int64_t>,
     argmax_rows<F16>, argmax_rows<BF16>, argmax_rows<float>, argmax_rows<double>},
    {argmax_columns<uint8_t, int32_t, int32_t>, argmax_columns<uint8_t, int32_t, int32_t>,
     argmax_columns<int8_t, int32_t, int32_t>, argmax_columns<int16_t, int32_t, int32_t>,
     argmax_columns<int32_t, int32_t, int32_t>, argmax_columns<int64_t, int64_t, int64_t>,
     argmax_half_columns<F16>, argmax_half_columns<BF16>, argmax_columns<float, float, int32_t>,
     argmax_columns<double, double, int64_t>}};

}  // namespace fgx::FGX_ISA
