// SPDX-License-Identifier: Apache-2.0
// scaled_dot_product_attention of many rows in float32 on matrix units, for heads of up to 128 contiguous elements.
//
//   fgx_attention_single_float32_<64|128>(arguments, query, key, value, mask, out)
//
// Matrix units multiply TF32, which has 11 bits: every operand is split into what TF32 holds of it and the rest, and a
// product is three (mma.sync, m16n8k8). They cut sums off instead of rounding them, so only a few products are summed
// there at a time; the error is that of a plain sum in float32. An infinity times a rest is NaN: rows that are not
// finite are computed again, without matrix units.
//
// A block takes a tile of 64 rows, 16 to a warp, and walks through keys, 32 at a time, by way of shared memory: the next
// keys are copied while values are multiplied, and the other way round.
//
// Lanes hold operands as matrix_units.h says, but two columns (quad and + 4) of a and as many rows of b to a product.
// The order of what is summed over is chosen so that a lane's share of keys and values is whole 16-byte vectors, and its
// scores are its share of the second product's operand: step 2s + h takes for lane t of four elements 16s + 4t + 2h and
// + 1 of a head; keys 2t and + 1 of eight. Column n of tile j of the result stands for element 32c + 4n + j.
#include "kernels/gpu/attention_weights.h"

#if !defined(__HIP__)
namespace fgx::device {

constexpr int kSingleTiles = gpu::kSingleKeys / 8;
constexpr int kSingleThreads = 32 * gpu::kMatrixWarps;

// a and b in TF32, the sums in float32.
FGX_DEVICE_INLINE void multiply_tf32(float (&sum)[4], const uint32_t (&a)[4], const uint32_t* b) {
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
// The nearest TF32, and what is left.
FGX_DEVICE_INLINE void split(float x, uint32_t& high, uint32_t& rest) {
  high = (__float_as_uint(x) + 0x1000u) & 0xffffe000u;
  rest = __float_as_uint(x - __uint_as_float(high));
}
// Keeps the compiler from splitting x ahead of the loop: there are not registers enough for all rests.
FGX_DEVICE_INLINE void split_here(float& x) { asm volatile("" : "+f"(x)); }

FGX_DEVICE_INLINE bool is_finite(float x) { return x - x == 0; }

// One row by one warp, in plain float32.
template <int kSize>
FGX_DEVICE_INLINE void attend_row(const gpu::FlatAttention& a, const FlatOffsets& offsets, int row,
                                  const float* queries, const float* keys, const float* values,
                                  const void* mask, float* out) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const FlatRow r(a, row);
  const float* const query = queries + offsets.query + r.offset(a.query);
  const float* const key = keys + offsets.key;
  const float* const value = values + offsets.value;
  const int64_t mask_row = a.has_mask != 0 ? offsets.mask + r.offset(a.mask) : 0;
  const int visible = r.visible(a);
  float largest = kNothing;
  float total = 0;
  float sums[kSize / 32] = {};
#pragma unroll 1
  for (int first = 0; first < visible; first += 32) {
    const int at = first + lane;
    float score = kNothing;
    if (at < visible) {
      float sum = 0;
#pragma unroll 1
      for (int e = 0; e < a.size; ++e) sum += query[e] * key[at * a.key.row + e];
      score = masked(a, mask, mask_row + at * a.mask_element, sum * a.scale);
    }
    float top = fmaxf(score, largest);
    for (int step = 16; step > 0; step /= 2)
      top = fmaxf(top, __shfl_xor_sync(kAllLanes, top, step));
    const float base = top == kNothing ? 0.0f : top;
    const float factor = largest == top ? 1.0f : expf(largest - base);
    largest = top;
    const float weight = at < visible ? expf(score - base) : 0.0f;
    total = total * factor + weight;  // this lane's share
#pragma unroll
    for (int c = 0; c < kSize / 32; ++c) sums[c] *= factor;
    const int count = min(32, visible - first);
#pragma unroll 1
    for (int i = 0; i < count; ++i) {
      const float other = __shfl_sync(kAllLanes, weight, i);
#pragma unroll
      for (int c = 0; c < kSize / 32; ++c) {
        const int element = 32 * c + lane;
        if (element < a.value_size) {
          sums[c] += other * value[(first + i) * a.value.row + element];
        }
      }
    }
  }
  for (int step = 16; step > 0; step /= 2) total += __shfl_xor_sync(kAllLanes, total, step);
  float* const to = out + offsets.out + r.offset(a.out);
#pragma unroll
  for (int c = 0; c < kSize / 32; ++c) {
    const int element = 32 * c + lane;
    if (element < a.value_size) to[element] = total == 0 ? 0.0f : sums[c] / total;
  }
}

// A warp's 16 rows: this lane's two are `group` and + 8.
template <int kSize>
struct SingleTile {
  static constexpr int kSteps = kSize / 16;   // vectors of a lane along a key
  static constexpr int kChunks = kSize / 32;  // and along a value
  static constexpr int kKeyPitch = gpu::single_key_pitch(kSize);
  static constexpr int kValuePitch = gpu::single_value_pitch(kSize);
  const gpu::FlatAttention& a;
  const void* mask;
  int group, quad;
  int all_seen;  // keys that all rows of the block see
  int visible[2];
  int64_t mask_row[2];
  float4 query[kSteps][2];
  float largest[2] = {kNothing, kNothing};
  float total[2] = {0, 0};  // this lane's share
  float sums[4 * kChunks][4] = {};

  FGX_DEVICE_INLINE SingleTile(const gpu::FlatAttention& arguments, const FlatOffsets& offsets,
                               int first_row, int all, const float* queries, const void* masks)
      : a(arguments), mask(masks), all_seen(all) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    group = lane / 4;
    quad = lane % 4;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int row = first_row + group + 8 * half;
      const bool there = row < a.rows;
      const FlatRow r(a, there ? row : 0);
      visible[half] = there ? r.visible(a) : 0;
      mask_row[half] = a.has_mask != 0 ? offsets.mask + r.offset(a.mask) : 0;
      const float* const from = queries + offsets.query + r.offset(a.query);
#pragma unroll
      for (int s = 0; s < kSteps; ++s) {
        const int element = 16 * s + 4 * quad;
        query[s][half] = make_float4(0, 0, 0, 0);
        if (there && element < a.size) {
          query[s][half] = *reinterpret_cast<const float4*>(from + element);
        }
      }
    }
  }

  // Scores before scaling: [n] is of keys 8n + 2 quad and + 1.
  FGX_DEVICE_INLINE void multiply_keys(const float* keys, float (&scores)[kSingleTiles][4]) {
    float apart[kSingleTiles][4] = {};
#pragma unroll
    for (int s = 0; s < kSteps; ++s) {
      uint32_t high[2][4], rest[2][4];
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        float4& q = query[s][half];
        split_here(q.x);
        split_here(q.y);
        split_here(q.z);
        split_here(q.w);
        split(q.x, high[0][half], rest[0][half]);
        split(q.y, high[0][half + 2], rest[0][half + 2]);
        split(q.z, high[1][half], rest[1][half]);
        split(q.w, high[1][half + 2], rest[1][half + 2]);
      }
      uint32_t key[kSingleTiles][4], key_rest[kSingleTiles][4];
#pragma unroll
      for (int n = 0; n < kSingleTiles; ++n) {
        const float4 k = *reinterpret_cast<const float4*>(keys + (8 * n + group) * kKeyPitch +
                                                          16 * s + 4 * quad);
        split(k.x, key[n][0], key_rest[n][0]);
        split(k.y, key[n][1], key_rest[n][1]);
        split(k.z, key[n][2], key_rest[n][2]);
        split(k.w, key[n][3], key_rest[n][3]);
      }
#pragma unroll
      for (int h = 0; h < 2; ++h) {
#pragma unroll
        for (int n = 0; n < kSingleTiles; ++n) multiply_tf32(apart[n], rest[h], &key[n][2 * h]);
#pragma unroll
        for (int n = 0; n < kSingleTiles; ++n)
          multiply_tf32(apart[n], high[h], &key_rest[n][2 * h]);
#pragma unroll
        for (int n = 0; n < kSingleTiles; ++n) multiply_tf32(apart[n], high[h], &key[n][2 * h]);
      }
      if (s % 2 == 0) continue;
#pragma unroll
      for (int n = 0; n < kSingleTiles; ++n) {
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          scores[n][i] += apart[n][i];
          apart[n][i] = 0;
        }
      }
    }
  }

  FGX_DEVICE_INLINE void softmax(int first, float (&scores)[kSingleTiles][4]) {
    const bool simple = a.has_mask == 0 && first + gpu::kSingleKeys <= all_seen;
    float factor[2];
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float top = kNothing;
#pragma unroll
      for (int i = 0; i < 2 * kSingleTiles; ++i) {
        float& score = scores[i / 2][2 * half + i % 2];
        const int at = first + 8 * (i / 2) + 2 * quad + i % 2;
        score *= a.scale;
        if (!simple) {
          score = at < visible[half] ? masked(a, mask, mask_row[half] + at * a.mask_element, score)
                                     : kNothing;
        }
        top = fmaxf(top, score);
      }
      top = fmaxf(quad_max(top), largest[half]);
      const float base = top == kNothing ? 0.0f : top;
      factor[half] = largest[half] == top ? 1.0f : exp2_fast((largest[half] - base) * kLog2E);
      largest[half] = top;
      float added = 0;
#pragma unroll
      for (int i = 0; i < 2 * kSingleTiles; ++i) {
        float& score = scores[i / 2][2 * half + i % 2];
        score = exp2_fast((score - base) * kLog2E);
        added += score;
      }
      total[half] = total[half] * factor[half] + added;
    }
    if (!__any_sync(kAllLanes, factor[0] != 1.0f || factor[1] != 1.0f)) return;
#pragma unroll
    for (int j = 0; j < 4 * kChunks; ++j) {
      sums[j][0] *= factor[0];
      sums[j][1] *= factor[0];
      sums[j][2] *= factor[1];
      sums[j][3] *= factor[1];
    }
  }

  FGX_DEVICE_INLINE void multiply_values(const float* values, float (&weights)[kSingleTiles][4]) {
#pragma unroll
    for (int c = 0; c < kChunks; ++c) {
      float apart[4][4] = {};
#pragma unroll
      for (int n = 0; n < kSingleTiles; ++n) {
        uint32_t high[4], rest[4];
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          constexpr int kFrom[] = {0, 2, 1, 3};
          float& weight = weights[n][kFrom[i]];
          split_here(weight);
          split(weight, high[i], rest[i]);
        }
        uint32_t value[4][2], value_rest[4][2];
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          const float4 v = *reinterpret_cast<const float4*>(
              values + (8 * n + 2 * quad + i) * kValuePitch + 32 * c + 4 * group);
          split(v.x, value[0][i], value_rest[0][i]);
          split(v.y, value[1][i], value_rest[1][i]);
          split(v.z, value[2][i], value_rest[2][i]);
          split(v.w, value[3][i], value_rest[3][i]);
        }
#pragma unroll
        for (int j = 0; j < 4; ++j) multiply_tf32(apart[j], rest, value[j]);
#pragma unroll
        for (int j = 0; j < 4; ++j) multiply_tf32(apart[j], high, value_rest[j]);
#pragma unroll
        for (int j = 0; j < 4; ++j) multiply_tf32(apart[j], high, value[j]);
      }
#pragma unroll
      for (int j = 0; j < 4; ++j) {
#pragma unroll
        for (int i = 0; i < 4; ++i) sums[4 * c + j][i] += apart[j][i];
      }
    }
  }

  // False: something was not finite.
  FGX_DEVICE_INLINE bool store(int half, float* to) const {
    const float all = quad_sum(total[half]);
    const float share = all == 0 ? 0.0f : 1.0f / all;
    bool finite = is_finite(all);
#pragma unroll
    for (int c = 0; c < kChunks; ++c) {
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const int element = 32 * c + 8 * quad + 4 * i;
        float result[4];
#pragma unroll
        for (int j = 0; j < 4; ++j) {
          result[j] = sums[4 * c + j][2 * half + i] * share;
          finite = finite && is_finite(result[j]);
        }
        if (to != nullptr && element < a.value_size) {
          *reinterpret_cast<float4*>(to + element) =
              make_float4(result[0], result[1], result[2], result[3]);
        }
      }
    }
    return finite || to == nullptr;
  }
};

// Keys or values of one step to shared memory; zeros where there are none.
template <int kSize, int kPitch>
FGX_DEVICE_INLINE void copy_rows(uint32_t memory, const float* from, int64_t pitch, int size,
                                 int first, int seen) {
  constexpr int kVectors = kSize / 4;
  const int thread = static_cast<int>(threadIdx.x);
  const int element = thread % kVectors * 4;
#pragma unroll
  for (int i = 0; i < gpu::kSingleKeys * kVectors / kSingleThreads; ++i) {
    const int row = thread / kVectors + i * (kSingleThreads / kVectors);
    const bool there = first + row < seen && element < size;
    copy_chunk(memory + 4 * (row * kPitch + element),
               there ? from + (first + row) * pitch + element : from, there);
  }
}

template <int kSize>
FGX_DEVICE_INLINE void attend_single(const gpu::FlatAttention& a, const float* query,
                                     const float* key, const float* value, const void* mask,
                                     float* out, float* memory) {
  using Tile = SingleTile<kSize>;
  // Later rows see more keys: they go first. Where all blocks run at once, the last of them join the first ones on
  // their multiprocessors: they go the other way.
  int number = static_cast<int>(blockIdx.x);
  if (number >= a.section) number = a.section + static_cast<int>(gridDim.x) - 1 - number;
  const FlatOffsets offsets(a, number % a.groups);
  const int block_row = (a.tiles - 1 - number / a.groups) * gpu::kSingleRows;
  const SeenKeys sees(a, block_row, min(gpu::kSingleRows, a.rows - block_row));
  const int end = (sees.any + gpu::kSingleKeys - 1) / gpu::kSingleKeys;
  float* const keys = memory;
  float* const values = memory + gpu::kSingleKeys * Tile::kKeyPitch;
  const uint32_t keys_at = shared_address(keys);
  const uint32_t values_at = shared_address(values);
  const auto copy_keys = [&](int step) {
    if (step < end) {
      copy_rows<kSize, Tile::kKeyPitch>(keys_at, key + offsets.key, a.key.row, a.size,
                                        step * gpu::kSingleKeys, sees.any);
    }
    copies_end();
  };
  const auto copy_values = [&](int step) {
    if (step < end) {
      copy_rows<kSize, Tile::kValuePitch>(values_at, value + offsets.value, a.value.row,
                                          a.value_size, step * gpu::kSingleKeys, sees.any);
    }
    copies_end();
  };
  copy_keys(0);
  copy_values(0);
  const int first_row = block_row + static_cast<int>(threadIdx.x) / 32 * gpu::kMatrixRows;
  Tile tile(a, offsets, first_row, sees.all, query, mask);
  for (int step = 0; step < end; ++step) {
    float scores[kSingleTiles][4] = {};
    copies_wait<1>();
    __syncthreads();
    tile.multiply_keys(keys, scores);
    __syncthreads();
    copy_keys(step + 1);
    tile.softmax(step * gpu::kSingleKeys, scores);
    copies_wait<1>();
    __syncthreads();
    tile.multiply_values(values, scores);
    __syncthreads();
    copy_values(step + 1);
  }
  unsigned again[2];  // lanes with something that was not finite
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int row = first_row + tile.group + 8 * half;
    float* const to = row < a.rows ? out + offsets.out + FlatRow(a, row).offset(a.out) : nullptr;
    again[half] = __ballot_sync(kAllLanes, !tile.store(half, to));
  }
  if ((again[0] | again[1]) == 0) return;
  __syncwarp();
#pragma unroll 1
  for (int i = 0; i < gpu::kMatrixRows; ++i) {
    const unsigned lanes = i < 8 ? again[0] : again[1];
    if ((lanes >> (4 * (i % 8)) & 0xfu) == 0) continue;
    attend_row<kSize>(a, offsets, first_row + i, query, key, value, mask, out);
  }
}

}  // namespace fgx::device

#define FGX_SINGLE_ATTENTION(size)                                                            \
  extern "C" __global__ void __launch_bounds__(fgx::device::kSingleThreads, 2)                \
      fgx_attention_single_float32_##size(const fgx::gpu::FlatAttention arguments,            \
                                          const float* query, const float* key,               \
                                          const float* value, const void* mask, float* out) { \
    extern __shared__ __align__(16) float memory[];                                           \
    fgx::device::attend_single<size>(arguments, query, key, value, mask, out, memory);        \
  }
FGX_SINGLE_ATTENTION(64)
FGX_SINGLE_ATTENTION(128)
#endif
