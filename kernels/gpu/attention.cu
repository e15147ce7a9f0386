// SPDX-License-Identifier: Apache-2.0
// scaled_dot_product_attention for any types, sizes and strides, with an online softmax: scores never leave the
// multiprocessor.
//
//   fgx_attention_<dtype>(arguments, query, key, value, mask, out, parts)
//   fgx_attention_join_<dtype>(arguments, out, parts)     where the keys were split
//
// A block takes a tile of rows and walks through its keys, 32 at a time, by way of shared memory.
#include "kernels/gpu/attention_rows.h"
#include "kernels/gpu/warp.h"

namespace fgx::device {

constexpr int kKeys = gpu::kAttentionKeys;
constexpr int kPitch =
    kKeys + 1;  // of tiles in shared memory, so that columns lie in different banks

FGX_DEVICE_INLINE float exponential(float x) { return expf(x); }
FGX_DEVICE_INLINE double exponential(double x) { return exp(x); }

template <typename T, typename Join>
FGX_DEVICE_INLINE T join_keys(T value, Join join) {
#pragma unroll
  for (int mask = kKeys / 2; mask > 0; mask /= 2) value = join(value, shuffle_xor(value, mask));
  return value;
}

// A tile of 32 keys x 32 elements of keys or values; what lies outside is zero.
template <typename Storage, typename Compute>
FGX_DEVICE_INLINE void load_tile(Compute* tile, const Storage* from,
                                 const gpu::AttentionArguments::Strides& strides, int64_t keys,
                                 int64_t elements) {
  const int column = static_cast<int>(threadIdx.x) % kKeys;
  for (int key = static_cast<int>(threadIdx.x) / kKeys; key < kKeys; key += gpu::kMostTileRows) {
    Compute value = 0;
    if (key < keys && column < elements) {
      value = load_as<Compute>(from[key * strides.row + column * strides.element]);
    }
    tile[key * kPitch + column] = value;
  }
}

template <typename Storage, typename Compute>
FGX_DEVICE_INLINE void attend(const gpu::AttentionArguments& a, const Storage* query,
                              const Storage* key, const Storage* value, const void* mask,
                              Storage* out, Compute* parts, char* memory) {
  const int thread = static_cast<int>(threadIdx.x);
  const int row = thread / kKeys;
  const int lane = thread % kKeys;
  int64_t block = blockIdx.x;
  const int64_t part = block % a.parts;
  block /= a.parts;
  // Later rows see more keys: they go first.
  const int64_t tile_number = a.tiles - 1 - block % a.tiles;
  const GroupOffsets offsets(a, block / a.tiles);
  const int64_t first_row = tile_number * a.tile_rows;
  const int64_t rows = a.rows - first_row < a.tile_rows ? a.rows - first_row : a.tile_rows;

  Compute* const tile = reinterpret_cast<Compute*>(memory);
  Compute* const weights = tile + kKeys * kPitch;
  Compute* const queries = weights + gpu::kMostTileRows * kPitch;
  Compute* const sums = queries + a.tile_rows * a.size;
  for (int64_t i = thread; i < rows * a.size; i += gpu::kAttentionBlock) {
    const GroupRow r(a, first_row + i / a.size);
    queries[i] =
        load_as<Compute>(query[offsets.query + r.offset(a.query) + i % a.size * a.query.element]);
  }
  for (int64_t i = thread; i < a.tile_rows * a.value_size; i += gpu::kAttentionBlock) sums[i] = 0;
  __syncthreads();

  // Threads of rows that are not there compute the first one's, for nobody.
  const bool own = row < rows;
  const GroupRow r(a, first_row + (own ? row : 0));
  const int64_t visible = r.visible(a);
  int64_t seen = a.keys;
  if (a.causal != 0) {
    seen = 0;
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t other = GroupRow(a, first_row + i).visible(a);
      seen = other > seen ? other : seen;
    }
  }
  const int64_t key_tiles = (seen + kKeys - 1) / kKeys;
  const int64_t last_tile = key_tiles * (part + 1) / a.parts;
  const int64_t mask_row = offsets.mask + r.offset(a.mask);
  const Compute scale = static_cast<Compute>(a.scale);
  constexpr Compute kNothing = -static_cast<Compute>(__builtin_inf());
  Compute largest = kNothing;
  Compute total = 0;

  for (int64_t t = key_tiles * part / a.parts; t < last_tile; ++t) {
    const int64_t first_key = t * kKeys;
    const int64_t count = seen - first_key < kKeys ? seen - first_key : kKeys;
    Compute score = 0;
    for (int64_t e = 0; e < a.size; e += kKeys) {
      const int64_t elements = a.size - e < kKeys ? a.size - e : kKeys;
      __syncthreads();
      load_tile<Storage, Compute>(tile,
                                  key + offsets.key + first_key * a.key.row + e * a.key.element,
                                  a.key, count, elements);
      __syncthreads();
      if (own) {
        for (int i = 0; i < elements; ++i) {
          score += queries[row * a.size + e + i] * tile[lane * kPitch + i];
        }
      }
    }
    score *= scale;
    const bool sees = own && first_key + lane < visible;
    score =
        sees ? masked(a, mask, mask_row + (first_key + lane) * a.mask.element, score) : kNothing;
    // NaN is skipped here, and comes back with the weights.
    const Compute top =
        join_keys(score, [](Compute x, Compute y) { return x > y || y != y ? x : y; });
    const Compute before = largest;
    largest = top > largest ? top : largest;
    const Compute base = largest == kNothing ? Compute(0) : largest;
    const Compute factor = before == largest ? Compute(1) : exponential(before - base);
    const Compute weight = sees ? exponential(score - base) : Compute(0);
    total = total * factor + join_keys(weight, [](Compute x, Compute y) { return x + y; });
    weights[row * kPitch + lane] = weight;
    for (int64_t e = 0; e < a.value_size; e += kKeys) {
      const int64_t elements = a.value_size - e < kKeys ? a.value_size - e : kKeys;
      __syncthreads();
      load_tile<Storage, Compute>(
          tile, value + offsets.value + first_key * a.value.row + e * a.value.element, a.value,
          count, elements);
      __syncthreads();
      if (own && lane < elements) {
        Compute& sum = sums[row * a.value_size + e + lane];
        Compute added = 0;
        for (int i = 0; i < count; ++i)
          added += weights[row * kPitch + i] * tile[i * kPitch + lane];
        sum = sum * factor + added;
      }
    }
  }
  if (!own) return;
  if (a.parts > 1) {
    const int64_t unit = (block / a.tiles * a.tiles + tile_number) * a.parts + part;
    Compute* const to = parts + unit * gpu::part_values(a.tile_rows, a.value_size);
    for (int64_t e = lane; e < a.value_size; e += kKeys) {
      to[row * a.value_size + e] = sums[row * a.value_size + e];
    }
    if (lane == 0) {
      to[a.tile_rows * a.value_size + 2 * row] = largest;
      to[a.tile_rows * a.value_size + 2 * row + 1] = total;
    }
    return;
  }
  Storage* const to = out + offsets.out + r.offset(a.out);
  for (int64_t e = lane; e < a.value_size; e += kKeys) {
    const Compute sum = sums[row * a.value_size + e];
    // A row that saw nothing is zero.
    to[e * a.out.element] = store_as<Storage>(total == 0 ? Compute(0) : sum / total);
  }
}

// Adds up what the parts of a row's keys gave, in order, relative to the largest score of all.
template <typename Storage, typename Compute>
FGX_DEVICE_INLINE void join_parts(const gpu::AttentionArguments& a, Storage* out,
                                  const Compute* parts) {
  __shared__ Compute largest[gpu::kMostParts];
  __shared__ Compute factor[gpu::kMostParts];
  __shared__ Compute total[gpu::kMostParts];
  const int thread = static_cast<int>(threadIdx.x);
  const int64_t group = blockIdx.x / a.rows;
  const int64_t number = blockIdx.x - group * a.rows;
  const int64_t row = number % a.tile_rows;
  const int64_t unit = (group * a.tiles + number / a.tile_rows) * a.parts;
  const int64_t pitch = gpu::part_values(a.tile_rows, a.value_size);
  const Compute* const sums = parts + unit * pitch + row * a.value_size;
  const Compute* const state = parts + unit * pitch + a.tile_rows * a.value_size + 2 * row;
  wait_for_launch_before();
  if (thread < a.parts) {
    largest[thread] = state[thread * pitch];
    total[thread] = state[thread * pitch + 1];
  }
  __syncthreads();
  if (thread < a.parts) {
    Compute top = -static_cast<Compute>(__builtin_inf());
    const Compute nothing = top;
    for (int p = 0; p < a.parts; ++p) top = largest[p] > top ? largest[p] : top;
    factor[thread] = exponential(largest[thread] - (top == nothing ? Compute(0) : top));
  }
  __syncthreads();
  Compute all = 0;
  for (int p = 0; p < a.parts; ++p) all += total[p] * factor[p];
  Storage* const to = out + GroupOffsets(a, group).out + GroupRow(a, number).offset(a.out);
  for (int64_t e = thread; e < a.value_size; e += gpu::kJoinBlock) {
    Compute sum = 0;
#pragma unroll 8
    for (int p = 0; p < a.parts; ++p) sum += sums[p * pitch + e] * factor[p];
    to[e * a.out.element] = store_as<Storage>(all == 0 ? Compute(0) : sum / all);
  }
}

}  // namespace fgx::device

#define FGX_ATTENTION(name, Storage, Compute)                                                   \
  extern "C" __global__ void __launch_bounds__(fgx::gpu::kAttentionBlock) fgx_attention_##name( \
      const fgx::gpu::AttentionArguments arguments, const fgx::device::Storage* query,          \
      const fgx::device::Storage* key, const fgx::device::Storage* value, const void* mask,     \
      fgx::device::Storage* out, Compute* parts) {                                              \
    fgx::device::let_next_launch_begin();                                                       \
    extern __shared__ __align__(16) char memory[];                                              \
    fgx::device::attend<fgx::device::Storage, Compute>(arguments, query, key, value, mask, out, \
                                                       parts, memory);                          \
  }                                                                                             \
  extern "C" __global__ void fgx_attention_join_##name(                                         \
      const fgx::gpu::AttentionArguments arguments, fgx::device::Storage* out,                  \
      const Compute* parts) {                                                                   \
    fgx::device::join_parts(arguments, out, parts);                                             \
  }
FGX_ATTENTION(float32, Float32, float)
FGX_ATTENTION(float16, Float16, float)
FGX_ATTENTION(bfloat16, BFloat16, float)
FGX_ATTENTION(float64, Float64, double)
