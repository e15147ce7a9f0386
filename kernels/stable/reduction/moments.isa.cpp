// SPDX-License-Identifier: Apache-2.0
// Mean and sum of squared distances from it, of rows and of columns.
#include "kernels/common/row_moments.h"
#include "kernels/stable/reduction/reduce_kernels.h"

namespace fgx::FGX_ISA {
namespace {

using namespace row;

// Rows are read twice, the second time from the cache: distances are taken from the mean itself.
template <typename T>
void moments_of_rows(const void* data, int64_t row_stride, int64_t rows, int64_t n,
                     ReduceSlot* slots) {
  using Scalar = typename Compute<T>::Scalar;
  const T* x = static_cast<const T*>(data);
  const double count = static_cast<double>(n);
  for (int64_t r = 0; r < rows; ++r, x += row_stride) {
    const Scalar centre = static_cast<Scalar>(plain_sum(x, n) / count);
    Moments moments;
    add_moments(x, n, centre, &moments);
    // Infinite elements: their mean is infinite, and distances from it are NaN.
    const double rest = moments.rest == moments.rest ? moments.rest / count : 0;
    slots[r].real = static_cast<double>(centre) + rest;
    slots[r].index = n;
    const double spread = moments.squares - moments.rest * rest;
    slots[r].spread = spread < 0 ? 0 : spread;
  }
}

// A group of rows at a time, which stays in the cache for its second reading, is joined to what the
// groups before it gave (as fold in var_mean.cpp does).
template <typename T>
void moments_of_columns(const void* data, int64_t row_stride, int64_t rows, int64_t columns,
                        ReduceSlot* slots) {
  using Scalar = typename Compute<T>::Scalar;
  using Vec = typename Compute<T>::Vec;
  constexpr int kLanes = Compute<T>::kLanes;
  constexpr int64_t kGroup = 64;
  const T* x = static_cast<const T*>(data);
  alignas(64) Scalar means[kLanes];
  alignas(64) Scalar rests[kLanes];
  alignas(64) Scalar squares[kLanes];
  for (int64_t c = 0; c < columns; ++c) slots[c] = {};
  for (int64_t first = 0; first < rows; first += kGroup) {
    const int64_t count = rows - first < kGroup ? rows - first : kGroup;
    const double before = static_cast<double>(first);
    const double here = static_cast<double>(count);
    for (int64_t c = 0; c < columns; c += kLanes) {
      const int some = columns - c < kLanes ? static_cast<int>(columns - c) : kLanes;
      const T* block = x + first * row_stride + c;
      const auto read = [&](int64_t r) {
        const T* p = block + r * row_stride;
        return some == kLanes ? load(p) : load_some(p, some, 0);
      };
      Vec sum{};
      for (int64_t r = 0; r < count; ++r) sum += read(r);
      const Vec mean = sum / static_cast<Scalar>(count);
      Vec rest{};
      Vec square{};
      for (int64_t r = 0; r < count; ++r) {
        const Vec centred = read(r) - mean;
        rest += centred;
        square += centred * centred;
      }
      store(means, mean);
      store(rests, rest);
      store(squares, square);
      for (int k = 0; k < some; ++k) {
        ReduceSlot& slot = slots[c + k];
        const double off = rests[k] == rests[k] ? static_cast<double>(rests[k]) / here : 0;
        const double centre = static_cast<double>(means[k]) + off;
        const double apart = centre - slot.real;
        const double spread = static_cast<double>(squares[k]) - static_cast<double>(rests[k]) * off;
        slot.real = slot.real * (before / (before + here)) + centre * (here / (before + here));
        slot.spread +=
            (spread < 0 ? 0 : spread) + apart * apart * (before * here / (before + here));
      }
    }
  }
  for (int64_t c = 0; c < columns; ++c) slots[c].index = rows;
}

}  // namespace

extern const ReduceTable moments_table = {
    {nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, moments_of_rows<F16>,
     moments_of_rows<BF16>, moments_of_rows<float>, moments_of_rows<double>},
    {nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, moments_of_columns<F16>,
     moments_of_columns<BF16>, moments_of_columns<float>, moments_of_columns<double>}};

}  // namespace fgx::FGX_ISA
