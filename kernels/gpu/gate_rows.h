// SPDX-License-Identifier: Apache-2.0
// The gate of one row by one warp, for any topk, by the exact rule.
//
// A lane keeps its logits, neighbours, as keys in sorted runs; the largest key of all lanes is found and taken out topk
// times. Keys of 16-bit logits hold their index too, so that no two are equal.
#pragma once

#include "kernels/gpu/device_math.h"
#include "kernels/gpu/gate_arguments.h"
#include "kernels/gpu/warp.h"

namespace fgx::device {

// e^x for x <= 0, within 3e-7 relative; what would be subnormal is 0. NaN stays.
FGX_DEVICE_INLINE float exp_nonpositive(float x) {
  constexpr float kLog2E = 1.44269502f;
  constexpr float kLog2ERest = 1.92596303e-8f;
  constexpr float kLn2 = 0.693147182f;
  x = x < -150.0f ? -150.0f : x;
  const float whole = x * kLog2E;
  const float rest = fmaf(x, kLog2E, -whole) + x * kLog2ERest;
  const float power = fast_exp2(whole);
  return fmaf(power, rest * kLn2, power);
}

// Logits as unsigned integers of the same order, above 0, which fills up rows; the sign of zero is lost.
FGX_DEVICE_INLINE uint32_t ordered(float x) {
  const uint32_t bits = __builtin_bit_cast(uint32_t, x + 0.0f);
  return bits ^ (static_cast<uint32_t>(static_cast<int32_t>(bits) >> 31) | 0x80000000u);
}
FGX_DEVICE_INLINE float value_of(uint32_t key, float) {
  return __builtin_bit_cast(float, (key & 0x80000000u) != 0 ? key ^ 0x80000000u : ~key);
}
FGX_DEVICE_INLINE uint32_t make_key(float x, int) { return ordered(x); }
// Halves: the upper bits order them, the lower ones hold the index, lower indices first.
template <typename Half>
FGX_DEVICE_INLINE uint32_t make_key(Half x, int index) {
  const uint32_t bits = x.bits == 0x8000u ? 0u : x.bits;
  const uint32_t place = bits ^ ((bits & 0x8000u) != 0 ? 0xffffu : 0x8000u);
  return place << 16 | (0xffffu - static_cast<uint32_t>(index));
}
template <typename Half>
FGX_DEVICE_INLINE float value_of(uint32_t key, Half) {
  const uint32_t place = key >> 16;
  const uint32_t bits = (place & 0x8000u) != 0 ? place ^ 0x8000u : place ^ 0xffffu;
  return to_float(Half{static_cast<uint16_t>(bits)});
}
template <typename Storage>
constexpr bool kKeyHasIndex = sizeof(Storage) == 2;
FGX_DEVICE_INLINE int index_of(uint32_t key) { return static_cast<int>(0xffffu - (key & 0xffffu)); }
FGX_DEVICE_INLINE float float_of(float x) { return x; }
template <typename Half>
FGX_DEVICE_INLINE float float_of(Half x) {
  return to_float(x);
}

// A lane's keys in runs of up to four, each in falling order, equal ones by index.
template <typename Storage, int kPer>
struct Keys {
  static constexpr int kRun = kPer < 4 ? kPer : 4;
  static constexpr int kRuns = kPer / kRun;
  uint32_t key[kPer];
  uint32_t order[kRuns];  // where each key of a run came from, a byte each

  FGX_DEVICE_INLINE void sort() {
#pragma unroll
    for (int r = 0; r < kRuns; ++r) {
      uint32_t place[kRun];
#pragma unroll
      for (int i = 0; i < kRun; ++i) place[i] = static_cast<uint32_t>(i);
        // Only neighbours change places, and only when they are not equal: the order of equals stays.
#pragma unroll
      for (int round = 0; round < kRun; ++round) {
#pragma unroll
        for (int i = round & 1; i + 1 < kRun; i += 2) {
          uint32_t& a = key[r * kRun + i];
          uint32_t& b = key[r * kRun + i + 1];
          const bool swap = b > a;
          const uint32_t low = swap ? a : b;
          a = swap ? b : a;
          b = low;
          const uint32_t other = swap ? place[i] : place[i + 1];
          place[i] = swap ? place[i + 1] : place[i];
          place[i + 1] = other;
        }
      }
      order[r] = 0;
#pragma unroll
      for (int i = 0; i < kRun; ++i) order[r] |= place[i] << (8 * i);
    }
  }
  FGX_DEVICE_INLINE uint32_t head() const {
    uint32_t best = key[0];
#pragma unroll
    for (int r = 1; r < kRuns; ++r) best = key[r * kRun] > best ? key[r * kRun] : best;
    return best;
  }
  // Where the first key equal to the head came from.
  FGX_DEVICE_INLINE int place_of(uint32_t head) const {
    int place = 0;
#pragma unroll
    for (int r = kRuns - 1; r >= 0; --r) {
      if (key[r * kRun] == head) place = r * kRun + static_cast<int>(order[r] & 0xffu);
    }
    return place;
  }
  FGX_DEVICE_INLINE void pop(bool taken, uint32_t head) {
#pragma unroll
    for (int r = 0; r < kRuns; ++r) {
      const bool here = taken && key[r * kRun] == head;
      taken = taken && !here;
#pragma unroll
      for (int i = 0; i + 1 < kRun; ++i) {
        key[r * kRun + i] = here ? key[r * kRun + i + 1] : key[r * kRun + i];
      }
      key[r * kRun + kRun - 1] = here ? 0u : key[r * kRun + kRun - 1];
      order[r] = here ? order[r] >> 8 : order[r];
    }
  }
};

// A row's logits in memory, and what one lane holds of them.
template <typename Storage, int kPer>
struct DenseRow {
  using Type = Storage;
  const Storage* x;
  int32_t experts;
  bool vectors;

  FGX_DEVICE_INLINE void load(int first, Storage (&to)[kPer]) const {
    constexpr int kVector = static_cast<int>(16 / sizeof(Storage)) < kPer
                                ? static_cast<int>(16 / sizeof(Storage))
                                : kPer;
    if (vectors) {
#pragma unroll
      for (int i = 0; i < kPer; i += kVector) {
        if (first + i >= experts) break;
        const auto pack = *reinterpret_cast<const Pack<Storage, kVector>*>(x + first + i);
#pragma unroll
        for (int j = 0; j < kVector; ++j) to[i + j] = pack.at[j];
      }
      return;
    }
#pragma unroll
    for (int i = 0; i < kPer; ++i) {
      if (first + i < experts) to[i] = x[first + i];
    }
  }
};
// One logit as float32, of a type known at run time.
FGX_DEVICE_INLINE float load_logit(const void* x, int32_t dtype, int64_t at) {
  if (dtype == 6) return to_float(static_cast<const Float16*>(x)[at]);
  if (dtype == 7) return to_float(static_cast<const BFloat16*>(x)[at]);
  if (dtype == 8) return static_cast<const float*>(x)[at];
  return static_cast<float>(static_cast<const double*>(x)[at]);
}
template <int kPer>
struct StridedRow {
  using Type = float;
  const void* x;
  int64_t start, step;
  int32_t experts, dtype;

  FGX_DEVICE_INLINE void load(int first, float (&to)[kPer]) const {
#pragma unroll
    for (int i = 0; i < kPer; ++i) {
      if (first + i < experts) to[i] = load_logit(x, dtype, start + (first + i) * step);
    }
  }
};

// Where a row's results go.
struct Results {
  float* weights;
  int32_t* indices;
  int64_t weight_step, index_step;
  int32_t topk;
  bool renormalize;
  FGX_DEVICE_INLINE void put_weight(int k, float weight) const {
    weights[k * weight_step] = weight;
  }
  FGX_DEVICE_INLINE void put_index(int k, int index) const { indices[k * index_step] = index; }
};

// The gate of one row by one warp.
template <typename Row, int kPer>
struct WarpGate {
  using Storage = typename Row::Type;
  const Row& row;
  const Results& results;
  int lane;
  Keys<Storage, kPer> keys;
  Storage x[kPer];
  float largest = 0;
  float sum = 0;  // of e^(x - largest)

  FGX_DEVICE_INLINE void load() {
    const int first = lane * kPer;
    row.load(first, x);
#pragma unroll
    for (int i = 0; i < kPer; ++i) {
      keys.key[i] = first + i < row.experts ? make_key(x[i], first + i) : 0u;
    }
    keys.sort();
  }
  FGX_DEVICE_INLINE void own_sum(uint32_t top) {
    largest = value_of(top, Storage{});
    sum = 0;
#pragma unroll
    for (int i = 0; i < kPer; ++i) {
      const float term = exp_nonpositive(float_of(x[i]) - largest);
      sum += lane * kPer + i < row.experts ? term : 0.0f;
    }
  }
  // Lane i's key is result number base + i. Returns the sum of the weights.
  FGX_DEVICE_INLINE float put(int base, uint32_t mine) const {
    const int k = base + lane;
    float weight = 0;
    if (k < results.topk) {
      weight = exp_nonpositive(value_of(mine, Storage{}) - largest) * (1.0f / sum);
      if constexpr (kKeyHasIndex<Storage>) results.put_index(k, index_of(mine));
    }
    float kept = 0;
    if (results.renormalize) {
      kept = warp_sum(weight);
      if (results.topk <= kWarp) weight /= kept;
    }
    if (k < results.topk) results.put_weight(k, weight);
    return kept;
  }
  FGX_DEVICE_INLINE void choose() {
    float kept = 0;
    bool summed = false;
    for (int base = 0; base < results.topk; base += kWarp) {
      uint32_t mine = 0;
      const int count = results.topk - base < kWarp ? results.topk - base : kWarp;
      for (int i = 0; i < count; ++i) {
        const uint32_t head = keys.head();
        const uint32_t top = warp_max(head);
        bool taken = head == top;
        if constexpr (!kKeyHasIndex<Storage>) {
          taken = lane == first_lane(ballot(taken));
          if (taken) results.put_index(base + i, lane * kPer + keys.place_of(head));
        }
        mine = lane == i ? top : mine;
        keys.pop(taken, top);
        if (!summed) {
          own_sum(top);
          sum = warp_sum(sum);
          summed = true;
        }
      }
      kept += put(base, mine);
    }
    if (results.renormalize && results.topk > kWarp) {
      // A lane reads back what it wrote itself.
      for (int k = lane; k < results.topk; k += kWarp) {
        results.put_weight(k, results.weights[k * results.weight_step] / kept);
      }
    }
  }
  // NaN or infinite logits: there is no order to choose by.
  FGX_DEVICE_INLINE void refuse_disorder() const {
    if (sum == sum) return;
    sync_warp();
    for (int k = lane; k < results.topk; k += kWarp) {
      results.put_weight(k, __builtin_nanf(""));
      results.put_index(k, k);
    }
  }
  FGX_DEVICE_INLINE void any() {
    load();
    choose();
    refuse_disorder();
  }
};

FGX_DEVICE_INLINE int64_t warp_row() {
  return static_cast<int64_t>(blockIdx.x) * (blockDim.x / kWarp) + threadIdx.x / kWarp;
}

}  // namespace fgx::device
