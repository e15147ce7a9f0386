// SPDX-License-Identifier: Apache-2.0
// Largest elements of rows and of columns. NaN is larger than anything.
#include "kernels/stable/reduction/find_largest.h"
#include "kernels/stable/reduction/reduce_kernels.h"

namespace fgx::FGX_ISA {
namespace {

using namespace row;

constexpr double kNan = __builtin_nan("");
constexpr double kInfinity = __builtin_inf();

template <typename T>
void max_rows(const void* data, int64_t row_stride, int64_t rows, int64_t n, ReduceSlot* slots) {
  const T* x = static_cast<const T*>(data);
  for (int64_t r = 0; r < rows; ++r) {
    const Largest<T> largest = find_largest(x + r * row_stride, n);
    slots[r].real = largest.nan ? kNan : static_cast<double>(largest.value);
  }
}

// Columns: four rows at a time, looking out for NaN; only where there is one, again with care.
template <typename T>
void max_columns(const void* data, int64_t row_stride, int64_t rows, int64_t columns,
                 ReduceSlot* slots) {
  using Scalar = typename Compute<T>::Scalar;
  using Vec = typename Compute<T>::Vec;
  constexpr int kLanes = Compute<T>::kLanes;
  const T* x = static_cast<const T*>(data);
  const int64_t whole = columns / kLanes * kLanes;
  const int tail = static_cast<int>(columns - whole);
  const Scalar lowest = static_cast<Scalar>(-kInfinity);
  alignas(64) Scalar best[kReduceColumns + 16];
  auto nan = either_nan(Vec{}, Vec{});
  for (int64_t c = 0; c < whole + kLanes; c += kLanes) store(best + c, splat(lowest));
  int64_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    const T* p = x + r * row_stride;
    for (int64_t c = 0; c < whole; c += kLanes, p += kLanes) {
      const Vec v0 = load(p);
      const Vec v1 = load(p + row_stride);
      const Vec v2 = load(p + 2 * row_stride);
      const Vec v3 = load(p + 3 * row_stride);
      nan |= either_nan(v0, v1) | either_nan(v2, v3);
      store(best + c, larger(larger(larger(v0, v1), larger(v2, v3)), load(best + c)));
    }
  }
  for (; r < rows; ++r) {
    for (int64_t c = 0; c < whole; c += kLanes) {
      const Vec value = load(x + r * row_stride + c);
      nan |= either_nan(value, value);
      store(best + c, larger(value, load(best + c)));
    }
  }
  const bool careful = any(nan);
  const auto keep_larger = [&](int64_t c, Vec value) {
    const Vec old = load(best + c);
    // A NaN that is there stays: it is not below anything.
    store(best + c, ((value > old) | (value != value)) ? value : old);
  };
  for (r = 0; r < rows && (careful || tail != 0); ++r) {
    const T* p = x + r * row_stride;
    if (careful) {
      for (int64_t c = 0; c < whole; c += kLanes) keep_larger(c, load(p + c));
    }
    if (tail != 0) keep_larger(whole, load_some(p + whole, tail, lowest));
  }
  for (int64_t c = 0; c < columns; ++c) slots[c].real = static_cast<double>(best[c]);
}

template <typename T>
void max_integer_rows(const void* data, int64_t row_stride, int64_t rows, int64_t n,
                      ReduceSlot* slots) {
  const T* x = static_cast<const T*>(data);
  for (int64_t r = 0; r < rows; ++r, x += row_stride) {
    T best = x[0];
    for (int64_t i = 1; i < n; ++i) best = x[i] > best ? x[i] : best;
    slots[r].integer = static_cast<int64_t>(best);
  }
}

template <typename T>
void max_integer_columns(const void* data, int64_t row_stride, int64_t rows, int64_t columns,
                         ReduceSlot* slots) {
  const T* x = static_cast<const T*>(data);
  T best[kReduceColumns];
  for (int64_t c = 0; c < columns; ++c) best[c] = x[c];
  for (int64_t r = 1; r < rows; ++r) {
    const T* p = x + r * row_stride;
    for (int64_t c = 0; c < columns; ++c) best[c] = p[c] > best[c] ? p[c] : best[c];
  }
  for (int64_t c = 0; c < columns; ++c) slots[c].integer = static_cast<int64_t>(best[c]);
}

}  // namespace

extern const ReduceTable max_table = {
    {max_integer_rows<uint8_t>, max_integer_rows<uint8_t>, max_integer_rows<int8_t>,
     max_integer_rows<int16_t>, max_integer_rows<int32_t>, max_integer_rows<int64_t>, max_rows<F16>,
     max_rows<BF16>, max_rows<float>, max_rows<double>},
    {max_integer_columns<uint8_t>, max_integer_columns<uint8_t>, max_integer_columns<int8_t>,
     max_integer_columns<int16_t>, max_integer_columns<int32_t>, max_integer_columns<int64_t>,
     max_columns<F16>, max_columns<BF16>, max_columns<float>, max_columns<double>}};

}  // namespace fgx::FGX_ISA
