// SPDX-License-Identifier: Apache-2.0
// The eight largest of a row's logits by sorting networks: kLanes neighbouring lanes share a row, kPer logits to each.
//
// What is sorted are single 32-bit keys: the logit's order above, the complement of its index below, so
// that an exchange is one minimum and one maximum, and no two keys are equal. The index displaces
// the lowest bits of float32 logits: rows in which that could matter, because logits near the result agree in all
// other bits, are told apart (`exact`) and left to the slower rule.
#pragma once

#include "kernels/gpu/device_math.h"
#include "kernels/gpu/gate_rows.h"

namespace fgx::device {

FGX_DEVICE_INLINE void exchange(uint32_t& high, uint32_t& low) {
  const uint32_t larger = high > low ? high : low;
  low = high > low ? low : high;
  high = larger;
}
// Falling order (K. Batcher's merge exchange, 1968).
FGX_DEVICE_INLINE void sort_eight(uint32_t (&k)[8]) {
  exchange(k[0], k[1]), exchange(k[2], k[3]), exchange(k[4], k[5]), exchange(k[6], k[7]);
  exchange(k[0], k[2]), exchange(k[1], k[3]), exchange(k[4], k[6]), exchange(k[5], k[7]);
  exchange(k[1], k[2]), exchange(k[5], k[6]);
  exchange(k[0], k[4]), exchange(k[1], k[5]), exchange(k[2], k[6]), exchange(k[3], k[7]);
  exchange(k[2], k[4]), exchange(k[3], k[5]);
  exchange(k[1], k[2]), exchange(k[3], k[4]), exchange(k[5], k[6]);
}
// The eight largest of two lists in falling order; `b` is read backwards.
FGX_DEVICE_INLINE void keep_eight(uint32_t (&a)[8], const uint32_t (&b)[8]) {
#pragma unroll
  for (int i = 0; i < 8; ++i) a[i] = a[i] > b[7 - i] ? a[i] : b[7 - i];
#pragma unroll
  for (int distance = 4; distance > 0; distance /= 2) {
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      if ((i & distance) == 0) exchange(a[i], a[i + distance]);
    }
  }
}

constexpr int bits_for(int count) {
  int bits = 0;
  while (1 << bits < count) ++bits;
  return bits;
}

template <typename Storage, int kLanes, int kPer>
struct NetworkGate {
  static constexpr int kVector =
      static_cast<int>(16 / sizeof(Storage)) < kPer ? static_cast<int>(16 / sizeof(Storage)) : kPer;
  static constexpr int kIndexBits = kKeyHasIndex<Storage> ? 16 : bits_for(kLanes * kPer);
  static constexpr uint32_t kIndexMask = (1u << kIndexBits) - 1;

  const Storage* x;
  int32_t experts;
  bool vectors;
  int lane;  // of those that share the row
  float values[kPer];
  uint32_t keys[kPer];
  uint32_t best[8];

  // The index of a lane's logit: vectors of neighbouring lanes are neighbours.
  FGX_DEVICE_INLINE int index_of(int i) const {
    return i / kVector * (kLanes * kVector) + lane * kVector + i % kVector;
  }
  FGX_DEVICE_INLINE void take(int i, Storage logit) {
    values[i] = float_of(logit);
    if constexpr (kKeyHasIndex<Storage>) {
      keys[i] = make_key(logit, index_of(i));
    } else {
      keys[i] = (ordered(logit) & ~kIndexMask) | (kIndexMask - static_cast<uint32_t>(index_of(i)));
    }
  }
  // The lanes of other rows may have none (`there`): what is missing is below everything.
  FGX_DEVICE_INLINE void load(bool there) {
#pragma unroll
    for (int i = 0; i < kPer; ++i) {
      values[i] = -__builtin_inff();
      keys[i] = 0;
    }
    if (!there) return;
    if (vectors) {
      Pack<Storage, kVector> packs[kPer / kVector];
#pragma unroll
      for (int v = 0; v < kPer / kVector; ++v) {
        if (index_of(v * kVector) < experts) {
          packs[v] = *reinterpret_cast<const Pack<Storage, kVector>*>(x + index_of(v * kVector));
        }
      }
#pragma unroll
      for (int i = 0; i < kPer; ++i) {
        if (index_of(i) < experts) take(i, packs[i / kVector].at[i % kVector]);
      }
      return;
    }
#pragma unroll
    for (int i = 0; i < kPer; ++i) {
      if (index_of(i) < experts) take(i, x[index_of(i)]);
    }
  }

  FGX_DEVICE_INLINE void sort() {
#pragma unroll
    for (int first = 0; first < kPer; first += 8) {
      uint32_t eight[8];
#pragma unroll
      for (int i = 0; i < 8; ++i) eight[i] = keys[first + i];
      sort_eight(eight);
      if (first == 0) {
#pragma unroll
        for (int i = 0; i < 8; ++i) best[i] = eight[i];
      } else {
        keep_eight(best, eight);
      }
    }
#pragma unroll
    for (int mask = 1; mask < kLanes; mask *= 2) {
      uint32_t others[8];
#pragma unroll
      for (int i = 0; i < 8; ++i) others[i] = shuffle_xor(best[i], mask);
      keep_eight(best, others);
    }
  }

  // Of the lanes that share a row.
  template <typename T>
  FGX_DEVICE_INLINE static T sum_of(T value) {
#pragma unroll
    for (int mask = 1; mask < kLanes; mask *= 2) value += shuffle_xor(value, mask);
    return value;
  }

  // Lane k's result, for k < 8: by its bits, because a compiler makes an index of a comparison.
  FGX_DEVICE_INLINE uint32_t own_key() const {
    uint32_t pairs[4], fours[2];
#pragma unroll
    for (int i = 0; i < 4; ++i) pairs[i] = (lane & 1) != 0 ? best[2 * i + 1] : best[2 * i];
#pragma unroll
    for (int i = 0; i < 2; ++i) fours[i] = (lane & 2) != 0 ? pairs[2 * i + 1] : pairs[2 * i];
    return (lane & 4) != 0 ? fours[1] : fours[0];
  }

  // Whether the keys decide: exactly topk logits reach the last result's upper bits, and neighbours among the
  // results differ in them. The same answer in all lanes of the row.
  FGX_DEVICE_INLINE bool exact(int topk) const {
    if constexpr (kKeyHasIndex<Storage>) return true;
    uint32_t last = 0xffffffffu;
    uint32_t equal = 0;
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      const uint32_t upper = best[i] & ~kIndexMask;
      if (i >= topk) continue;
      equal |= upper == last ? 1u : 0u;
      last = upper;
    }
    int reach = 0;
#pragma unroll
    for (int i = 0; i < kPer; ++i) reach += keys[i] >= last ? 1 : 0;
    reach = sum_of(reach);
    return equal == 0 && reach == topk;
  }

  // Puts the row's results; false: they need the slower rule. All lanes of a warp come here.
  FGX_DEVICE_INLINE bool run(const Results& results, bool there) {
    load(there);
    float largest = values[0];
#pragma unroll
    for (int i = 1; i < kPer; ++i) largest = fmaxf(largest, values[i]);
#pragma unroll
    for (int mask = 1; mask < kLanes; mask *= 2) {
      largest = fmaxf(largest, shuffle_xor(largest, mask));
    }
    sort();
    float sum = 0;
#pragma unroll
    for (int i = 0; i < kPer; ++i) sum += fast_exp2((values[i] - largest) * 1.44269504f);
    sum = sum_of(sum);
    const bool order = sum == sum;  // else NaN or infinite logits: there is nothing to choose by
    const bool sure = exact(results.topk);  // by all lanes together
    const bool decided = !order || sure;
    const uint32_t own = own_key();
    const bool mine = there && decided && lane < results.topk;
    int index = lane;
    float weight = 0;
    if (mine && order) {
      index = static_cast<int>(kIndexMask - (own & kIndexMask));
      float value;
      if constexpr (kKeyHasIndex<Storage>) {
        value = value_of(own, Storage{});
      } else {
        value = x[index];
      }
      weight = exp_nonpositive(value - largest) * fast_reciprocal(sum);
    }
    if (results.renormalize) weight *= fast_reciprocal(sum_of(weight));
    if (mine) {
      results.put_weight(lane, order ? weight : __builtin_nanf(""));
      results.put_index(lane, index);
    }
    return !there || decided;
  }
};

// A warp's rows side by side; those that the networks leave are chosen by the whole warp, one after the other.
template <typename Storage, int kLanes, int kPer>
FGX_DEVICE_INLINE void gate_networks(const void* data, float* weights, int32_t* indices,
                                     int64_t rows, int64_t x_row, int32_t experts, int32_t topk,
                                     int32_t renormalize, int32_t vectors) {
  constexpr int kRows = kWarp / kLanes;  // of a warp
  const Storage* const x = static_cast<const Storage*>(data);
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const int64_t first = warp_row() * kRows;
  const int64_t at = first + lane / kLanes;
  const bool there = at < rows;
  const auto results = [&](int64_t row) {
    return Results{weights + row * topk, indices + row * topk, 1, 1, topk, renormalize != 0};
  };
  NetworkGate<Storage, kLanes, kPer> gate{
      x + at * x_row, experts, vectors != 0, lane % kLanes, {}, {}, {}};
  const bool done = gate.run(results(at), there);
  for (LaneMask left = ballot(!done && lane % kLanes == 0); left != 0; left &= left - 1) {
    const int64_t row = first + first_lane(left) / kLanes;
    constexpr int kOfWarp = 1 << bits_for((kLanes * kPer + kWarp - 1) / kWarp);
    const DenseRow<Storage, kOfWarp> dense{x + row * x_row, experts, false};
    const Results exact = results(row);
    WarpGate<DenseRow<Storage, kOfWarp>, kOfWarp>{dense, exact, lane, {}, {}}.any();
  }
}

}  // namespace fgx::device
