// SPDX-License-Identifier: Apache-2.0
// scaled_dot_product_attention of many rows of 16-bit types on Hopper's warpgroup products, for heads of up to 128
// contiguous elements and no mask.
//
//   fgx_attention_tiles_<dtype>_<64|128>x<groups>(arguments, query, key, value, out)
//
// Blocks stay, and take tiles of 64 rows for each of their warpgroups but the last, which only copies: a tile's queries,
// then keys and values, 128 at a time from the last visible ones on, as far ahead as there is room, the next tile's
// among them. The others multiply; while one makes weights of its scores, another has the matrix units. The scores of
// the next keys are begun before the last weights meet their values.
#include "kernels/gpu/attention_weights.h"
#include "kernels/gpu/row_vectors.h"
#include "kernels/gpu/warpgroup.h"

#if !defined(__HIP__)
namespace fgx::device {

constexpr int kTileKeys = gpu::kTileKeys;
constexpr int kStages = gpu::kTileStages;

// A block's work: tile number `turn` of those that fall to it.
template <int kRows>
struct RowTile {
  int group, first_row;
  int rows;     // there are in the group, from the first of this tile
  int seen;     // keys that any row sees
  int all_see;  // keys that every row sees
  FGX_DEVICE_INLINE static int number(int turn) {
    // Every other turn in reverse, because work falls off.
    const int blocks = static_cast<int>(gridDim.x);
    const int block = static_cast<int>(blockIdx.x);
    return turn * blocks + (turn % 2 == 0 ? block : blocks - 1 - block);
  }
  FGX_DEVICE_INLINE RowTile(const gpu::FlatAttention& a, int number) {
    // Groups whose keys the last-level cache holds together take turns, a tile each: first those that see most.
    const int section = number / (a.tiles * a.section);
    const int within = number - section * a.tiles * a.section;
    const int together = min(a.section, a.groups - section * a.section);
    const int round = within / together;
    group = section * a.section + within - round * together;
    // A head's tiles are a.run where causality makes them unequal: the last of each head, then those before them.
    const int heads = a.tiles / a.run;
    const int from_last = round / heads;
    first_row = ((round - from_last * heads) * a.run + a.run - 1 - from_last) * kRows;
    rows = a.rows - first_row;
    const SeenKeys keys(a, first_row, min(rows, kRows));
    seen = keys.any;
    all_see = keys.all;
  }
};

// Shared memory of a block.
template <int kSize, int kRows>
struct TileMemory {
  static constexpr int kPanels = kSize / kPanelElements;
  static constexpr int kQueryPanel = kRows * kPanelBytes;
  static constexpr int kKeyPanel = kTileKeys * kPanelBytes;
  static constexpr int kQueryBytes = kPanels * kQueryPanel;
  static constexpr int kKeyBytes = kPanels * kKeyPanel;
  uint32_t query, out, keys, values, barriers;

  FGX_DEVICE_INLINE explicit TileMemory(char* memory) {
    query = (shared_address(memory) + 1023) / 1024 * 1024;
    out = query + kQueryBytes;
    keys = out + kQueryBytes;
    values = keys + kStages * kKeyBytes;
    barriers = values + kStages * kKeyBytes;
  }
  FGX_DEVICE_INLINE uint32_t query_full() const { return barriers; }
  FGX_DEVICE_INLINE uint32_t query_free() const { return barriers + 8; }
  FGX_DEVICE_INLINE uint32_t key_full(int stage) const { return barriers + 16 + 32 * stage; }
  FGX_DEVICE_INLINE uint32_t key_free(int stage) const { return barriers + 24 + 32 * stage; }
  FGX_DEVICE_INLINE uint32_t value_full(int stage) const { return barriers + 32 + 32 * stage; }
  FGX_DEVICE_INLINE uint32_t value_free(int stage) const { return barriers + 40 + 32 * stage; }
};

// The warpgroup that copies: `thread` of 128.
template <typename Half, int kSize, int kRows>
struct TileCopies {
  using Memory = TileMemory<kSize, kRows>;
  static constexpr int kChunks = kSize / 8;           // of a row
  static constexpr int kPass = kWarpgroup / kChunks;  // rows at once
  static_assert(kPass % 8 == 0, "a thread's chunks have the same place in all of its rows");
  const Memory& memory;
  int chunk, row;
  uint32_t pending[3] = {};  // barriers of tiles that are on their way, the last one first

  FGX_DEVICE_INLINE TileCopies(const Memory& where, int thread)
      : memory(where), chunk(thread % kChunks), row(thread / kChunks) {}

  // Those who wait for the tile that was begun kLater tiles before the last one learn that it is there.
  template <int kLater>
  FGX_DEVICE_INLINE void tell(uint32_t barrier) {
    if (barrier == 0) return;
    copies_wait<kLater>();
    copies_to_matrix_units();
    barrier_arrive(barrier);
  }
  FGX_DEVICE_INLINE void tell_all() {
    tell<2>(pending[2]);
    tell<1>(pending[1]);
    tell<0>(pending[0]);
    pending[0] = pending[1] = pending[2] = 0;
  }
  // After the copies of a tile.
  FGX_DEVICE_INLINE void begun(uint32_t full) {
    copies_end();
    tell<3>(pending[2]);
    pending[2] = pending[1];
    pending[1] = pending[0];
    pending[0] = full;
  }
  // Where there is no room yet, all that was begun is told of first: room depends on it.
  FGX_DEVICE_INLINE void wait_for_room(uint32_t free, uint32_t parity) {
    if (__all_sync(kAllLanes, barrier_ended(free, parity))) return;
    tell_all();
    barrier_wait(free, parity);
  }

  FGX_DEVICE_INLINE void queries(const gpu::FlatAttention& a, const RowTile<kRows>& tile,
                                 const Half* from) {
    const uint32_t to = memory.query + chunk_offset(row, chunk, Memory::kQueryPanel);
    const bool inside = 8 * chunk < a.size;
    FlatRow r(a, tile.first_row + row);
#pragma unroll 4
    for (int pass = 0; pass < kRows / kPass; ++pass) {
      const bool there = inside && row + pass * kPass < tile.rows;
      copy_chunk(to + pass * kPass * kPanelBytes,
                 there ? from + r.offset(a.query) + 8 * chunk : from, there);
      r.move(a, kPass);
    }
    begun(memory.query_full());
  }

  // 128 keys (or values) from number `first` of `count`.
  FGX_DEVICE_INLINE void tile(const Half* from, int64_t stride, int size, int first, int count,
                              uint32_t to, uint32_t full) {
    to += chunk_offset(row, chunk, Memory::kKeyPanel);
    const bool inside = 8 * chunk < size;
    const Half* at = from + (first + row) * stride + 8 * chunk;
    if (inside && first + kTileKeys <= count) {
#pragma unroll
      for (int pass = 0; pass < kTileKeys / kPass; ++pass) {
        copy_chunk(to + pass * kPass * kPanelBytes, at, true);
        at += kPass * stride;
      }
    } else {
#pragma unroll
      for (int pass = 0; pass < kTileKeys / kPass; ++pass) {
        const bool there = inside && first + row + pass * kPass < count;
        copy_chunk(to + pass * kPass * kPanelBytes, there ? at : from, there);
        at += kPass * stride;
      }
    }
    begun(full);
  }
};

// A warpgroup's rows: two to a thread.
template <typename Half, int kSize>
struct TileRows {
  static constexpr int kScores = kTileKeys / 2;  // of a thread
  static constexpr int kSums = kSize / 2;
  float scores[kScores];
  float sums[kSums];
  uint32_t weights[kScores / 2];
  float largest[2];
  float total[2];  // this thread's share
  int visible[2];
  float scale;  // to units of log2

  // scores = query keys^T
  template <int kQueryPanel, int kKeyPanel>
  FGX_DEVICE_INLINE void begin_scores(uint32_t query, uint32_t keys) {
#pragma unroll
    for (int step = 0; step < kSize / 16; ++step) {
      const uint32_t along = step % 4 * 32;
      const uint64_t a = panel_descriptor(query + step / 4 * kQueryPanel + along, kPanelBytes);
      const uint64_t b = panel_descriptor(keys + step / 4 * kKeyPanel + along, kPanelBytes);
      if (step == 0) {
        product_of_rows<Half, true>(scores, a, b);
      } else {
        product_of_rows<Half, false>(scores, a, b);
      }
    }
    products_end();
  }
  // sums += weights values
  template <int kKeyPanel>
  FGX_DEVICE_INLINE void begin_sums(uint32_t values) {
#pragma unroll
    for (int step = 0; step < kTileKeys / 16; ++step) {
      product_with_columns<Half>(sums, weights + 4 * step,
                                 panel_descriptor(values + step * 16 * kPanelBytes, kKeyPanel));
    }
    products_end();
  }
  // Scores of keys from number `first`, of which some are not seen by some rows.
  FGX_DEVICE_INLINE void hide(int first) {
    first += static_cast<int>(threadIdx.x) % 4 * 2;
#pragma unroll
    for (int i = 0; i < kScores; ++i) {
      if (first + i / 4 * 8 + (i & 1) >= visible[i / 2 & 1]) scores[i] = kNothing;
    }
  }
  // Scores to weights; factor: what sums so far are to be multiplied by.
  FGX_DEVICE_INLINE void weigh(float (&factor)[2]) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float top = largest[half];
#pragma unroll
      for (int i = 2 * half; i < kScores; i += 4) {
        top = fmaxf(top, fmaxf(scores[i], scores[i + 1]));
      }
      top = quad_max(top);
      const float base = top == kNothing ? 0.0f : top * scale;
      factor[half] = exp2_fast(largest[half] * scale - base);
      largest[half] = top;
      float added = 0;
#pragma unroll
      for (int i = 2 * half; i < kScores; i += 4) {
        scores[i] = exp2_fast(scores[i] * scale - base);
        scores[i + 1] = exp2_fast(scores[i + 1] * scale - base);
        added += scores[i] + scores[i + 1];
      }
      total[half] = total[half] * factor[half] + added;
    }
  }
  FGX_DEVICE_INLINE void pack_weights() {
#pragma unroll
    for (int i = 0; i < kScores; i += 2) {
      weights[i / 2] = pair_of<Half>(scores[i], scores[i + 1]);
    }
  }
  FGX_DEVICE_INLINE void rescale(const float (&factor)[2]) {
    if (!__any_sync(kAllLanes, factor[0] != 1.0f || factor[1] != 1.0f)) return;
#pragma unroll
    for (int i = 0; i < kSums; ++i) sums[i] *= factor[i / 2 & 1];
  }
};

template <typename Half, int kSize, int kGroups>
FGX_DEVICE_INLINE void attend_tiles(const gpu::FlatAttention& a, const Half* query, const Half* key,
                                    const Half* value, Half* out, char* shared) {
  constexpr int kRows = 64 * kGroups;
  using Memory = TileMemory<kSize, kRows>;
  const Memory memory(shared);
  if (threadIdx.x == 0) {
    constexpr int kReaders = 4 * kGroups;  // a lane of each warp
    barrier_init(memory.query_full(), kWarpgroup);
    barrier_init(memory.query_free(), kReaders);
    for (int stage = 0; stage < kStages; ++stage) {
      barrier_init(memory.key_full(stage), kWarpgroup);
      barrier_init(memory.key_free(stage), kReaders);
      barrier_init(memory.value_full(stage), kWarpgroup);
      barrier_init(memory.value_free(stage), kReaders);
    }
  }
  __syncthreads();
  const int tiles = a.groups * a.tiles;
  // The same for all lanes, as the compiler is to know.
  const int warpgroup = __shfl_sync(kAllLanes, static_cast<int>(threadIdx.x) / kWarpgroup, 0);
  int count = 0;  // of tiles of keys
  if (warpgroup == kGroups) {
    if constexpr (kGroups == 2) give_registers<40>();
    if constexpr (kGroups == 3) give_registers<32>();
    TileCopies<Half, kSize, kRows> copies(memory, static_cast<int>(threadIdx.x) % kWarpgroup);
    for (int turn = 0; RowTile<kRows>::number(turn) < tiles; ++turn) {
      const RowTile<kRows> tile(a, RowTile<kRows>::number(turn));
      const FlatOffsets offsets(a, tile.group);
      // The first wait for a free place is none.
      copies.wait_for_room(memory.query_free(), (turn & 1) ^ 1);
      copies.queries(a, tile, query + offsets.query);
      for (int first = (tile.seen - 1) / kTileKeys * kTileKeys; first >= 0 && tile.seen > 0;
           first -= kTileKeys, ++count) {
        const int stage = count % kStages;
        const uint32_t parity = (count / kStages & 1) ^ 1;
        copies.wait_for_room(memory.key_free(stage), parity);
        copies.tile(key + offsets.key, a.key.row, a.size, first, a.keys,
                    memory.keys + stage * Memory::kKeyBytes, memory.key_full(stage));
        copies.wait_for_room(memory.value_free(stage), parity);
        copies.tile(value + offsets.value, a.value.row, a.value_size, first, a.keys,
                    memory.values + stage * Memory::kKeyBytes, memory.value_full(stage));
      }
    }
    copies.tell_all();
    return;
  }

  if constexpr (kGroups == 2) take_registers<232>();
  if constexpr (kGroups == 3) take_registers<160>();
  const int thread = static_cast<int>(threadIdx.x) % kWarpgroup;
  const int lane = thread % 32;
  const int own_row = 16 * (thread / 32) + lane / 4;  // of the warpgroup, and that + 8
  const bool leads = lane == 0;
  const uint32_t queries = memory.query + warpgroup * 64 * kPanelBytes;
  const uint32_t results = memory.out + warpgroup * 64 * kPanelBytes;
  // Turns on the matrix units: barrier 1 + n is warpgroup n's.
  constexpr int kTurnThreads = 2 * kWarpgroup;
  const int own_turn = 1 + warpgroup;
  const int next_turn = 1 + (warpgroup + 1) % kGroups;
  if constexpr (kGroups > 1) {
    if (warpgroup == kGroups - 1) turn_give(next_turn, kTurnThreads);
  }
  TileRows<Half, kSize> rows;
  rows.scale = a.scale * kLog2E;
  for (int turn = 0; RowTile<kRows>::number(turn) < tiles; ++turn) {
    const RowTile<kRows> tile(a, RowTile<kRows>::number(turn));
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int row = tile.first_row + 64 * warpgroup + own_row + 8 * half;
      rows.visible[half] = a.causal != 0 ? FlatRow(a, row).visible(a) : a.keys;
      rows.largest[half] = kNothing;
      rows.total[half] = 0;
    }
#pragma unroll
    for (int i = 0; i < TileRows<Half, kSize>::kSums; ++i) rows.sums[i] = 0;
    float factor[2];
    barrier_wait(memory.query_full(), turn & 1);
    int first = (tile.seen - 1) / kTileKeys * kTileKeys;
    if (tile.seen > 0) {
      const int stage = count % kStages;
      barrier_wait(memory.key_full(stage), count / kStages & 1);
      products_begin();
      rows.template begin_scores<Memory::kQueryPanel, Memory::kKeyPanel>(
          queries, memory.keys + stage * Memory::kKeyBytes);
      products_wait<0>();
      touch(rows.scores);
      if (leads) barrier_arrive(memory.key_free(stage));
      if (first + kTileKeys > tile.all_see) rows.hide(first);
      rows.weigh(factor);
      rows.pack_weights();
    }
    for (first -= kTileKeys; first >= 0; first -= kTileKeys) {
      const int last_stage = count % kStages;
      const uint32_t last_parity = count / kStages & 1;
      ++count;
      const int stage = count % kStages;
      barrier_wait(memory.key_full(stage), count / kStages & 1);
      barrier_wait(memory.value_full(last_stage), last_parity);
      if constexpr (kGroups > 1) turn_wait(own_turn, kTurnThreads);
      products_begin();
      rows.template begin_scores<Memory::kQueryPanel, Memory::kKeyPanel>(
          queries, memory.keys + stage * Memory::kKeyBytes);
      rows.template begin_sums<Memory::kKeyPanel>(memory.values + last_stage * Memory::kKeyBytes);
      if constexpr (kGroups > 1) turn_give(next_turn, kTurnThreads);
      products_wait<1>();
      touch(rows.scores);
      if (leads) barrier_arrive(memory.key_free(stage));
      if (first + kTileKeys > tile.all_see) rows.hide(first);
      rows.weigh(factor);
      touch(rows.scores);  // weights are made before the wait
      products_wait<0>();
      touch(rows.sums);
      if (leads) barrier_arrive(memory.value_free(last_stage));
      rows.pack_weights();
      rows.rescale(factor);
    }
    if (leads) barrier_arrive(memory.query_free());
    if (tile.seen > 0) {
      const int last_stage = count % kStages;
      barrier_wait(memory.value_full(last_stage), count / kStages & 1);
      products_begin();
      rows.template begin_sums<Memory::kKeyPanel>(memory.values + last_stage * Memory::kKeyBytes);
      products_wait<0>();
      touch(rows.sums);
      if (leads) barrier_arrive(memory.value_free(last_stage));
      ++count;
    }

    // Results by way of shared memory, in whole chunks; a warp stays with its own rows.
    float share[2];
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const float total = quad_sum(rows.total[half]);
      share[half] = total == 0 ? 0.0f : 1.0f / total;
    }
#pragma unroll
    for (int i = 0; i < TileRows<Half, kSize>::kSums; i += 2) {
      const int half = i / 2 & 1;
      const uint32_t pair =
          pair_of<Half>(rows.sums[i] * share[half], rows.sums[i + 1] * share[half]);
      const uint32_t to =
          results + chunk_offset(own_row + 8 * half, i / 4, Memory::kQueryPanel) + lane % 4 * 4;
      asm volatile("st.shared.b32 [%0], %1;" ::"r"(to), "r"(pair) : "memory");
    }
    __syncwarp();
    constexpr int kChunks = kSize / 8;
    constexpr int kPass = 32 / kChunks;  // rows of a warp that leave at once
    const int chunk = lane % kChunks;
    const FlatOffsets offsets(a, tile.group);
    const int first_row = thread / 32 * 16 + lane / kChunks;
    FlatRow r(a, tile.first_row + 64 * warpgroup + first_row);
#pragma unroll 4
    for (int pass = 0; pass < 16 / kPass; ++pass) {
      const int row = first_row + pass * kPass;
      if (64 * warpgroup + row < tile.rows && 8 * chunk < a.value_size) {
        uint4 vector;
        asm volatile("ld.shared.v4.b32 {%0, %1, %2, %3}, [%4];"
                     : "=r"(vector.x), "=r"(vector.y), "=r"(vector.z), "=r"(vector.w)
                     : "r"(results + chunk_offset(row, chunk, Memory::kQueryPanel))
                     : "memory");
        *reinterpret_cast<uint4*>(out + offsets.out + r.offset(a.out) + 8 * chunk) = vector;
      }
      r.move(a, kPass);
    }
    __syncwarp();
  }
}

}  // namespace fgx::device

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define FGX_ATTEND_TILES(Half, size, groups)                                                    \
  extern __shared__ char memory[];                                                              \
  fgx::device::attend_tiles<fgx::device::Half, size, groups>(arguments, query, key, value, out, \
                                                             memory);
#else
#define FGX_ATTEND_TILES(Half, size, groups)
#endif
#define FGX_TILE_ATTENTION(name, Half, size, groups)                                              \
  extern "C" __global__ void __launch_bounds__(128 * (groups + 1), 1)                             \
      fgx_attention_tiles_##name##_##size##x##groups(                                             \
          const FGX_IN_PLACE fgx::gpu::FlatAttention arguments, const fgx::device::Half* query,   \
          const fgx::device::Half* key, const fgx::device::Half* value, fgx::device::Half* out) { \
    FGX_ATTEND_TILES(Half, size, groups)                                                          \
  }
FGX_TILE_ATTENTION(float16, Float16, 64, 1)
FGX_TILE_ATTENTION(float16, Float16, 64, 2)
FGX_TILE_ATTENTION(float16, Float16, 64, 3)
FGX_TILE_ATTENTION(float16, Float16, 128, 1)
FGX_TILE_ATTENTION(float16, Float16, 128, 2)
FGX_TILE_ATTENTION(bfloat16, BFloat16, 64, 1)
FGX_TILE_ATTENTION(bfloat16, BFloat16, 64, 2)
FGX_TILE_ATTENTION(bfloat16, BFloat16, 64, 3)
FGX_TILE_ATTENTION(bfloat16, BFloat16, 128, 1)
FGX_TILE_ATTENTION(bfloat16, BFloat16, 128, 2)
#endif
