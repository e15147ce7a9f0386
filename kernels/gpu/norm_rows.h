// SPDX-License-Identifier: Apache-2.0
// What kernels of layer_norm and rms_norm share: a row's statistics, and what they make of its vectors.
#pragma once

#include "kernels/gpu/rows.h"

namespace fgx::device {

FGX_DEVICE_INLINE float inverse_root(float x) { return ::rsqrtf(x); }
FGX_DEVICE_INLINE double inverse_root(double x) { return 1.0 / ::sqrt(x); }

// The elements of a parameter beside one vector of the row; where there is none, `absent`.
template <typename Parameter, int kSize>
struct HeldParameter {
  static constexpr int kPart = Vector<Parameter>::kSize;
  HeldVector<Parameter> parts[kSize / kPart];
  template <bool kAligned>
  FGX_DEVICE_INLINE void load(const Parameter* base, int at, int left, float absent) {
    using Compute = ComputeOf<Parameter>;
    if (base == nullptr) left = 0;
#pragma unroll
    for (int p = 0; p < kSize / kPart; ++p) {
      parts[p] = HeldVector<Parameter>(
          load_vector<kAligned>(base + at + p * kPart, left - p * kPart,
                                store_as<Parameter>(static_cast<Compute>(absent))));
    }
  }
  FGX_DEVICE_INLINE ComputeOf<Parameter> value(int i) const {
    return parts[i / kPart].value(i % kPart);
  }
};

// A row's statistics. layer_norm takes squares about the mean, then corrects for what rounding the mean left.
template <typename Compute>
struct Statistics {
  Compute mean;   // as rounded
  Compute rest;   // the mean of x - mean
  Compute scale;  // 1 / sqrt(variance + eps), or of the mean square
  FGX_DEVICE_INLINE Compute apply(Compute x) const { return ((x - mean) - rest) * scale; }
  template <bool kLayer, typename T, typename Parameter, int kSize>
  FGX_DEVICE_INLINE void apply(const HeldVector<T>& vector,
                               const HeldParameter<Parameter, kSize>& weights,
                               const HeldParameter<Parameter, kSize>& biases,
                               Compute (&results)[kSize]) const {
    const Compute shift = -mean * scale;
#pragma unroll
    for (int i = 0; i < kSize; ++i) {
      const Compute value = vector.value(i);
      const Compute factor = static_cast<Compute>(weights.value(i));
      if constexpr (!kLayer) {
        results[i] = value * scale * factor;
      } else if constexpr (sizeof(T) == 2) {
        results[i] = (value * scale + shift) * factor + static_cast<Compute>(biases.value(i));
      } else {
        results[i] = apply(value) * factor + static_cast<Compute>(biases.value(i));
      }
    }
  }
};

FGX_DEVICE_INLINE float first_of(float sum) { return sum; }
FGX_DEVICE_INLINE double first_of(double sum) { return sum; }
template <typename Compute>
FGX_DEVICE_INLINE Compute first_of(Both<Compute> sums) {
  return sums.first;
}

// The statistics of a row whose vectors get(j) gives, and which has left(j) elements from vector j on. `begin` is
// the row in memory. merge(reduction, part_of) adds up part_of(j) over the row; between() is called between the passes.
// kOnePass: halves are read once for layer_norm, which takes a look at the row in memory.
template <bool kLayer, bool kOnePass, typename T, bool kAligned, typename Get, typename Left,
          typename Merge, typename Between>
FGX_DEVICE_INLINE Statistics<ComputeOf<T>> statistics_of(const Get& get, const Left& left,
                                                         int64_t length, const T* begin, double eps,
                                                         const Merge& merge,
                                                         const Between& between) {
  using Compute = ComputeOf<T>;
  using Sums = Both<Compute>;
  constexpr int kSize = Vector<T>::kSize;
  const Compute share = Compute(1) / static_cast<Compute>(length);
  Statistics<Compute> found{0, 0, 0};
  if constexpr (!kLayer) {
    const Compute squares = first_of(merge(0, [&](int j) {
      const HeldVector<T> vector = get(j);
      Compute sum = 0;
#pragma unroll
      for (int i = 0; i < kSize; ++i) sum += vector.value(i) * vector.value(i);
      return sum;
    }));
    found.scale = inverse_root(squares * share + static_cast<Compute>(eps));
  } else if constexpr (kOnePass) {
    // Halves: moments about the mean of the row's first elements, in one pass. That mean lies at most
    // sqrt(length / 8) standard deviations from the row's, so that what cancels is far below the rounding
    // of results.
    Compute middle = 0;
    const int few = kAligned || length > kSize ? kSize : static_cast<int>(length);
    const HeldVector<T> front(
        load_vector<kAligned>(begin, left(0) > 0 ? few : 0, store_as<T>(Compute(0))));
#pragma unroll
    for (int i = 0; i < kSize; ++i) middle += front.value(i);
    middle *= kAligned ? Compute(1) / kSize : Compute(1) / static_cast<Compute>(few);
    const Sums total = merge(0, [&](int j) {
      Sums moments{0, 0};
      if (kAligned && left(j) <= 0) return moments;
      const HeldVector<T> vector = get(j);
#pragma unroll
      for (int i = 0; i < kSize; ++i) {
        const Compute centred = kAligned || i < left(j) ? vector.value(i) - middle : Compute(0);
        moments.first += centred;
        moments.second += centred * centred;
      }
      return moments;
    });
    const Compute rest = total.first * share;
    found.mean = middle + rest;
    const Compute square = total.second * share - rest * rest;
    const Compute variance = square < 0 ? Compute(0) : square;  // NaN stays
    found.scale = inverse_root(variance + static_cast<Compute>(eps));
  } else {
    // Both reductions have one type of state, because they share memory.
    const Sums sum = merge(0, [&](int j) {
      const HeldVector<T> vector = get(j);
      Compute part = 0;
#pragma unroll
      for (int i = 0; i < kSize; ++i) part += vector.value(i);
      return Sums{part, Compute(0)};
    });
    found.mean = sum.first * share;
    between();
    const Sums total = merge(1, [&](int j) {
      Sums moments{0, 0};
      if (kAligned && left(j) <= 0) return moments;
      const HeldVector<T> vector = get(j);
#pragma unroll
      for (int i = 0; i < kSize; ++i) {
        const Compute centred = kAligned || i < left(j) ? vector.value(i) - found.mean : Compute(0);
        moments.first += centred;
        moments.second += centred * centred;
      }
      return moments;
    });
    found.rest = total.first * share;
    const Compute variance = total.second * share - found.rest * found.rest;
    found.scale = inverse_root(variance + static_cast<Compute>(eps));
  }
  return found;
}

}  // namespace fgx::device
