// SPDX-License-Identifier: Apache-2.0
// topk_softmax, the mixture-of-experts gate.
//
//   fgx_gate_<dtype>_<n>(x, weights, indices, rows, x_row, experts, topk, renormalize, vectors)
//       rows of one type whose logits are contiguous, dense results; one warp per row, n logits per lane, top 8
//   fgx_gate_any_<dtype>_<n>(the same)      the same for any topk
//   fgx_gate_strided_<n>(arguments, x, weights, indices)    any type and strides; one warp per row
//   fgx_gate_wide(arguments, x, weights, indices)           the same, one block per row
//
// A lane keeps its logits, n neighbours, as keys in sorted runs; the largest key of all lanes is found and taken
// out topk times. Keys of 16-bit logits hold their index too, so that no two are equal. Equal float32 logits
// in several lanes are rare: the fast kernels notice them and choose again, by the exact rule.
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
#if defined(__HIP__)
  const float power = exp2f(whole);
#else
  float power;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(power) : "f"(whole));
#endif
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
  // Any topk, by the exact rule. `summed`: the sum is known.
  FGX_DEVICE_INLINE void choose(bool summed) {
    float kept = 0;
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
    choose(false);
    refuse_disorder();
  }
  // topk <= 8, for the shortest chain of dependent instructions: the steps of the sum run beside the choosing.
  FGX_DEVICE_INLINE void eight() {
    load();
    uint32_t mine = 0;
    LaneMask ties = 0;
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      const uint32_t head = keys.head();
      const uint32_t top = warp_max(head);
      const bool taken = head == top;
      if constexpr (!kKeyHasIndex<Storage>) {
        const LaneMask takers = ballot(taken);
        if (i < results.topk) {
          ties |= takers & (takers - 1);
          if (taken) results.put_index(i, lane * kPer + keys.place_of(head));
        }
      }
      mine = lane == i ? top : mine;
      keys.pop(taken, top);
      if (i == 0) own_sum(top);
      if (i > 0 && kWarp >> i > 0) sum += shuffle_xor(sum, kWarp >> i);
    }
    if (ties != 0) {
      sync_warp();
      load();
      choose(true);
    } else {
      put(0, mine);
    }
    refuse_disorder();
  }
};

FGX_DEVICE_INLINE int64_t warp_row() {
  return static_cast<int64_t>(blockIdx.x) * (blockDim.x / kWarp) + threadIdx.x / kWarp;
}

template <typename Storage, int kPer, bool kEight>
FGX_DEVICE_INLINE void gate_dense(const void* x, float* weights, int32_t* indices, int64_t rows,
                                  int64_t x_row, int32_t experts, int32_t topk, int32_t renormalize,
                                  int32_t vectors) {
  const int64_t at = warp_row();
  if (at >= rows) return;
  const DenseRow<Storage, kPer> row{static_cast<const Storage*>(x) + at * x_row, experts,
                                    vectors != 0};
  const Results results{weights + at * topk, indices + at * topk, 1, 1, topk, renormalize != 0};
  WarpGate<DenseRow<Storage, kPer>, kPer> gate{
      row, results, static_cast<int>(threadIdx.x) % kWarp, {}, {}};
  if constexpr (kEight) {
    gate.eight();
  } else {
    gate.any();
  }
}

// Where a row lies in x, weights and indices.
FGX_DEVICE_INLINE void find_row(const gpu::GateArguments& a, int64_t row, int64_t (&at)[3]) {
  at[0] = at[1] = at[2] = 0;
  for (int d = a.ndim - 1; d >= 0; --d) {
    const int64_t index = row % a.sizes[d];
    row /= a.sizes[d];
    at[0] += index * a.x_steps[d];
    at[1] += index * a.weight_steps[d];
    at[2] += index * a.index_steps[d];
  }
}
FGX_DEVICE_INLINE Results results_of(const gpu::GateArguments& a, const int64_t (&at)[3],
                                     float* weights, int32_t* indices) {
  return {weights + at[1], indices + at[2], a.weight_step,
          a.index_step,    a.topk,          a.renormalize != 0};
}

template <int kPer>
FGX_DEVICE_INLINE void gate_strided(const gpu::GateArguments& a, const void* x, float* weights,
                                    int32_t* indices) {
  const int64_t row_number = warp_row();
  if (row_number >= a.rows) return;
  int64_t at[3];
  find_row(a, row_number, at);
  const StridedRow<kPer> row{x, at[0], a.x_step, a.experts, a.dtype};
  const Results results = results_of(a, at, weights, indices);
  WarpGate<StridedRow<kPer>, kPer> gate{
      row, results, static_cast<int>(threadIdx.x) % kWarp, {}, {}};
  gate.any();
}

// The largest (or the sum) of a block, in every thread. `room` holds one value per warp.
template <typename T, typename Join>
FGX_DEVICE_INLINE T block_join(T value, T* room, Join join) {
#pragma unroll
  for (int mask = kWarp / 2; mask > 0; mask /= 2) value = join(value, shuffle_xor(value, mask));
  __syncthreads();
  if (threadIdx.x % kWarp == 0) room[threadIdx.x / kWarp] = value;
  __syncthreads();
  T all = room[0];
  for (int w = 1; w < gpu::kWideBlock / kWarp; ++w) all = join(all, room[w]);
  return all;
}

FGX_DEVICE_INLINE void gate_wide(const gpu::GateArguments& a, const void* x, float* weights,
                                 int32_t* indices) {
  using Wide = unsigned long long;
  __shared__ uint32_t keys[gpu::kMostGateExperts];
  __shared__ Wide room[gpu::kWideBlock / kWarp];
  __shared__ float sums[gpu::kWideBlock / kWarp];
  int64_t at[3];
  find_row(a, blockIdx.x, at);
  const Results results = results_of(a, at, weights, indices);
  const int thread = static_cast<int>(threadIdx.x);
  // A thread reads and clears only the keys that it wrote itself.
  const auto own_largest = [&] {
    Wide best = 0;
    for (int i = thread; i < a.experts; i += gpu::kWideBlock) {
      const Wide key = static_cast<Wide>(keys[i]) << 32 | (0xffffffffu - static_cast<uint32_t>(i));
      best = keys[i] != 0 && key > best ? key : best;
    }
    return best;
  };
  for (int i = thread; i < a.experts; i += gpu::kWideBlock) {
    keys[i] = ordered(load_logit(x, a.dtype, at[0] + i * a.x_step));
  }
  Wide own = own_largest();
  float largest = 0;
  float sum = 0;
  float kept = 0;
  for (int k = 0; k < a.topk; ++k) {
    const Wide top = block_join(own, room, [](Wide p, Wide q) { return p > q ? p : q; });
    const float value = value_of(static_cast<uint32_t>(top >> 32), 0.0f);
    if (k == 0) {
      largest = value;
      for (int i = thread; i < a.experts; i += gpu::kWideBlock) {
        sum += exp_nonpositive(value_of(keys[i], 0.0f) - largest);
      }
      sum = block_join(sum, sums, [](float p, float q) { return p + q; });
      if (sum != sum) {
        for (int i = thread; i < a.topk; i += gpu::kWideBlock) {
          results.put_weight(i, __builtin_nanf(""));
          results.put_index(i, i);
        }
        return;
      }
    }
    const float weight = exp_nonpositive(value - largest) * (1.0f / sum);
    kept += weight;
    const int index = static_cast<int>(0xffffffffu - static_cast<uint32_t>(top));
    if (own == top) {
      keys[index] = 0;
      own = own_largest();
      results.put_weight(k, weight);
      results.put_index(k, index);
    }
  }
  if (!results.renormalize) return;
  __syncthreads();
  for (int k = thread; k < a.topk; k += gpu::kWideBlock) {
    results.put_weight(k, results.weights[k * results.weight_step] / kept);
  }
}

}  // namespace fgx::device

#define FGX_GATE(kernel, Storage, per, eight)                                                   \
  extern "C" __global__ void fgx_##kernel(const void* x, float* weights, int32_t* indices,      \
                                          int64_t rows, int64_t x_row, int32_t experts,         \
                                          int32_t topk, int32_t renormalize, int32_t vectors) { \
    fgx::device::gate_dense<fgx::device::Storage, per, eight>(                                  \
        x, weights, indices, rows, x_row, experts, topk, renormalize, vectors);                 \
  }
#define FGX_GATES(per)                                                                            \
  FGX_GATE(gate_float32_##per, Float32, per, true)                                                \
  FGX_GATE(gate_float16_##per, Float16, per, true)                                                \
  FGX_GATE(gate_bfloat16_##per, BFloat16, per, true)                                              \
  FGX_GATE(gate_any_float32_##per, Float32, per, false)                                           \
  FGX_GATE(gate_any_float16_##per, Float16, per, false)                                           \
  FGX_GATE(gate_any_bfloat16_##per, BFloat16, per, false)                                         \
  extern "C" __global__ void fgx_gate_strided_##per(                                              \
      const fgx::gpu::GateArguments arguments, const void* x, float* weights, int32_t* indices) { \
    fgx::device::gate_strided<per>(arguments, x, weights, indices);                               \
  }
FGX_GATES(2)
FGX_GATES(4)
FGX_GATES(8)
FGX_GATES(16)
FGX_GATES(32)
extern "C" __global__ void fgx_gate_wide(const fgx::gpu::GateArguments arguments, const void* x,
                                         float* weights, int32_t* indices) {
  fgx::device::gate_wide(arguments, x, weights, indices);
}
