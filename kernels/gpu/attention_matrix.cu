// SPDX-License-Identifier: Apache-2.0
// scaled_dot_product_attention of 16-bit types on matrix units (mma.sync, m16n8k16), for heads of up to 128
// contiguous elements.
//
//   fgx_attention_<split|whole>_<dtype>_<64|128>(arguments, query, key, value, mask, out, parts)
//
// A warp takes a tile of 16 rows and walks through keys, 16 at a time, straight from global memory to
// registers: in the orders chosen here a lane's share of every operand is whole 16-byte vectors.
//   whole: each warp has a tile of its own (many rows; the warps of a block share keys by way of L1)
//   split: the warps of a block share a tile, and may share it with other blocks (few rows, long contexts)
//
// The products sum over elements of a head, whose order does not matter as long as both operands have
// the same one: step 2s + h takes for lane t of four elements 32s + 8t + 4h .. + 3. Columns of the
// result are named likewise: column n of tile j stands for element 64c + 8n + j.
#include "kernels/gpu/attention_rows.h"
#include "kernels/gpu/matrix_units.h"

#if !defined(__HIP__)
namespace fgx::device {

constexpr float kLog2E = 1.44269504f;

template <typename Half>
FGX_DEVICE_INLINE uint32_t pair_of(float x, float y) {
  Pack<Half, 2> pair;
  to_halves(x, y, pair.at);
  return __builtin_bit_cast(uint32_t, pair);
}
FGX_DEVICE_INLINE float exp2_fast(float x) {
  float result;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}
FGX_DEVICE_INLINE float larger(float x, float y) { return fmaxf(x, y); }  // skips NaN
// Of the four lanes that share a row.
FGX_DEVICE_INLINE float quad_max(float x) {
  x = larger(x, __shfl_xor_sync(kAllLanes, x, 1));
  return larger(x, __shfl_xor_sync(kAllLanes, x, 2));
}
FGX_DEVICE_INLINE float quad_sum(float x) {
  x += __shfl_xor_sync(kAllLanes, x, 1);
  return x + __shfl_xor_sync(kAllLanes, x, 2);
}

template <typename Half, int kSize>
struct WarpTile {
  static constexpr int kSteps = kSize / 32;   // vectors of a lane along a key
  static constexpr int kChunks = kSize / 64;  // vectors of a lane along a value
  const gpu::AttentionArguments& a;
  const Half* key;
  const Half* value;
  const void* mask;
  int64_t mask_row[2];
  int64_t visible[2];
  int64_t seen;  // keys that any row sees
  int group, quad;
  uint32_t query[kSteps][2][4];  // operand of each step
  float sums[kChunks][8][4];
  float largest[2];  // in units of log2
  float total[2];    // this lane's share

  FGX_DEVICE_INLINE WarpTile(const gpu::AttentionArguments& arguments, const GroupOffsets& offsets,
                             int64_t first_row, const Half* queries, const Half* keys,
                             const Half* values, const void* masks)
      : a(arguments), key(keys + offsets.key), value(values + offsets.value), mask(masks) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    group = lane / 4;
    quad = lane % 4;
    seen = 0;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int64_t row = first_row + group + 8 * half;
      const bool there = row < a.rows;
      const GroupRow r(a, there ? row : first_row);
      visible[half] = there ? r.visible(a) : 0;
      mask_row[half] = offsets.mask + r.offset(a.mask);
      const Half* const from = queries + offsets.query + r.offset(a.query);
#pragma unroll
      for (int s = 0; s < kSteps; ++s) {
        const int element = 32 * s + 8 * quad;
        const Eight loaded = load_eight(from + element, there && element < a.size);
        query[s][0][half] = loaded.word[0];
        query[s][0][half + 2] = loaded.word[1];
        query[s][1][half] = loaded.word[2];
        query[s][1][half + 2] = loaded.word[3];
      }
      largest[half] = -__builtin_inff();
      total[half] = 0;
      seen = visible[half] > seen ? visible[half] : seen;
    }
    for (int mask_bit = 4; mask_bit < 32; mask_bit *= 2) {
      const int64_t other = __shfl_xor_sync(kAllLanes, seen, mask_bit);
      seen = other > seen ? other : seen;
    }
#pragma unroll
    for (int c = 0; c < kChunks; ++c) {
#pragma unroll
      for (int j = 0; j < 8; ++j) {
#pragma unroll
        for (int i = 0; i < 4; ++i) sums[c][j][i] = 0;
      }
    }
  }

  FGX_DEVICE_INLINE void load_keys(int64_t first, Eight (&to)[2][kSteps]) const {
#pragma unroll
    for (int n = 0; n < 2; ++n) {
      const int64_t at = first + 8 * n + group;
#pragma unroll
      for (int s = 0; s < kSteps; ++s) {
        const int element = 32 * s + 8 * quad;
        to[n][s] = load_eight(key + at * a.key.row + element, at < seen && element < a.size);
      }
    }
  }
  FGX_DEVICE_INLINE void load_values(int64_t first, Eight (&to)[kChunks][4]) const {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int64_t at = first + 2 * quad + (i & 1) + 8 * (i / 2);
#pragma unroll
      for (int c = 0; c < kChunks; ++c) {
        const int element = 64 * c + 8 * group;
        to[c][i] =
            load_eight(value + at * a.value.row + element, at < seen && element < a.value_size);
      }
    }
  }

  // Scores of 16 keys to weights, packed as the operand of the second product.
  FGX_DEVICE_INLINE void softmax(int64_t first, float (&scores)[2][4], uint32_t (&weights)[4]) {
    const float natural = static_cast<float>(a.scale);
    float factor[2];
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float top = -__builtin_inff();
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        float& score = scores[i / 2][2 * half + (i & 1)];
        const int64_t at = first + 8 * (i / 2) + 2 * quad + (i & 1);
        if (at >= visible[half]) {
          score = -__builtin_inff();
        } else if (a.has_mask != 0) {
          // The mask is in natural units.
          score = masked(a, mask, mask_row[half] + at * a.mask.element, score * natural) * kLog2E;
        } else {
          score *= natural * kLog2E;
        }
        top = larger(top, score);
      }
      top = larger(quad_max(top), largest[half]);
      const float base = top == -__builtin_inff() ? 0.0f : top;
      factor[half] = largest[half] == top ? 1.0f : exp2_fast(largest[half] - base);
      largest[half] = top;
      total[half] *= factor[half];
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        float& score = scores[i / 2][2 * half + (i & 1)];
        score = exp2_fast(score - base);
        total[half] += score;
      }
      weights[half] = pair_of<Half>(scores[0][2 * half], scores[0][2 * half + 1]);
      weights[half + 2] = pair_of<Half>(scores[1][2 * half], scores[1][2 * half + 1]);
    }
    if (!__any_sync(kAllLanes, factor[0] != 1.0f || factor[1] != 1.0f)) return;
#pragma unroll
    for (int c = 0; c < kChunks; ++c) {
#pragma unroll
      for (int j = 0; j < 8; ++j) {
        sums[c][j][0] *= factor[0];
        sums[c][j][1] *= factor[0];
        sums[c][j][2] *= factor[1];
        sums[c][j][3] *= factor[1];
      }
    }
  }

  // Every step-th block of 16 keys from number `begin` up to `end`.
  FGX_DEVICE_INLINE void walk(int64_t begin, int64_t end, int step) {
    Eight keys[2][kSteps];
    Eight values[kChunks][4];
    if (begin < end) load_keys(begin * gpu::kMatrixKeys, keys);
    for (int64_t block = begin; block < end; block += step) {
      const int64_t first = block * gpu::kMatrixKeys;
      load_values(first, values);
      float scores[2][4] = {};
#pragma unroll
      for (int s = 0; s < kSteps; ++s) {
#pragma unroll
        for (int n = 0; n < 2; ++n) {
          multiply<Half>(scores[n], query[s][0], keys[n][s].word[0], keys[n][s].word[1]);
          multiply<Half>(scores[n], query[s][1], keys[n][s].word[2], keys[n][s].word[3]);
        }
      }
      if (block + step < end) load_keys((block + step) * gpu::kMatrixKeys, keys);
      uint32_t weights[4];
      softmax(first, scores, weights);
#pragma unroll
      for (int c = 0; c < kChunks; ++c) {
#pragma unroll
        for (int j = 0; j < 8; ++j) {
          const uint32_t b0 = pick(values[c][0].word[j / 2], values[c][1].word[j / 2], j);
          const uint32_t b1 = pick(values[c][2].word[j / 2], values[c][3].word[j / 2], j);
          multiply<Half>(sums[c][j], weights, b0, b1);
        }
      }
    }
  }

  // visit(half, element, eight sums) for every run of eight elements that this lane has of its rows.
  template <typename Visit>
  FGX_DEVICE_INLINE void each(Visit visit) const {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
#pragma unroll
      for (int c = 0; c < kChunks; ++c) {
#pragma unroll
        for (int odd = 0; odd < 2; ++odd) {
          float eight[8];
#pragma unroll
          for (int j = 0; j < 8; ++j) eight[j] = sums[c][j][2 * half + odd];
          visit(half, 64 * c + 16 * quad + 8 * odd, eight);
        }
      }
    }
  }
};

template <typename Half>
FGX_DEVICE_INLINE void store_eight(Half* to, const float (&values)[8], float share) {
  Pack<Half, 8> made;
#pragma unroll
  for (int i = 0; i < 8; i += 2) {
    to_halves(values[i] * share, values[i + 1] * share, &made.at[i]);
  }
  *reinterpret_cast<uint4*>(to) = *reinterpret_cast<const uint4*>(&made);
}

template <typename Half, int kSize>
FGX_DEVICE_INLINE void attend_whole(const gpu::AttentionArguments& a, const Half* query,
                                    const Half* key, const Half* value, const void* mask,
                                    Half* out) {
  const int64_t tile_blocks = (a.tiles + gpu::kMatrixWarps - 1) / gpu::kMatrixWarps;
  const int64_t group = blockIdx.x / tile_blocks;
  // Later rows see more keys: they go first.
  const int64_t tile = (tile_blocks - 1 - blockIdx.x % tile_blocks) * gpu::kMatrixWarps +
                       static_cast<int>(threadIdx.x) / 32;
  if (tile >= a.tiles) return;
  const GroupOffsets offsets(a, group);
  const int64_t first_row = tile * gpu::kMatrixRows;
  WarpTile<Half, kSize> warp(a, offsets, first_row, query, key, value, mask);
  warp.walk(0, (warp.seen + gpu::kMatrixKeys - 1) / gpu::kMatrixKeys, 1);
  float share[2];
  Half* to[2];
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const float total = quad_sum(warp.total[half]);
    share[half] = total == 0 ? 0.0f : 1.0f / total;
    const int64_t row = first_row + warp.group + 8 * half;
    to[half] = row < a.rows ? out + offsets.out + GroupRow(a, row).offset(a.out) : nullptr;
  }
  warp.each([&](int half, int element, const float(&eight)[8]) {
    if (to[half] != nullptr && element < a.value_size) {
      store_eight(to[half] + element, eight, share[half]);
    }
  });
}

template <typename Half, int kSize>
FGX_DEVICE_INLINE void attend_split(const gpu::AttentionArguments& a, const Half* query,
                                    const Half* key, const Half* value, const void* mask, Half* out,
                                    float* parts) {
  constexpr int kWarps = gpu::kMatrixWarps;
  constexpr int kRows = gpu::kMatrixRows;
  __shared__ float largest[kWarps][kRows];
  __shared__ float total[kWarps][kRows];
  __shared__ __align__(16) float sums[kWarps][kRows][kSize];
  const int64_t part = blockIdx.x % a.parts;
  const int64_t block = blockIdx.x / a.parts;
  const int64_t tile = block % a.tiles;
  const GroupOffsets offsets(a, block / a.tiles);
  const int64_t first_row = tile * kRows;
  const int number = static_cast<int>(threadIdx.x) / 32;
  {
    WarpTile<Half, kSize> warp(a, offsets, first_row, query, key, value, mask);
    const int64_t blocks = (warp.seen + gpu::kMatrixKeys - 1) / gpu::kMatrixKeys;
    warp.walk(blocks * part / a.parts + number, blocks * (part + 1) / a.parts, kWarps);
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const float all = quad_sum(warp.total[half]);
      if (warp.quad == 0) {
        largest[number][warp.group + 8 * half] = warp.largest[half];
        total[number][warp.group + 8 * half] = all;
      }
    }
    warp.each([&](int half, int element, const float(&eight)[8]) {
      float* const to = &sums[number][warp.group + 8 * half][element];
#pragma unroll
      for (int i = 0; i < 8; ++i) to[i] = eight[i];
    });
  }
  __syncthreads();
  // The warps' shares in order, relative to the largest score of all.
  float* const left =
      parts + static_cast<int64_t>(blockIdx.x) * gpu::part_values(a.tile_rows, a.value_size);
  const int64_t rows = a.rows - first_row < kRows ? a.rows - first_row : kRows;
  for (int64_t i = threadIdx.x; i < rows * a.value_size; i += kWarps * 32) {
    const int row = static_cast<int>(i / a.value_size);
    const int element = static_cast<int>(i % a.value_size);
    float top = largest[0][row];
#pragma unroll
    for (int w = 1; w < kWarps; ++w) top = larger(top, largest[w][row]);
    const float base = top == -__builtin_inff() ? 0.0f : top;
    float sum = 0;
    float all = 0;
#pragma unroll
    for (int w = 0; w < kWarps; ++w) {
      const float factor = exp2_fast(largest[w][row] - base);
      sum += sums[w][row][element] * factor;
      all += total[w][row] * factor;
    }
    if (a.parts > 1) {
      left[i] = sum;
      if (element == 0) {
        constexpr float kLn2 = 0.693147181f;
        left[a.tile_rows * a.value_size + 2 * row] = top * kLn2;
        left[a.tile_rows * a.value_size + 2 * row + 1] = all;
      }
    } else {
      Half* const to = out + offsets.out + GroupRow(a, first_row + row).offset(a.out);
      to[element] = store_as<Half>(all == 0 ? 0.0f : sum / all);
    }
  }
}

}  // namespace fgx::device

#define FGX_MATRIX_ATTENTION(name, Half, size)                                                   \
  extern "C" __global__ void __launch_bounds__(32 * fgx::gpu::kMatrixWarps, 2)                   \
      fgx_attention_whole_##name##_##size(                                                       \
          const fgx::gpu::AttentionArguments arguments, const fgx::device::Half* query,          \
          const fgx::device::Half* key, const fgx::device::Half* value, const void* mask,        \
          fgx::device::Half* out, float*) {                                                      \
    fgx::device::attend_whole<fgx::device::Half, size>(arguments, query, key, value, mask, out); \
  }                                                                                              \
  extern "C" __global__ void __launch_bounds__(32 * fgx::gpu::kMatrixWarps, 2)                   \
      fgx_attention_split_##name##_##size(                                                       \
          const fgx::gpu::AttentionArguments arguments, const fgx::device::Half* query,          \
          const fgx::device::Half* key, const fgx::device::Half* value, const void* mask,        \
          fgx::device::Half* out, float* parts) {                                                \
    fgx::device::attend_split<fgx::device::Half, size>(arguments, query, key, value, mask, out,  \
                                                       parts);                                   \
  }
FGX_MATRIX_ATTENTION(float16, Float16, 64)
FGX_MATRIX_ATTENTION(float16, Float16, 128)
FGX_MATRIX_ATTENTION(bfloat16, BFloat16, 64)
FGX_MATRIX_ATTENTION(bfloat16, BFloat16, 128)
#endif
