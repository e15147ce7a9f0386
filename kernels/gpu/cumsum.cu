// SPDX-License-Identifier: Apache-2.0
// cumsum.
//
//   fgx_cumsum_rows_<1, 4>_<type>(arguments, x, y)     a row within a block, 1 or 4 vectors to each of its threads
//   fgx_cumsum_long_<type>(arguments, x, y, words)     a tile of a longer row to each block, read once
//   fgx_cumsum_clear(words, count)                     before that
//   fgx_cumsum_pieces_<type>(arguments, x, sums)       sums of the pieces of columns
//   fgx_cumsum_columns_<type>(arguments, x, y, sums)   a column, or a piece of one, to each thread; any strides
//
// <type>: of both x and y; or to_<type of the sums>, for any two types. Sums are float32 for 16-bit types.
//
// All sums are added in an order that the length of a row fixes, so that results are the same in every run and
// whatever other rows there are. A tile needs the sum of all tiles before it: those of its group of tiles are added by a
// block's fixed tree, and the sum of all groups before is handed on from group to group (D. Merrill, M. Garland,
// "Single-pass parallel prefix scan with decoupled look-back", 2016, whose window does depend on timing).
#include "kernels/gpu/cumsum_arguments.h"
#include "kernels/gpu/element.h"
#include "kernels/gpu/in_order.h"
#include "kernels/gpu/real_element.h"
#include "kernels/gpu/unit.h"
#include "kernels/gpu/warp.h"

namespace fgx::device {

struct RowPlace {
  int64_t x, y;
};
FGX_DEVICE_INLINE RowPlace row_place(const gpu::CumsumArguments& a, int64_t row) {
  RowPlace at{};
  for (int d = a.ndim - 1; d >= 0; --d) {
    const int64_t next = d > 0 ? split(row, a.divide[d], a.sizes[d], a.narrow != 0) : 0;
    at.x += row * a.x_steps[d];
    at.y += row * a.y_steps[d];
    row = next;
  }
  return at;
}

// Elements of one type in memory.
template <typename T, typename C>
struct Typed {
  using Compute = C;
  static constexpr int kSize = 16 / sizeof(T);
  static FGX_DEVICE_INLINE Compute load(const gpu::CumsumArguments&, const void* x, int64_t at) {
    return load_as<Compute>(static_cast<const T*>(x)[at]);
  }
  static FGX_DEVICE_INLINE void store(const gpu::CumsumArguments&, void* y, int64_t at,
                                      Compute value) {
    static_cast<T*>(y)[at] = store_as<T>(value);
  }
  using Raw = Vector<T>;
  static FGX_DEVICE_INLINE Raw zeros() {
    Raw raw;
#pragma unroll
    for (int i = 0; i < kSize; ++i) raw.at[i] = store_as<T>(Compute(0));
    return raw;
  }
  static FGX_DEVICE_INLINE Compute get(const Raw& raw, int i) {
    return load_as<Compute>(raw.at[i]);
  }
  static FGX_DEVICE_INLINE void load_into(const gpu::CumsumArguments&, Raw& raw, int i,
                                          const void* x, int64_t at) {
    raw.at[i] = static_cast<const T*>(x)[at];
  }
  static FGX_DEVICE_INLINE void load_vector(Raw& raw, const void* x, int64_t at) {
    raw = *reinterpret_cast<const Raw*>(static_cast<const T*>(x) + at);
  }
  static FGX_DEVICE_INLINE void store_vector(void* y, int64_t at, const Compute (&values)[kSize]) {
    Raw vector;
#pragma unroll
    for (int i = 0; i < kSize; ++i) vector.at[i] = store_as<T>(values[i]);
    *reinterpret_cast<Raw*>(static_cast<T*>(y) + at) = vector;
  }
};

// Elements of two types that are known when it runs; they become the result's type before they are added.
template <typename C>
struct Any {
  using Compute = C;
  static constexpr int kSize = 2;
  static FGX_DEVICE_INLINE Compute load(const gpu::CumsumArguments& a, const void* x, int64_t at) {
    return load_converted<Compute>(x, a.x_type, at, a.y_type);
  }
  static FGX_DEVICE_INLINE void store(const gpu::CumsumArguments& a, void* y, int64_t at,
                                      Compute value) {
    store_element<Compute>(y, a.y_type, at, value);
  }
  using Raw = Pack<Compute, kSize>;
  static FGX_DEVICE_INLINE Raw zeros() { return {}; }
  static FGX_DEVICE_INLINE Compute get(const Raw& raw, int i) { return raw.at[i]; }
  static FGX_DEVICE_INLINE void load_into(const gpu::CumsumArguments& a, Raw& raw, int i,
                                          const void* x, int64_t at) {
    raw.at[i] = load(a, x, at);
  }
  static FGX_DEVICE_INLINE void load_vector(Raw&, const void*, int64_t) {}
  static FGX_DEVICE_INLINE void store_vector(void*, int64_t, const Compute (&)[kSize]) {}
};

// --------------------------------------------------------------------------------- within a block

// The vectors of a thread: number round * threads + thread of the tile that begins at `first`. They stay as they were
// loaded: sums within a vector are made when they are wanted.
template <typename Io, int kRounds>
struct Tile {
  using Compute = typename Io::Compute;
  static constexpr int kSize = Io::kSize;
  typename Io::Raw vectors[kRounds];

  static FGX_DEVICE_INLINE int64_t at(int64_t first, int threads, int thread, int round) {
    return first + (static_cast<int64_t>(round) * threads + thread) * kSize;
  }

  FGX_DEVICE_INLINE void load(const gpu::CumsumArguments& a, const void* x, int64_t x_at,
                              int64_t first, int threads, int thread) {
#pragma unroll
    for (int r = 0; r < kRounds; ++r) {
      const int64_t begin = at(first, threads, thread, r);
      vectors[r] = Io::zeros();
      if (a.vectors != 0) {
        if (begin < a.length) Io::load_vector(vectors[r], x, x_at + begin);
        continue;
      }
#pragma unroll
      for (int i = 0; i < kSize; ++i) {
        if (begin + i < a.length) {
          Io::load_into(a, vectors[r], i, x, x_at + (begin + i) * a.x_along);
        }
      }
    }
  }

  // Sums within each vector, to which `before` is added.
  FGX_DEVICE_INLINE void store(const gpu::CumsumArguments& a, void* y, int64_t y_at, int64_t first,
                               int threads, int thread, const Compute (&before)[kRounds]) const {
#pragma unroll
    for (int r = 0; r < kRounds; ++r) {
      const int64_t begin = at(first, threads, thread, r);
      Compute values[kSize];
      Compute sum = Io::get(vectors[r], 0);
#pragma unroll
      for (int i = 0; i < kSize; ++i) {
        if (i > 0) sum += Io::get(vectors[r], i);
        values[i] = before[r] + sum;
      }
      if (a.vectors != 0) {
        if (begin < a.length) Io::store_vector(y, y_at + begin, values);
        continue;
      }
#pragma unroll
      for (int i = 0; i < kSize; ++i) {
        if (begin + i < a.length) Io::store(a, y, y_at + (begin + i) * a.y_along, values[i]);
      }
    }
  }

  // For each round, what the threads of `width` before this one have in it, and the same with this thread's.
  FGX_DEVICE_INLINE void scan_lanes(int width, Compute (&before)[kRounds],
                                    Compute (&sums)[kRounds]) {
    const int lane = static_cast<int>(threadIdx.x) & (width - 1);
#pragma unroll
    for (int r = 0; r < kRounds; ++r) {
      sums[r] = Io::get(vectors[r], 0);
#pragma unroll
      for (int i = 1; i < kSize; ++i) sums[r] += Io::get(vectors[r], i);
    }
    for (int distance = 1; distance < width; distance *= 2) {
#pragma unroll
      for (int r = 0; r < kRounds; ++r) {
        const Compute other = shuffle_up(sums[r], distance, width);
        if (lane >= distance) sums[r] = other + sums[r];
      }
    }
#pragma unroll
    for (int r = 0; r < kRounds; ++r) {
      before[r] = shuffle_up(sums[r], 1, width);
      if (lane == 0) before[r] = Compute(0);
    }
  }

  // The whole block has one tile: for each round, what lies before this thread's vector in it. Returns the tile's sum. `memory`: a sum for each round and warp, and one.
  FGX_DEVICE_INLINE Compute scan_block(Compute* memory, Compute (&before)[kRounds]) {
    const int thread = static_cast<int>(threadIdx.x);
    const int warps = static_cast<int>(blockDim.x) / kWarp;
    const int lane = thread % kWarp;
    const int warp = thread / kWarp;
    Compute sums[kRounds];
    scan_lanes(kWarp, before, sums);
    if (lane == kWarp - 1) {
#pragma unroll
      for (int r = 0; r < kRounds; ++r) memory[r * warps + warp] = sums[r];
    }
    __syncthreads();
    const int count = kRounds * warps;
    if (warp == 0) {
      Compute carry = Compute(0);
      for (int first = 0; first < count; first += kWarp) {
        Compute sum = first + lane < count ? memory[first + lane] : Compute(0);
        for (int distance = 1; distance < kWarp; distance *= 2) {
          const Compute other = shuffle_up(sum, distance);
          if (lane >= distance) sum = other + sum;
        }
        Compute prefix = shuffle_up(sum, 1);
        prefix = lane == 0 ? carry : carry + prefix;
        if (first + lane < count) memory[first + lane] = prefix;
        // The last lane's sum, to all.
        carry = carry + last_lane(sum);
      }
      if (lane == 0) memory[count] = carry;
    }
    __syncthreads();
#pragma unroll
    for (int r = 0; r < kRounds; ++r) before[r] = memory[r * warps + warp] + before[r];
    return memory[count];
  }

  static FGX_DEVICE_INLINE Compute last_lane(Compute value) {
    // Shuffles from lane to lane only know distances: the last lane's value, or nothing, added up.
    const int lane = static_cast<int>(threadIdx.x) % kWarp;
    Compute mine = lane == kWarp - 1 ? value : Compute(0);
#pragma unroll
    for (int mask = kWarp / 2; mask > 0; mask /= 2) {
      const Compute other = shuffle_xor(mine, mask);
      if ((lane & mask) == 0) mine = other;
    }
    return mine;
  }
};

template <typename Compute>
constexpr int kMostSums = gpu::kCumsumRounds* gpu::kMostCumsumThreads / kWarp + 1;

template <typename Io, int kRounds>
FGX_DEVICE_INLINE void cumsum_rows(const gpu::CumsumArguments& a, const void* x, void* y) {
  using Compute = typename Io::Compute;
  __shared__ Compute memory[kMostSums<Compute>];
  const int threads = a.threads;
  const int thread = static_cast<int>(threadIdx.x) & (threads - 1);
  const int64_t row = static_cast<int64_t>(blockIdx.x) * (blockDim.x / threads) +
                      static_cast<int>(threadIdx.x) / threads;
  Tile<Io, kRounds> tile;
  Compute before[kRounds];
  if (threads > kWarp) {
    const RowPlace at = row_place(a, row);
    tile.load(a, x, at.x, 0, threads, thread);
    tile.scan_block(memory, before);
    tile.store(a, y, at.y, 0, threads, thread, before);
    return;
  }
  const bool exists = row < a.rows;
  const RowPlace at = row_place(a, exists ? row : 0);
  tile.load(a, x, at.x, 0, threads, thread);
  Compute sums[kRounds];
  tile.scan_lanes(threads, before, sums);
  if constexpr (kRounds > 1) {
    // Each round's sum is that of its last thread.
    Compute carry = Compute(0);
#pragma unroll
    for (int r = 0; r < kRounds; ++r) {
      before[r] = carry + before[r];
      Compute sum = thread == threads - 1 ? sums[r] : Compute(0);
      for (int mask = threads / 2; mask > 0; mask /= 2) {
        const Compute other = shuffle_xor(sum, mask);
        if ((thread & mask) == 0) sum = other;
      }
      carry = carry + sum;
    }
  }
  if (exists) tile.store(a, y, at.y, 0, threads, thread, before);
}

// -------------------------------------------------------------------------------- between blocks

// A sum as words that say of themselves whether they have been written: half of it, and a mark.
constexpr uint64_t kWritten = uint64_t{1} << 32;
template <typename Compute>
FGX_DEVICE_INLINE void leave(uint64_t* words, Compute sum) {
  if constexpr (sizeof(Compute) == 4) {
    leave_word(words, kWritten | __builtin_bit_cast(uint32_t, sum));
  } else {
    const auto bits = __builtin_bit_cast(uint64_t, sum);
    leave_word(words, kWritten | static_cast<uint32_t>(bits));
    leave_word(words + 1, kWritten | bits >> 32);
  }
}
template <typename Compute>
FGX_DEVICE_INLINE Compute await(const uint64_t* words) {
  if constexpr (sizeof(Compute) == 4) {
    return __builtin_bit_cast(Compute, static_cast<uint32_t>(await_word(words)));
  } else {
    const auto low = static_cast<uint32_t>(await_word(words));
    return __builtin_bit_cast(Compute, await_word(words + 1) << 32 | low);
  }
}

// Words: the number of the next block (block_in_order), then for each tile its sum, then for each group of tiles of a row the sum of
// all before it.
template <typename Io>
FGX_DEVICE_INLINE void cumsum_long(const gpu::CumsumArguments& a, const void* x, void* y,
                                   uint64_t* words) {
  using Compute = typename Io::Compute;
  constexpr int kRounds = gpu::kCumsumLongRounds;
  constexpr int kThreads = gpu::kCumsumTileThreads;
  constexpr int kWarpsOfGroup = gpu::kCumsumGroup / kWarp;
  static_assert(gpu::kCumsumGroup % kWarp == 0);
  __shared__ Compute memory[kRounds * kThreads / kWarp + 1];
  __shared__ Compute parts[kWarpsOfGroup];
  __shared__ Compute group_before;
  const int thread = static_cast<int>(threadIdx.x);
  const int64_t number = block_in_order(reinterpret_cast<uint32_t*>(words));
  const int64_t row = number / a.tiles;
  const int64_t index = number - row * a.tiles;
  uint64_t* const tile_words = words + gpu::kCumsumWords;
  const int64_t groups = (a.tiles - 1) / gpu::kCumsumGroup + 1;
  uint64_t* const group_words = tile_words + gpu::kCumsumWords * (a.rows * a.tiles + row * groups);
  const RowPlace at = row_place(a, row);
  const int64_t first = index * (int64_t{kThreads} * kRounds * Io::kSize);
  Tile<Io, kRounds> tile;
  Compute before[kRounds];
  tile.load(a, x, at.x, first, kThreads, thread);
  const Compute own = tile.scan_block(memory, before);
  if (thread == 0) leave(tile_words + gpu::kCumsumWords * number, own);
  const int64_t group = index / gpu::kCumsumGroup;
  const int place = static_cast<int>(index - group * gpu::kCumsumGroup);
  if (thread < gpu::kCumsumGroup) {
    Compute sum = Compute(0);
    if (thread < place) {
      sum = await<Compute>(tile_words + gpu::kCumsumWords * (number - place + thread));
    }
    sum = warp_sum(sum);
    if (thread % kWarp == 0) parts[thread / kWarp] = sum;
  }
  if (thread == gpu::kCumsumGroup) {
    group_before =
        group == 0 ? Compute(0) : await<Compute>(group_words + gpu::kCumsumWords * group);
  }
  __syncthreads();
  Compute carry = parts[0];
#pragma unroll
  for (int w = 1; w < kWarpsOfGroup; ++w) carry += parts[w];
  carry = group_before + carry;
  if (thread == 0 && place == gpu::kCumsumGroup - 1 && index + 1 < a.tiles) {
    leave(group_words + gpu::kCumsumWords * (group + 1), carry + own);
  }
#pragma unroll
  for (int r = 0; r < kRounds; ++r) before[r] = carry + before[r];
  tile.store(a, y, at.y, first, kThreads, thread, before);
}

// --------------------------------------------------------------------------------------- columns

// A thread adds up one piece, or all pieces in turn; the order of additions is the same.
template <typename Io>
FGX_DEVICE_INLINE typename Io::Compute walk_piece(const gpu::CumsumArguments& a, const void* x,
                                                  int64_t x_at, int64_t count, void* y,
                                                  int64_t y_at, typename Io::Compute carry) {
  using Compute = typename Io::Compute;
  constexpr int kAtOnce = 8;
  Compute sum = Compute(0);
  for (int64_t first = 0; first < count; first += kAtOnce) {
    Compute values[kAtOnce];
#pragma unroll
    for (int i = 0; i < kAtOnce; ++i) {
      values[i] = first + i < count ? Io::load(a, x, x_at + (first + i) * a.x_along) : Compute(0);
    }
#pragma unroll
    for (int i = 0; i < kAtOnce; ++i) {
      sum += values[i];
      if (y != nullptr && first + i < count) {
        Io::store(a, y, y_at + (first + i) * a.y_along, carry + sum);
      }
    }
  }
  return sum;
}

FGX_DEVICE_INLINE int64_t piece_length(const gpu::CumsumArguments& a, int64_t piece) {
  const int64_t rest = a.length - piece * a.piece;
  return rest < a.piece ? rest : a.piece;
}

template <typename Io>
FGX_DEVICE_INLINE void cumsum_pieces(const gpu::CumsumArguments& a, const void* x,
                                     typename Io::Compute* sums) {
  const int64_t row = thread_index();
  if (row >= a.rows) return;
  const RowPlace at = row_place(a, row);
  const int64_t piece = blockIdx.y;
  sums[piece * a.rows + row] =
      walk_piece<Io>(a, x, at.x + piece * a.piece * a.x_along, piece_length(a, piece), nullptr, 0,
                     typename Io::Compute(0));
}

template <typename Io>
FGX_DEVICE_INLINE void cumsum_columns(const gpu::CumsumArguments& a, const void* x, void* y,
                                      const typename Io::Compute* sums) {
  using Compute = typename Io::Compute;
  const int64_t row = thread_index();
  if (row >= a.rows) return;
  const RowPlace at = row_place(a, row);
  Compute carry = Compute(0);
  int64_t begin = 0;
  int64_t end = a.pieces;
  if (a.split != 0) {
    begin = blockIdx.y;
    end = begin + 1;
    for (int64_t piece = 0; piece < begin; ++piece) carry = carry + sums[piece * a.rows + row];
  }
  for (int64_t piece = begin; piece < end; ++piece) {
    const int64_t first = piece * a.piece;
    carry = carry + walk_piece<Io>(a, x, at.x + first * a.x_along, piece_length(a, piece), y,
                                   at.y + first * a.y_along, carry);
  }
}

}  // namespace fgx::device

extern "C" __global__ void fgx_cumsum_clear(uint64_t* words, int64_t count) {
  const int64_t i = fgx::device::thread_index();
  if (i < count) words[i] = 0;
}

#define FGX_CUMSUM(name, ...)                                                                     \
  extern "C" __global__ void __launch_bounds__(fgx::gpu::kMostCumsumThreads)                      \
      fgx_cumsum_rows_1_##name(const fgx::gpu::CumsumArguments arguments, const void* x,          \
                               void* y) {                                                         \
    fgx::device::cumsum_rows<fgx::device::__VA_ARGS__, 1>(arguments, x, y);                       \
  }                                                                                               \
  extern "C" __global__ void __launch_bounds__(fgx::gpu::kMostCumsumThreads)                      \
      fgx_cumsum_rows_4_##name(const fgx::gpu::CumsumArguments arguments, const void* x,          \
                               void* y) {                                                         \
    fgx::device::cumsum_rows<fgx::device::__VA_ARGS__, fgx::gpu::kCumsumRounds>(arguments, x, y); \
  }                                                                                               \
  extern "C" __global__ void __launch_bounds__(fgx::gpu::kCumsumTileThreads, 3)                   \
      fgx_cumsum_long_##name(const fgx::gpu::CumsumArguments arguments, const void* x, void* y,   \
                             uint64_t* words) {                                                   \
    fgx::device::cumsum_long<fgx::device::__VA_ARGS__>(arguments, x, y, words);                   \
  }                                                                                               \
  extern "C" __global__ void fgx_cumsum_pieces_##name(const fgx::gpu::CumsumArguments arguments,  \
                                                      const void* x,                              \
                                                      fgx::device::__VA_ARGS__::Compute* sums) {  \
    fgx::device::cumsum_pieces<fgx::device::__VA_ARGS__>(arguments, x, sums);                     \
  }                                                                                               \
  extern "C" __global__ void fgx_cumsum_columns_##name(                                           \
      const fgx::gpu::CumsumArguments arguments, const void* x, void* y,                          \
      const fgx::device::__VA_ARGS__::Compute* sums) {                                            \
    fgx::device::cumsum_columns<fgx::device::__VA_ARGS__>(arguments, x, y, sums);                 \
  }
FGX_CUMSUM(float32, Typed<float, float>)
FGX_CUMSUM(float16, Typed<fgx::device::Float16, float>)
FGX_CUMSUM(bfloat16, Typed<fgx::device::BFloat16, float>)
FGX_CUMSUM(float64, Typed<double, double>)
FGX_CUMSUM(int64, Typed<int64_t, int64_t>)
FGX_CUMSUM(to_float, Any<float>)
FGX_CUMSUM(to_double, Any<double>)
FGX_CUMSUM(to_int64, Any<int64_t>)
