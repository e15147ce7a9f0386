// SPDX-License-Identifier: Apache-2.0
// Type rules and launchers of topk and sort.
//
// Elements become unsigned keys, and each key gets its element's index as a lower part, so that no two
// are equal and any way to order them is stable. Values are fetched by index at the end: bits are kept.
#include "kernels/stable/select/order.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>

#include "backend/cpu/thread_pool.h"
#include "base/error.h"
#include "kernels/common/strided.h"
#include "kernels/stable/select/order_kernels.h"
#include "schema/type_rules.h"

namespace fgx {
namespace {

enum OrderArgument { kSelf, kK, kDim, kLargest };
constexpr int kDescending = 3;
constexpr int64_t kShortRow = 256;        // shorter rows are sorted by comparisons
constexpr int64_t kGrainElements = 4096;  // elements worth a thread

// Key and index of an element: one number where the key has 32 bits.
struct Narrow {
  uint64_t bits;
  static Narrow make(uint32_t key, int64_t index) {
    return {static_cast<uint64_t>(key) << 32 | static_cast<uint64_t>(index)};
  }
  uint32_t key() const { return static_cast<uint32_t>(bits >> 32); }
  int64_t index() const { return static_cast<int64_t>(bits & 0xffffffffu); }
  friend bool operator<(Narrow a, Narrow b) { return a.bits < b.bits; }
};
struct Wide {
  uint64_t high;
  uint64_t low;
  static Wide make(uint64_t key, int64_t index) { return {key, static_cast<uint64_t>(index)}; }
  uint64_t key() const { return high; }
  int64_t index() const { return static_cast<int64_t>(low); }
  friend bool operator<(Wide a, Wide b) {
    return a.high < b.high || (a.high == b.high && a.low < b.low);
  }
};

struct State {
  const OrderKernels* kernels;
  DType dtype;
  bool falling;
  int32_t slots;      // rows that may be worked on at once
  int64_t slot_size;  // bytes of workspace each
  int64_t capacity;   // topk: pairs that are kept at once
  int64_t length;     // of a row
  int64_t kept;       // of it
  int64_t rows;
  int64_t x_stride;  // along the row
  int64_t value_stride;
  int64_t index_stride;
  Strided x_outer;  // not merged: parallel to those of the outputs
  Strided value_outer;
  Strided index_outer;
};

void make_keys(const State& state, const char* x, int64_t count, uint32_t* keys) {
  state.kernels->keys32[static_cast<int>(state.dtype)](x, state.x_stride, count, state.falling,
                                                       keys);
}
void make_keys(const State& state, const char* x, int64_t count, uint64_t* keys) {
  state.kernels->keys64[static_cast<int>(state.dtype)](x, state.x_stride, count, state.falling,
                                                       keys);
}
int64_t find_below(const State& state, const uint32_t* keys, int64_t count, uint32_t limit,
                   uint16_t* positions) {
  return state.kernels->below32(keys, count, limit, positions);
}
int64_t find_below(const State& state, const uint64_t* keys, int64_t count, uint64_t limit,
                   uint16_t* positions) {
  return state.kernels->below64(keys, count, limit, positions);
}

// Calls visit(first, count, keys) for a row's tiles.
template <typename Key, typename Visit>
void for_each_tile(const State& state, const char* x, Visit&& visit) {
  alignas(64) Key keys[kOrderTile];
  const int64_t step = state.x_stride * size_of(state.dtype);
  for (int64_t first = 0; first < state.length; first += kOrderTile) {
    const int64_t count = std::min(kOrderTile, state.length - first);
    make_keys(state, x + first * step, count, keys);
    visit(first, count, keys);
  }
}

// Sorts by key alone, least significant digit first: pairs arrive in the order of their indices, and
// every pass keeps the order of equal digits. Returns which of both buffers holds the result.
template <typename Pair>
Pair* sort_by_digits(Pair* from, Pair* to, int64_t count, int key_bits) {
  constexpr int kDigitBits = 11;
  constexpr int kDigits = 1 << kDigitBits;
  constexpr int kMostPasses = 6;
  const int passes = (key_bits + kDigitBits - 1) / kDigitBits;
  uint32_t histogram[kMostPasses][kDigits];
  std::memset(histogram, 0, sizeof(histogram[0]) * static_cast<size_t>(passes));
  for (int64_t i = 0; i < count; ++i) {
    auto key = from[i].key();
    for (int pass = 0; pass < passes; ++pass, key >>= kDigitBits) {
      ++histogram[pass][key & (kDigits - 1)];
    }
  }
  for (int pass = 0; pass < passes; ++pass) {
    const int shift = pass * kDigitBits;
    uint32_t* places = histogram[pass];
    const auto digit = [&](const Pair& pair) { return (pair.key() >> shift) & (kDigits - 1); };
    if (places[digit(from[0])] == static_cast<uint32_t>(count)) continue;  // all are equal
    uint32_t sum = 0;
    for (int d = 0; d < kDigits; ++d) {
      const uint32_t here = places[d];
      places[d] = sum;
      sum += here;
    }
    for (int64_t i = 0; i < count; ++i) to[places[digit(from[i])]++] = from[i];
    std::swap(from, to);
  }
  return from;
}

template <typename Word, typename Pair>
void write_words(const State& state, const char* x, const Pair* pairs, char* values,
                 int64_t* indices) {
  const Word* from = reinterpret_cast<const Word*>(x);
  Word* to = reinterpret_cast<Word*>(values);
  for (int64_t i = 0; i < state.kept; ++i) {
    const int64_t index = pairs[i].index();
    to[i * state.value_stride] = from[index * state.x_stride];
    indices[i * state.index_stride] = index;
  }
}

template <typename Pair>
void write_row(const State& state, const char* x, const Pair* pairs, char* values,
               int64_t* indices) {
  switch (size_of(state.dtype)) {
    case 1:
      return write_words<uint8_t>(state, x, pairs, values, indices);
    case 2:
      return write_words<uint16_t>(state, x, pairs, values, indices);
    case 4:
      return write_words<uint32_t>(state, x, pairs, values, indices);
    default:
      return write_words<uint64_t>(state, x, pairs, values, indices);
  }
}

template <typename Key, typename Pair>
Pair* sort_row(const State& state, const char* x, Pair* pairs) {
  for_each_tile<Key>(state, x, [&](int64_t first, int64_t count, const Key* keys) {
    for (int64_t i = 0; i < count; ++i) pairs[first + i] = Pair::make(keys[i], first + i);
  });
  if (state.length < kShortRow) {
    std::sort(pairs, pairs + state.length);
    return pairs;
  }
  // Keys of narrow types fill only the low bits (falling ones: but for the high ones, all set).
  const int64_t bytes = size_of(state.dtype);
  const bool narrow = bytes < 4 && (is_float(state.dtype) || state.dtype <= DType::kUInt8);
  const int key_bits = static_cast<int>(narrow ? 8 * bytes : 8 * sizeof(Key));
  return sort_by_digits(pairs, pairs + state.length, state.length, key_bits);
}

// Pairs that may be among the smallest gather in a buffer; when it is full, the smallest `kept` stay,
// and from then on only keys below theirs come in: of equal ones the earlier are there already.
template <typename Key, typename Pair>
Pair* select_row(const State& state, const char* x, Pair* pairs) {
  int64_t size = 0;
  bool open = true;  // as long as everything comes in
  Key limit = 0;
  const auto shrink = [&] {
    std::nth_element(pairs, pairs + state.kept - 1, pairs + size);
    size = state.kept;
    limit = pairs[state.kept - 1].key();
    open = false;
  };
  uint16_t positions[kOrderTile + 1];
  for_each_tile<Key>(state, x, [&](int64_t first, int64_t count, const Key* keys) {
    int64_t i = 0;
    for (; i < count && open; ++i) {
      pairs[size++] = Pair::make(keys[i], first + i);
      if (size == state.capacity) shrink();
    }
    if (i == count) return;
    const int64_t found = find_below(state, keys + i, count - i, limit, positions);
    for (int64_t f = 0; f < found; ++f) {
      const int64_t position = i + positions[f];
      if (keys[position] >= limit) continue;  // it has fallen meanwhile
      pairs[size++] = Pair::make(keys[position], first + position);
      if (size == state.capacity) shrink();
    }
  });
  if (size > state.kept) shrink();
  std::sort(pairs, pairs + state.kept);
  return pairs;
}

template <typename Key, typename Pair, Pair* (*kOrder)(const State&, const char*, Pair*)>
void run(const KernelState& kernel_state, const RunArgs& args) {
  const State& state = kernel_state.as<State>();
  const auto needed = static_cast<size_t>(state.slots * state.slot_size);
  if (args.workspace_size < needed) fail(FGX_INTERNAL, "the workspace is too small");
  const int64_t size = size_of(state.dtype);
  const auto run_row = [&](int64_t slot, int64_t row) {
    char* memory = static_cast<char*>(args.workspace) + slot * state.slot_size;
    const char* x = static_cast<const char*>(args.data[0]) + state.x_outer.offset(row) * size;
    const Pair* pairs = kOrder(state, x, reinterpret_cast<Pair*>(memory));
    write_row(state, x, pairs,
              static_cast<char*>(args.data[1]) + state.value_outer.offset(row) * size,
              static_cast<int64_t*>(args.data[2]) + state.index_outer.offset(row));
  };
  // A stretch of rows per turn: the next one goes to whoever is free.
  const int64_t stretch = std::max<int64_t>(1, kGrainElements / state.length);
  const int64_t stretches = (state.rows + stretch - 1) / stretch;
  std::atomic<int64_t> next{0};
  args.pool->parallel_for(
      std::min<int64_t>(state.slots, stretches), 1, [&](int64_t begin, int64_t end) {
        for (int64_t slot = begin; slot < end; ++slot) {
          for (int64_t i = next.fetch_add(1, std::memory_order_relaxed); i < stretches;
               i = next.fetch_add(1, std::memory_order_relaxed)) {
            const int64_t last = std::min(state.rows, (i + 1) * stretch);
            for (int64_t row = i * stretch; row < last; ++row) run_row(slot, row);
          }
        }
      });
}

void run_nothing(const KernelState&, const RunArgs&) {}

int64_t row_length(const TensorView& self, int dim) { return self.ndim == 0 ? 1 : self.shape[dim]; }

int hardware_threads() {
  static const int count = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  return count;
}

int64_t slots_of(const TensorView& self, int64_t length) {
  return std::min<int64_t>(hardware_threads(), self.numel / length);
}

int64_t pair_size(DType dtype) {
  return static_cast<int64_t>(size_of(dtype) == 8 ? sizeof(Wide) : sizeof(Narrow));
}

// Two buffers of a whole row.
int64_t sort_slot(DType dtype, int64_t length) { return 2 * length * pair_size(dtype); }
int64_t topk_capacity(int64_t length, int64_t kept) {
  return std::min(length, std::max(2 * kept, kept + 32));
}

size_t workspace(const TensorView& self, int dim, int64_t kept, bool sorts) {
  const int64_t length = row_length(self, dim);
  if (self.numel == 0 || kept == 0) return 0;
  const int64_t slot =
      sorts ? sort_slot(self.dtype, length) : topk_capacity(length, kept) * pair_size(self.dtype);
  return static_cast<size_t>(slots_of(self, length) * slot);
}

// Fills all but `falling`.
State& prepare_rows(const Call& call, int dim, int64_t kept, KernelState& kernel_state) {
  const TensorView& x = call.tensor(kSelf);
  const TensorView& values = call.outputs()[0];
  const TensorView& indices = call.outputs()[1];
  State& state = kernel_state.emplace<State>();
  state.kernels = &order_kernels_for(best_isa());
  state.dtype = x.dtype;
  state.length = row_length(x, dim);
  state.kept = kept;
  state.capacity = topk_capacity(state.length, kept);
  state.rows = x.numel / state.length;
  state.slots = static_cast<int32_t>(slots_of(x, state.length));
  state.x_stride = x.ndim == 0 ? 1 : x.strides[dim];
  state.value_stride = x.ndim == 0 ? 1 : values.strides[dim];
  state.index_stride = x.ndim == 0 ? 1 : indices.strides[dim];
  for (int d = 0; d < x.ndim; ++d) {
    if (d == dim) continue;
    const int last = state.x_outer.ndim++;
    state.value_outer.ndim = state.index_outer.ndim = state.x_outer.ndim;
    state.x_outer.sizes[last] = state.value_outer.sizes[last] = x.shape[d];
    state.index_outer.sizes[last] = x.shape[d];
    state.x_outer.strides[last] = x.strides[d];
    state.value_outer.strides[last] = values.strides[d];
    state.index_outer.strides[last] = indices.strides[d];
  }
  if (state.length > int64_t{UINT32_MAX}) {
    fail(FGX_SHAPE_NOT_SUPPORTED, "rows have more than 2^32 - 1 elements");
  }
  return state;
}

}  // namespace

void infer_topk(const Call& call, std::vector<OutputSpec>& outputs) {
  const TensorView& self = call.tensor(kSelf);
  require_dtype(call, kSelf, kFloatTypes | kIntegerTypes);
  const int dim = call.normalized_dim(kDim, self.ndim);
  const int64_t k = call.integer(kK);
  const int64_t length = row_length(self, dim);
  if (k < 0 || k > length) {
    fail_argument(FGX_INVALID_ARGUMENT, kK, "k is %lld, but must be in [0, %lld]",
                  static_cast<long long>(k), static_cast<long long>(length));
  }
  Dims shape(self.dims());
  if (self.ndim > 0) shape[static_cast<size_t>(dim)] = k;
  add_output(outputs, self.dtype, shape);
  add_output(outputs, DType::kInt64, shape);
}

void infer_sort(const Call& call, std::vector<OutputSpec>& outputs) {
  const TensorView& self = call.tensor(kSelf);
  call.normalized_dim(kDim, self.ndim);
  add_output(outputs, self.dtype, self.dims());
  add_output(outputs, DType::kInt64, self.dims());
}

size_t topk_workspace(const Call& call) {
  const TensorView& self = call.tensor(kSelf);
  const int64_t kept = self.ndim == 0 ? 1 : call.integer(kK);
  return workspace(self, call.normalized_dim(kDim, self.ndim), kept, false);
}

size_t sort_workspace(const Call& call) {
  const TensorView& self = call.tensor(kSelf);
  return workspace(self, call.normalized_dim(kDim, self.ndim), 1, true);
}

RunFn prepare_topk(const Call& call, KernelState& kernel_state) {
  const TensorView& self = call.tensor(kSelf);
  if (call.outputs()[0].numel == 0) return run_nothing;
  const int64_t kept = self.ndim == 0 ? 1 : call.integer(kK);
  State& state = prepare_rows(call, call.normalized_dim(kDim, self.ndim), kept, kernel_state);
  state.falling = call.flag(kLargest);
  state.slot_size = state.capacity * pair_size(self.dtype);
  if (size_of(self.dtype) == 8) return run<uint64_t, Wide, select_row<uint64_t, Wide>>;
  return run<uint32_t, Narrow, select_row<uint32_t, Narrow>>;
}

RunFn prepare_sort(const Call& call, KernelState& kernel_state) {
  const TensorView& self = call.tensor(kSelf);
  if (self.numel == 0) return run_nothing;
  const int dim = call.normalized_dim(kDim, self.ndim);
  State& state = prepare_rows(call, dim, row_length(self, dim), kernel_state);
  state.falling = call.flag(kDescending);
  state.slot_size = sort_slot(self.dtype, state.length);
  if (size_of(self.dtype) == 8) return run<uint64_t, Wide, sort_row<uint64_t, Wide>>;
  return run<uint32_t, Narrow, sort_row<uint32_t, Narrow>>;
}

}  // namespace fgx
