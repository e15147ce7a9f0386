// SPDX-License-Identifier: Apache-2.0
// index_select, gather and scatter. A unit is 1, 2, 4, 8 or, of gathers, 16 bytes.
//
//   fgx_pick_<bytes>(arguments, table, indices, dense)          units by index; pick_many: several per thread
//   fgx_pick_row_<bytes>(the same)                               four neighbours to a thread, each with its index
//   fgx_put_number_<bytes>(arguments, indices, table, value)    one value to many places
//   fgx_put_walk_<bytes>(arguments, dense, indices, table)      a thread follows the dimension
//   fgx_put_rows_<bytes>(arguments, dense, indices, table, self)  a block has a row; its places are in shared memory
//   fgx_put_clear(places, count), fgx_put_claim(arguments, indices, places),
//   fgx_put_last_<bytes>(arguments, dense, indices, table, places)  anything else, in turn
//
// Where several indices name one place, the last along the dimension wins, whatever the order that threads run in: they
// write in that order, or the largest position claims the place before anything is written. Indices that are out of
// range give `missing`, or are left out.
#include "kernels/gpu/index_arguments.h"
#include "kernels/gpu/real_element.h"
#include "kernels/gpu/unit.h"

namespace fgx::device {

struct IndexPlace {
  int64_t dense, index, table;
};

FGX_DEVICE_INLINE IndexPlace find_place(const gpu::IndexArguments& a, int64_t number) {
  IndexPlace at{};
  for (int d = a.ndim - 1; d > 0; --d) {
    const int64_t next = split(number, a.divide[d], a.sizes[d], a.narrow != 0);
    at.dense += number * a.dense_steps[d];
    at.index += number * a.index_steps[d];
    at.table += number * a.table_steps[d];
    number = next;
  }
  at.dense += number * a.dense_steps[0];
  at.index += number * a.index_steps[0];
  at.table += number * a.table_steps[0];
  return at;
}

FGX_DEVICE_INLINE bool has_place(const gpu::IndexArguments& a, int64_t index) {
  return static_cast<uint64_t>(index) < static_cast<uint64_t>(a.limit);
}

template <typename T, int kTimes>
FGX_DEVICE_INLINE void pick(const gpu::IndexArguments& a, const T* table, const void* indices,
                            T* dense) {
  const int64_t first = static_cast<int64_t>(blockIdx.x) * blockDim.x * kTimes + threadIdx.x;
  const T missing = *reinterpret_cast<const T*>(a.missing);
  IndexPlace at[kTimes];
  int64_t index[kTimes];
#pragma unroll
  for (int t = 0; t < kTimes; ++t) {
    const int64_t number = first + t * static_cast<int64_t>(blockDim.x);
    index[t] = -1;
    if (number < a.count) {
      at[t] = find_place(a, number);
      index[t] = load_index(indices, a.wide_indices != 0, at[t].index);
    }
  }
  T value[kTimes];
#pragma unroll
  for (int t = 0; t < kTimes; ++t) {
    value[t] = missing;
    if (has_place(a, index[t])) value[t] = table[at[t].table + index[t] * a.table_along];
  }
#pragma unroll
  for (int t = 0; t < kTimes; ++t) {
    if (first + t * static_cast<int64_t>(blockDim.x) < a.count) dense[at[t].dense] = value[t];
  }
}

// Units beside each other, whose indices lie beside each other too: one place, few accesses.
template <typename T>
FGX_DEVICE_INLINE void pick_row(const gpu::IndexArguments& a, const T* table, const void* indices,
                                T* dense) {
  constexpr int kTimes = gpu::kIndexUnits;
  const int64_t first = thread_index() * kTimes;
  if (first >= a.count) return;
  const IndexPlace at = find_place(a, first);
  int64_t index[kTimes];
  if (a.wide_indices != 0) {
    const auto* from =
        reinterpret_cast<const Vector<int64_t>*>(static_cast<const int64_t*>(indices) + at.index);
#pragma unroll
    for (int i = 0; i < kTimes; ++i) index[i] = from[i / 2].at[i % 2];
  } else {
    const auto loaded =
        *reinterpret_cast<const Vector<int32_t>*>(static_cast<const int32_t*>(indices) + at.index);
#pragma unroll
    for (int i = 0; i < kTimes; ++i) index[i] = loaded.at[i];
  }
  Pack<T, kTimes> values;
#pragma unroll
  for (int i = 0; i < kTimes; ++i) {
    values.at[i] = *reinterpret_cast<const T*>(a.missing);
    if (has_place(a, index[i])) {
      values.at[i] = table[at.table + i * a.table_inner + index[i] * a.table_along];
    }
  }
  if constexpr (sizeof(T) * kTimes <= 16) {
    *reinterpret_cast<Pack<T, kTimes>*>(dense + at.dense) = values;
  } else {
#pragma unroll
    for (int i = 0; i < kTimes; ++i) dense[at.dense + i] = values.at[i];
  }
}

template <typename T>
FGX_DEVICE_INLINE void put_number(const gpu::IndexArguments& a, const void* indices, T* table,
                                  T value) {
  const int64_t number = thread_index();
  if (number >= a.count) return;
  const IndexPlace at = find_place(a, number);
  const int64_t index = load_index(indices, a.wide_indices != 0, at.index);
  if (has_place(a, index)) table[at.table + index * a.table_along] = value;
}

template <typename T>
FGX_DEVICE_INLINE void put_walk(const gpu::IndexArguments& a, const T* dense, const void* indices,
                                T* table) {
  const int64_t number = thread_index();
  if (number >= a.count) return;
  const IndexPlace at = find_place(a, number);
  constexpr int kAtOnce = 8;
  for (int64_t first = 0; first < a.length; first += kAtOnce) {
    int64_t index[kAtOnce];
    T value[kAtOnce];
#pragma unroll
    for (int i = 0; i < kAtOnce; ++i) {
      if (first + i >= a.length) continue;
      index[i] = load_index(indices, a.wide_indices != 0, at.index + (first + i) * a.index_along);
      value[i] = dense[at.dense + (first + i) * a.dense_along];
    }
#pragma unroll
    for (int i = 0; i < kAtOnce; ++i) {
      if (first + i >= a.length || !has_place(a, index[i])) continue;
      table[at.table + index[i] * a.table_along] = value[i];
    }
  }
}

// Each place of the row learns the last position that names it, counted from 1. self lies as the table does.
template <typename T>
FGX_DEVICE_INLINE void put_rows(const gpu::IndexArguments& a, const T* dense, const void* indices,
                                T* table, const T* self) {
  extern __shared__ uint32_t last[];
  const IndexPlace at = find_place(a, blockIdx.x);
  const auto limit = static_cast<uint32_t>(a.limit);
  for (uint32_t i = threadIdx.x; i < limit; i += blockDim.x) last[i] = 0;
  __syncthreads();
  for (int64_t i = threadIdx.x; i < a.length; i += blockDim.x) {
    const int64_t index = load_index(indices, a.wide_indices != 0, at.index + i * a.index_along);
    if (has_place(a, index)) atomicMax(&last[index], static_cast<uint32_t>(i) + 1);
  }
  __syncthreads();
  for (uint32_t i = threadIdx.x; i < limit; i += blockDim.x) {
    if (last[i] != 0) {
      table[at.table + i * a.table_along] = dense[at.dense + (last[i] - 1) * a.dense_along];
    } else if (a.whole != 0) {
      table[at.table + i * a.table_along] = self[at.table + i * a.table_along];
    }
  }
}

// What a thread has of the indices: its position along the dimension from 1, and the place that is named.
struct Claim {
  IndexPlace at;
  uint32_t position;
  int64_t place;  // -1: the index is out of range
  int64_t index;
};
FGX_DEVICE_INLINE Claim claim_of(const gpu::IndexArguments& a, const void* indices) {
  const int64_t number = thread_index();
  Claim claim{};
  claim.place = -1;
  if (number >= a.count * a.length) return claim;
  const bool along = a.along_first != 0;
  int64_t inner = number;
  const int64_t outer = split(inner, a.divide_first, along ? a.length : a.count, a.narrow != 0);
  const int64_t position = along ? inner : outer;
  const int64_t other = along ? outer : inner;
  claim.at = find_place(a, other);
  claim.position = static_cast<uint32_t>(position) + 1;
  claim.index = load_index(indices, a.wide_indices != 0, claim.at.index + position * a.index_along);
  if (has_place(a, claim.index)) claim.place = claim.index * a.count + other;
  return claim;
}

template <typename T>
FGX_DEVICE_INLINE void put_last(const gpu::IndexArguments& a, const T* dense, const void* indices,
                                T* table, const uint32_t* places) {
  const Claim claim = claim_of(a, indices);
  if (claim.place < 0 || places[claim.place] != claim.position) return;
  table[claim.at.table + claim.index * a.table_along] =
      dense[claim.at.dense + (static_cast<int64_t>(claim.position) - 1) * a.dense_along];
}

}  // namespace fgx::device

extern "C" __global__ void fgx_put_clear(uint32_t* places, int64_t count) {
  const int64_t i = fgx::device::thread_index();
  if (i < count) places[i] = 0;
}
extern "C" __global__ void fgx_put_claim(const fgx::gpu::IndexArguments arguments,
                                         const void* indices, uint32_t* places) {
  const fgx::device::Claim claim = fgx::device::claim_of(arguments, indices);
  if (claim.place >= 0) atomicMax(&places[claim.place], claim.position);
}

#define FGX_PICKS(bytes)                                                                          \
  extern "C" __global__ void fgx_pick_##bytes(                                                    \
      const fgx::gpu::IndexArguments arguments, const fgx::device::Unit<bytes>* table,            \
      const void* indices, fgx::device::Unit<bytes>* dense) {                                     \
    fgx::device::pick<fgx::device::Unit<bytes>, 1>(arguments, table, indices, dense);             \
  }                                                                                               \
  extern "C" __global__ void fgx_pick_many_##bytes(                                               \
      const fgx::gpu::IndexArguments arguments, const fgx::device::Unit<bytes>* table,            \
      const void* indices, fgx::device::Unit<bytes>* dense) {                                     \
    fgx::device::pick<fgx::device::Unit<bytes>, fgx::gpu::kIndexUnits>(arguments, table, indices, \
                                                                       dense);                    \
  }
#define FGX_PUTS(bytes)                                                                \
  FGX_PICKS(bytes)                                                                     \
  extern "C" __global__ void fgx_pick_row_##bytes(                                     \
      const fgx::gpu::IndexArguments arguments, const fgx::device::Unit<bytes>* table, \
      const void* indices, fgx::device::Unit<bytes>* dense) {                          \
    fgx::device::pick_row(arguments, table, indices, dense);                           \
  }                                                                                    \
  extern "C" __global__ void fgx_put_number_##bytes(                                   \
      const fgx::gpu::IndexArguments arguments, const void* indices,                   \
      fgx::device::Unit<bytes>* table, fgx::device::Unit<bytes> value) {               \
    fgx::device::put_number(arguments, indices, table, value);                         \
  }                                                                                    \
  extern "C" __global__ void fgx_put_walk_##bytes(                                     \
      const fgx::gpu::IndexArguments arguments, const fgx::device::Unit<bytes>* dense, \
      const void* indices, fgx::device::Unit<bytes>* table) {                          \
    fgx::device::put_walk(arguments, dense, indices, table);                           \
  }                                                                                    \
  extern "C" __global__ void fgx_put_rows_##bytes(                                     \
      const fgx::gpu::IndexArguments arguments, const fgx::device::Unit<bytes>* dense, \
      const void* indices, fgx::device::Unit<bytes>* table,                            \
      const fgx::device::Unit<bytes>* self) {                                          \
    fgx::device::put_rows(arguments, dense, indices, table, self);                     \
  }                                                                                    \
  extern "C" __global__ void fgx_put_last_##bytes(                                     \
      const fgx::gpu::IndexArguments arguments, const fgx::device::Unit<bytes>* dense, \
      const void* indices, fgx::device::Unit<bytes>* table, const uint32_t* places) {  \
    fgx::device::put_last(arguments, dense, indices, table, places);                   \
  }
FGX_PUTS(1)
FGX_PUTS(2)
FGX_PUTS(4)
FGX_PUTS(8)
FGX_PICKS(16)
