// SPDX-License-Identifier: Apache-2.0
// The logarithm of a sum of exponentials, as a reduction in one pass: what has been seen so far is kept relative to its
// largest element.
#pragma once

#include "kernels/gpu/reduce_ops.h"
#include "kernels/gpu/softmax_rows.h"

namespace fgx::device {

// Of some elements x with weights w, where `from` is their largest, or 0 while all are -inf. NaN, which is no
// largest element, comes through by the sum.
template <typename Compute>
struct LogSumState {
  Compute peak;
  Compute sum;  // of exp(x - from)
  FGX_DEVICE_INLINE Compute from() const {
    return peak == negative_infinity<Compute>() ? Compute(0) : peak;
  }
  FGX_DEVICE_INLINE void move(LogSumState, Compute) {}
  FGX_DEVICE_INLINE void add(LogSumState other) { sum += other.sum; }
};
template <typename Compute>
struct SpreadState {
  Compute peak;
  Compute sum;
  Compute spread;  // the sum of w * (x - from)
  Compute weight;  // the sum of w
  FGX_DEVICE_INLINE Compute from() const {
    return peak == negative_infinity<Compute>() ? Compute(0) : peak;
  }
  // Adds what `other` has, seen from `where`.
  FGX_DEVICE_INLINE void move(SpreadState other, Compute where) {
    spread += other.spread - (where - other.from()) * other.weight;
    weight += other.weight;
  }
  // What is seen from the same place.
  FGX_DEVICE_INLINE void add(SpreadState other) {
    sum += other.sum;
    spread += other.spread;
    weight += other.weight;
  }
};

// exp(x - peak). The hardware's is exact enough for float32 too: what it gets wrong grows with the distance from the peak,
// and there the exponentials hardly count.
template <typename Compute>
using Power =
    typename Choose<sizeof(Compute) == 8, Exponential<double>, Exponential<BFloat16>>::Type;

// With kSpread also the weighted sum that label smoothing wants. T: the type of elements.
template <typename T, bool kSpread>
struct LogSum {
  using Compute = ComputeOf<T>;
  using State = typename Choose<kSpread, SpreadState<Compute>, LogSumState<Compute>>::Type;
  using Local = LogSum;
  FGX_DEVICE_INLINE static State neutral() {
    State state{};
    state.peak = negative_infinity<Compute>();
    return state;
  }
  FGX_DEVICE_INLINE State operator()(State a, State b) const {
    State both{};
    both.peak = larger(a.peak, b.peak);
    const Compute from = both.from();
    const Power<Compute> exponential(from);
    both.sum = a.sum * exponential(a.peak) + b.sum * exponential(b.peak);
    both.move(a, from);
    both.move(b, from);
    return both;
  }
  FGX_DEVICE_INLINE static State widen(State local, int64_t) { return local; }
  template <typename>
  FGX_DEVICE_INLINE static T fill() {
    return negative_infinity<T>();
  }
  // The state seen from `top`, which is at least its peak.
  FGX_DEVICE_INLINE static State seen_from(State state, Compute top) {
    State moved{};
    moved.peak = top;
    const Compute from = moved.from();
    moved.sum = state.sum * Power<Compute>(from)(state.peak);
    moved.move(state, from);
    return moved;
  }
  FGX_DEVICE_INLINE static void raise(State& state, Compute top) {
    if (top > state.peak) state = seen_from(state, top);
  }
  // One element.
  FGX_DEVICE_INLINE static void take(State& state, Compute value, Compute weight) {
    raise(state, value);
    const Compute from = state.from();
    state.sum += Power<Compute>(from)(value);
    if constexpr (kSpread) {
      state.spread += weight * (value - from);
      state.weight += weight;
    }
  }

  template <typename>
  struct Part {
    static constexpr int kSize = Vector<T>::kSize;
    State state = neutral();
    const T* weights = nullptr;  // of the elements from index 0 on; null: all are one
    template <int kVectors>
    FGX_DEVICE_INLINE void take(const HeldVector<T> (&raw)[kVectors], uint32_t index, int stride,
                                int left) {
      raise(state, largest_of(raw));
      const Compute from = state.from();
      const Power<Compute> exponential(from);
      state.sum += merge_own<kVectors>(Add(), [&](int j) {
        Compute sum = exponential(raw[j].value(0));
#pragma unroll
        for (int i = 1; i < kSize; ++i) sum += exponential(raw[j].value(i));
        return sum;
      });
      if constexpr (kSpread) {
#pragma unroll
        for (int j = 0; j < kVectors; ++j) {
          add_spread(raw[j], static_cast<int64_t>(index) + j * stride, left - j * stride, from);
        }
      }
    }
    FGX_DEVICE_INLINE State result() const { return state; }

   private:
    FGX_DEVICE_INLINE void add_spread(const HeldVector<T>& vector, int64_t at, int left,
                                      Compute from) {
      if (left <= 0) return;
      Vector<T> factors;
      if (weights != nullptr) {
        const bool whole =
            left >= kSize && (reinterpret_cast<uintptr_t>(weights + at) & uintptr_t{15}) == 0;
        factors = whole ? load_vector<true>(weights + at, left, T{})
                        : load_vector<false>(weights + at, left, T{});
      }
#pragma unroll
      for (int i = 0; i < kSize; ++i) {
        if (i >= left) continue;
        const Compute weight = weights == nullptr ? Compute(1) : load_as<Compute>(factors.at[i]);
        state.spread += weight * (vector.value(i) - from);
        state.weight += weight;
      }
    }
  };
};

// In place of the general way, whose every step would take exponentials: all are seen from the largest peak, then added.
template <typename T, bool kSpread>
struct GroupMerge<LogSum<T, kSpread>> {
  static constexpr bool kOwn = true;
  using Op = LogSum<T, kSpread>;
  using State = typename Op::State;
  FGX_DEVICE_INLINE static State lanes(State state, int lanes) {
    state = Op::seen_from(state, top_of(state.peak, lanes));
#pragma unroll
    for (int mask = 1; mask < kWarpWidth; mask *= 2) {
      if (mask < lanes) state.add(from_lane(state, mask));
    }
    return state;
  }
  template <int kCount>
  FGX_DEVICE_INLINE static State run(const State* states) {
    auto top = states[0].peak;
#pragma unroll
    for (int i = 1; i < kCount; ++i) top = larger(top, states[i].peak);
    return add_run<kCount>(states, top);
  }

 private:
  using Compute = typename Op::Compute;
  // No peak is NaN.
  FGX_DEVICE_INLINE static Compute top_of(Compute peak, int lanes) {
    using Whole = WarpMerge<Max<Compute>>;
    if constexpr (Whole::kAtOnce) {
      if (lanes == kWarpWidth) return Whole::run(peak);
    }
    return merge_lanes(peak, lanes, Larger());
  }
  template <int kCount>
  FGX_DEVICE_INLINE static State add_run(const State* states, typename Op::Compute top) {
    if constexpr (kCount == 1) {
      return Op::seen_from(states[0], top);
    } else {
      State left = add_run<kCount / 2>(states, top);
      left.add(add_run<kCount / 2>(states + kCount / 2, top));
      return left;
    }
  }
};

}  // namespace fgx::device
