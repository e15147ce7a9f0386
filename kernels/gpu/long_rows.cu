// SPDX-License-Identifier: Apache-2.0
// softmax, log_softmax, layer_norm, rms_norm and fused_add_rms_norm of rows too long for the registers of one block:
// clusters of blocks that stay and take row after row. A ring in shared memory is filled ahead by asynchronous copies, of
// which a thread reads only its own; what arrives goes to registers at once and stays there until it is written, so that
// the ring fills while the row is reduced and written. Warps exchange their part of a row's reduction over the cluster,
// without a barrier of the block. A block's part of the parameters stays in shared memory. Needs clusters; elsewhere
// such rows are read again.
#include "kernels/gpu/cluster_messages.h"
#include "kernels/gpu/norm_rows.h"
#include "kernels/gpu/softmax_rows.h"

#if defined(FGX_CLUSTERS)
namespace fgx::device {

// ---- a block's part of a row -----------------------------------------------------------------------

inline constexpr int kWarps = gpu::kLongThreads / kWarpWidth;
// Vectors of a thread that are fetched and waited for together; for a warp, a run of memory.
inline constexpr int kAtOnce = gpu::kLongAtOnce;
inline constexpr int kWarpBytes = kAtOnce * kWarpWidth * 16;
inline constexpr int kGroupBytes = kWarps * kWarpBytes;

// Which vectors of a row a thread has. They depend on the row's length and the number of blocks alone.
template <typename T>
struct LongPart {
  static constexpr int kSize = Vector<T>::kSize;
  int groups;  // of the block
  int first;   // this thread's first element
  int left;    // elements of the row from there on
  FGX_DEVICE_INLINE explicit LongPart(int length) {
    const int whole = static_cast<int>(cluster_size()) * gpu::kLongThreads * kAtOnce * kSize;
    groups = (length - 1) / whole + 1;
    const int thread = static_cast<int>(threadIdx.x);
    const int before = (static_cast<int>(cluster_rank()) * groups * kWarps + thread / kWarpWidth) *
                       kAtOnce * kWarpWidth;
    first = (before + thread % kWarpWidth) * kSize;
    left = length - first;
  }
  FGX_DEVICE_INLINE static constexpr int offset(int j) {
    return (j / kAtOnce * kWarps * kAtOnce + j % kAtOnce) * kWarpWidth * kSize;
  }
  FGX_DEVICE_INLINE bool has(int j) const { return j / kAtOnce < groups && left > offset(j); }
};

// Where a thread's vectors of the rows to come arrive, kStreams of each. A slot is fetched into again as soon as it was
// read.
template <int kStreams, int kGroups, typename T>
struct Ring {
  uint32_t slots;           // this thread's first
  const T* from[kStreams];  // this thread's first element of the row that is fetched
  int64_t row_step;
  int64_t rows;  // still to be fetched
  const LongPart<T>& part;
  int next = 0;  // group that is fetched
  int turn = 0;  // place in the ring

  FGX_DEVICE_INLINE void fetch() {
    if (rows > 0) {
#pragma unroll
      for (int i = 0; i < kAtOnce; ++i) {
        const int offset = next * LongPart<T>::offset(kAtOnce) + LongPart<T>::offset(i);
        if (part.left <= offset) continue;
#pragma unroll
        for (int s = 0; s < kStreams; ++s) {
          asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(slot(i, s)),
                       "l"(from[s] + offset)
                       : "memory");
        }
      }
      if (++next == part.groups) {
        next = 0;
        --rows;
#pragma unroll
        for (int s = 0; s < kStreams; ++s) from[s] += row_step;
      }
    }
    // Empty groups too, so that as many are under way at every wait.
    asm volatile("cp.async.commit_group;" ::: "memory");
  }
  FGX_DEVICE_INLINE void await() const {
    asm volatile("cp.async.wait_group %0;" ::"n"(kGroups - 1) : "memory");
  }
  FGX_DEVICE_INLINE HeldVector<T> get(int i, int stream) const {
    HeldVector<T> vector;
    asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(vector.words[0]), "=r"(vector.words[1]), "=r"(vector.words[2]),
                   "=r"(vector.words[3])
                 : "r"(slot(i, stream))
                 : "memory");
    return vector;
  }
  FGX_DEVICE_INLINE void step() { turn = turn + 1 < kGroups ? turn + 1 : 0; }

 private:
  FGX_DEVICE_INLINE uint32_t slot(int i, int stream) const {
    return slots + (stream * kGroups + turn) * kGroupBytes + i * kWarpWidth * 16;
  }
};

// Merges states over a row: each warp sends its own to every block of the cluster, and merges all of them, in one order,
// once they are there. By turns in two places: a warp that sends for the row after the next has what all others sent
// for the next, and they did after they had read this one's.
template <typename State>
struct Exchange {
  State* places;
  uint32_t barriers;
  int count;  // warps of the cluster
  uint32_t turn = 0;
  uint32_t parity = 0;

  FGX_DEVICE_INLINE void begin() const {
    for (int i = 0; i < 2; ++i) make_barrier(barriers + 8 * i);
  }
  FGX_DEVICE_INLINE void expect(uint32_t which) const {
    expect_bytes(barriers + 8 * which, count * static_cast<int>(sizeof(State)));
  }
  template <typename Merge>
  FGX_DEVICE_INLINE State operator()(State state, Merge merge) {
    static_assert(sizeof(State) % 8 == 0);
    const int lane = static_cast<int>(threadIdx.x) % kWarpWidth;
    const int warp = static_cast<int>(threadIdx.x) / kWarpWidth;
    state = merge_lanes(state, kWarpWidth, merge);
    const State* const here = places + turn * kWarps * kMostClusterBlocks;
    if (lane < static_cast<int>(cluster_size())) {
      const uint32_t to = address_in_block(
          shared_address(here + static_cast<int>(cluster_rank()) * kWarps + warp), lane);
      const uint32_t barrier = address_in_block(barriers + 8 * turn, lane);
      send_to_block(to, barrier, state);
    }
    await_phase(barriers + 8 * turn, parity);
    if (threadIdx.x == 0) expect(turn);
    state = here[lane & (count - 1)];
    for (int i = lane + kWarpWidth; i < count; i += kWarpWidth) state = merge(state, here[i]);
    state = merge_lanes(state, min(count, kWarpWidth), merge);
    parity ^= turn;
    turn ^= 1;
    return state;
  }
};

// ---- what becomes of rows --------------------------------------------------------------------------

// Sums of exponentials relative to the largest element so far.
template <typename Compute>
struct PeakSum {
  Compute peak;
  Compute sum;
};

template <bool kLog, typename T, typename Result>
struct LongSoftmax {
  using In = T;
  using Out = Result;
  using Compute = ComputeOf<Out>;
  using State = PeakSum<Compute>;
  using Found = SoftmaxResult<kLog, Out>;
  static constexpr int kSize = Vector<In>::kSize;
  static constexpr gpu::LongRowShape kShape = gpu::long_row_shape(1, 0, sizeof(State));
  static constexpr bool kSums = false;
  struct MergePeaks {
    FGX_DEVICE_INLINE State operator()(State a, State b) const {
      const bool swap = b.peak > a.peak;
      const State high = swap ? b : a, low = swap ? a : b;
      return {high.peak, high.sum + low.sum * Exponential<Out>(high.peak)(low.peak)};
    }
  };

  // softmax: exponentials are computed once, relative to the thread's largest element up to their vector.
  Compute powers[kLog ? 1 : kShape.vectors][kSize];
  Compute peaks[kLog ? 1 : kShape.vectors];

  FGX_DEVICE_INLINE void prepare(const LongPart<In>&, uint4*) {}
  // Finite, so that a thread that has nothing but -infinity adds nothing.
  FGX_DEVICE_INLINE State begin(const In*, const In*) { return {least_finite(Compute()), 0}; }
  FGX_DEVICE_INLINE void absorb(State& state, int j, const HeldVector<In>& vector) {
    const HeldVector<In> one[1] = {vector};
    const Compute peak = larger(state.peak, static_cast<Compute>(largest_of(one)));
    const Exponential<Out> exponential(peak);
    Compute part = 0;
#pragma unroll
    for (int i = 0; i < kSize; ++i) {
      const Compute power = exponential(vector.value(i));
      if constexpr (!kLog) powers[j][i] = power;
      part += power;
    }
    if constexpr (!kLog) peaks[j] = peak;
    state.sum = state.sum * exponential(state.peak) + part;
    state.peak = peak;
  }
  template <int kVectors>
  FGX_DEVICE_INLINE Found finish(State state, const HeldVector<In> (&)[kVectors],
                                 const LongPart<In>&, Exchange<State>& exchange) const {
    state = exchange(state, MergePeaks());
    return Found(Exponential<Out>(state.peak),
                 kLog ? log_of(state.sum) : reciprocal<Out>(state.sum));
  }
  FGX_DEVICE_INLINE void apply(const Found& found, int j, const LongPart<In>&,
                               const HeldVector<In>& vector, Compute (&results)[kSize]) const {
    if constexpr (kLog) {
#pragma unroll
      for (int i = 0; i < kSize; ++i) results[i] = found(vector.value(i));
    } else {
      const Compute factor = found(peaks[j]);
#pragma unroll
      for (int i = 0; i < kSize; ++i) results[i] = powers[j][i] * factor;
    }
  }

 private:
  FGX_DEVICE_INLINE static float least_finite(float) { return -__FLT_MAX__; }
  FGX_DEVICE_INLINE static double least_finite(double) { return -__DBL_MAX__; }
};

// Of elements less the row's middle: their number, their sum, and squares about their own mean (Chan, Golub and
// LeVeque, 1979). The same whichever comes first.
template <typename Compute>
struct LongMoments {
  Compute count;
  Compute sum;
  Compute squares;
  Compute unused;
  FGX_DEVICE_INLINE Compute mean() const { return sum / (count > 0 ? count : Compute(1)); }
  FGX_DEVICE_INLINE friend LongMoments operator+(LongMoments a, LongMoments b) {
    const Compute count = a.count + b.count;
    const Compute apart = a.mean() - b.mean();
    const Compute share = a.count * b.count / (count > 0 ? count : Compute(1));
    return {count, a.sum + b.sum, (a.squares + b.squares) + apart * apart * share, 0};
  }
};

// kAdds: fused_add_rms_norm, whose rows are sums of two.
template <bool kLayer, bool kAdds, typename T, typename Parameter>
struct LongNorm {
  using In = T;
  using Out = T;
  using Compute = ComputeOf<T>;
  static constexpr int kSize = Vector<T>::kSize;
  static constexpr bool kHalves = sizeof(T) == 2;
  using State = typename Choose<kLayer && !kHalves, LongMoments<Compute>, Both<Compute>>::Type;
  using Found = Statistics<Compute>;
  using Held = HeldParameter<Parameter, kSize>;
  static constexpr int kParts = kSize / Held::kPart;
  static constexpr gpu::LongRowShape kShape =
      gpu::long_row_shape(kAdds ? 2 : 1, kParts*(kLayer ? 2 : 1), sizeof(State));
  static constexpr bool kSums = kAdds;

  const Parameter* weight;
  const Parameter* bias;
  int64_t length;
  Compute eps;
  uint4* held = nullptr;  // this thread's first
  HeldVector<T> front;    // of the row to come
  Compute middle = 0;

  FGX_DEVICE_INLINE uint4* place(int j, int p) const {
    return held + ((j * (kLayer ? 2 : 1) * kParts) + p) * gpu::kLongThreads;
  }
  FGX_DEVICE_INLINE void keep(int j, int p, const HeldVector<Parameter>& vector) const {
    uint4 raw;
    __builtin_memcpy(&raw, vector.words, 16);
    *place(j, p) = raw;
  }
  FGX_DEVICE_INLINE void take(int j, int p, HeldVector<Parameter>& vector) const {
    const uint4 raw = *place(j, p);
    __builtin_memcpy(vector.words, &raw, 16);
  }
  FGX_DEVICE_INLINE void prepare(const LongPart<T>& part, uint4* memory) {
    held = memory + threadIdx.x;
#pragma unroll 1
    for (int j = 0; j < kShape.vectors && part.has(j); ++j) {
      const int left = part.left - part.offset(j);
      Held values;
      values.template load<true>(weight, part.first + part.offset(j), left, 1);
#pragma unroll
      for (int p = 0; p < kParts; ++p) keep(j, p, values.parts[p]);
      if constexpr (kLayer) {
        values.template load<true>(bias, part.first + part.offset(j), left, 0);
#pragma unroll
        for (int p = 0; p < kParts; ++p) keep(j, kParts + p, values.parts[p]);
      }
    }
  }
  // `next`: the row after this one, null where there is none. A first call has no row yet.
  FGX_DEVICE_INLINE State begin(const T* row, const T* next) {
    if constexpr (kLayer) {
      if (row != nullptr) {
        middle = 0;
#pragma unroll
        for (int i = 0; i < kSize; ++i) middle += front.value(i);
        middle *= Compute(1) / kSize;
      }
      if (next != nullptr) front = HeldVector<T>(load_vector<true>(next, kSize, T()));
    }
    return State{};
  }
  FGX_DEVICE_INLINE void absorb(State& state, int, const HeldVector<T>& vector) const {
    Compute sum = 0, squares = 0;
#pragma unroll
    for (int i = 0; i < kSize; ++i) {
      const Compute value = vector.value(i) - (kLayer ? middle : Compute(0));
      sum += value;
      squares += value * value;
    }
    if constexpr (!kLayer) {
      state.first += squares;
    } else if constexpr (kHalves) {
      state.first += sum;
      state.second += squares;
    } else {
      state.count += kSize;
      state.sum += sum;
    }
  }
  template <int kVectors>
  FGX_DEVICE_INLINE Found finish(State state, const HeldVector<T> (&raw)[kVectors],
                                 const LongPart<T>& part, Exchange<State>& exchange) const {
    const Compute share = Compute(1) / static_cast<Compute>(length);
    Found found{0, 0, 0};
    if constexpr (!kLayer) {
      state = exchange(state, Add());
      found.scale = inverse_root(state.first * share + eps);
    } else if constexpr (kHalves) {
      // As for shorter rows of halves (statistics_of): about the mean of the row's first elements.
      state = exchange(state, Add());
      const Compute rest = state.first * share;
      const Compute square = state.second * share - rest * rest;
      found.mean = middle + rest;
      found.scale = inverse_root((square < 0 ? Compute(0) : square) + eps);  // NaN stays
    } else {
      const Compute mean = state.mean();
#pragma unroll
      for (int j = 0; j < kVectors; ++j) {
        if (!part.has(j)) continue;
#pragma unroll
        for (int i = 0; i < kSize; ++i) {
          const Compute centred = (raw[j].value(i) - middle) - mean;
          state.squares += centred * centred;
        }
      }
      state = exchange(state, Add());
      const Compute beyond = state.sum * share;
      found.mean = middle + beyond;
      found.rest = beyond - (found.mean - middle);
      found.scale = inverse_root(state.squares * share + eps);
    }
    return found;
  }
  FGX_DEVICE_INLINE void apply(const Found& found, int j, const LongPart<T>& part,
                               const HeldVector<T>& vector, Compute (&results)[kSize]) const {
    Held weights, biases;
#pragma unroll
    for (int p = 0; p < kParts; ++p) {
      take(j, p, weights.parts[p]);
      if constexpr (kLayer) take(j, kParts + p, biases.parts[p]);
    }
    found.template apply<kLayer>(vector, weights, biases, results);
  }
};

// ---- rows ------------------------------------------------------------------------------------------

template <typename Kind>
FGX_DEVICE_INLINE void stream_rows(const gpu::RowArguments& arguments, Kind kind,
                                   const typename Kind::In* x, const typename Kind::In* second,
                                   typename Kind::Out* y, typename Kind::In* sums) {
  using In = typename Kind::In;
  using Out = typename Kind::Out;
  using State = typename Kind::State;
  constexpr gpu::LongRowShape kShape = Kind::kShape;
  constexpr int kSize = Vector<In>::kSize;
  constexpr int kStreams = Kind::kSums ? 2 : 1;
  extern __shared__ uint4 shared_memory[];
  char* const memory = reinterpret_cast<char*>(shared_memory);

  const LongPart<In> part(static_cast<int>(arguments.length));
  const uint32_t barriers = shared_address(memory + kShape.barriers_at);
  Exchange<State> exchange{reinterpret_cast<State*>(memory + kShape.states_at), barriers,
                           static_cast<int>(cluster_size()) * kWarps};
  if (threadIdx.x == 0) {
    exchange.begin();
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
    exchange.expect(0);
    exchange.expect(1);
  }
  __syncthreads();
  cluster_arrive();

  const int64_t clusters = gridDim.x / cluster_size();
  const int64_t begin = blockIdx.x / cluster_size();
  const int64_t x_step = arguments.x_steps[0], y_step = arguments.y_steps[0];
  const int thread = static_cast<int>(threadIdx.x);
  Ring<kStreams, kShape.groups, In> ring{
      .slots = shared_address(memory) + thread / kWarpWidth * kWarpBytes + thread % kWarpWidth * 16,
      .from = {},
      .row_step = clusters * x_step,
      .rows = begin < arguments.rows ? (arguments.rows - begin - 1) / clusters + 1 : 0,
      .part = part};
  ring.from[0] = x + begin * x_step + part.first;
  if constexpr (Kind::kSums) ring.from[1] = second + begin * x_step + part.first;
  for (int i = 0; i < kShape.groups; ++i) {
    ring.fetch();
    ring.step();
  }
  kind.prepare(part, reinterpret_cast<uint4*>(memory + kShape.parameters_at));
  kind.begin(nullptr, begin < arguments.rows ? x + begin * x_step : nullptr);
  cluster_wait();

  for (int64_t number = begin; number < arguments.rows; number += clusters) {
    const In* const row = x + number * x_step;
    State state =
        kind.begin(row, number + clusters < arguments.rows ? row + clusters * x_step : nullptr);
    HeldVector<In> raw[kShape.vectors];
#pragma unroll
    for (int group = 0; group < kShape.vectors / kAtOnce; ++group) {
      if (group >= part.groups) break;
      ring.await();
      [[maybe_unused]] HeldVector<In> others[kAtOnce];
#pragma unroll
      for (int i = 0; i < kAtOnce; ++i) {
        raw[group * kAtOnce + i] = ring.get(i, 0);
        if constexpr (Kind::kSums) others[i] = ring.get(i, 1);
      }
      ring.fetch();
      ring.step();
#pragma unroll
      for (int i = 0; i < kAtOnce; ++i) {
        const int j = group * kAtOnce + i;
        if (!part.has(j)) continue;
        if constexpr (Kind::kSums) {
          raw[j] = sum_of(raw[j], others[i]);
          store_held<true>(sums + number * y_step + part.first + part.offset(j), kSize, raw[j]);
        }
        kind.absorb(state, j, raw[j]);
      }
    }
    const auto forget = [&] {
#pragma unroll
      for (int j = 0; j < kShape.vectors; ++j) raw[j].forget_values();
    };
    forget();
    const typename Kind::Found found = kind.finish(state, raw, part, exchange);
    forget();
    Out* const to = y + number * y_step + part.first;
#pragma unroll
    for (int j = 0; j < kShape.vectors; ++j) {
      if (!part.has(j)) continue;
      ComputeOf<Out> results[kSize];
      kind.apply(found, j, part, raw[j], results);
      store_vector<true>(to + part.offset(j), kSize, results);
    }
  }
}

}  // namespace fgx::device

#define FGX_BOUNDS __launch_bounds__(fgx::gpu::kLongThreads, 1)
#define FGX_SOFTMAX_OF(op, log, name, X, Y)                                         \
  extern "C" __global__ void FGX_BOUNDS fgx_##op##_##name##_long(                   \
      const FGX_IN_PLACE fgx::gpu::RowArguments arguments, const fgx::device::X* x, \
      fgx::device::Y* y) {                                                          \
    using Kind = fgx::device::LongSoftmax<log, fgx::device::X, fgx::device::Y>;     \
    fgx::device::stream_rows(arguments, Kind(), x, nullptr, y, nullptr);            \
  }
#define FGX_SOFTMAX(name, X, Y)              \
  FGX_SOFTMAX_OF(softmax, false, name, X, Y) \
  FGX_SOFTMAX_OF(log_softmax, true, name, X, Y)
#define FGX_NORM_OF(op, layer, name, T, Parameter)                                                 \
  extern "C" __global__ void FGX_BOUNDS fgx_##op##_##name##_long(                                  \
      const FGX_IN_PLACE fgx::gpu::RowArguments arguments, const fgx::device::T* x,                \
      fgx::device::T* y, const fgx::device::Parameter* weight, const fgx::device::Parameter* bias, \
      double eps) {                                                                                \
    using Kind = fgx::device::LongNorm<layer, false, fgx::device::T, fgx::device::Parameter>;      \
    fgx::device::stream_rows<Kind>(                                                                \
        arguments, {weight, bias, arguments.length, static_cast<Kind::Compute>(eps)}, x, nullptr,  \
        y, nullptr);                                                                               \
  }
#define FGX_NORM(name, T, Parameter)                                                            \
  FGX_NORM_OF(layer_norm, true, name, T, Parameter)                                             \
  FGX_NORM_OF(rms_norm, false, name, T, Parameter)                                              \
  extern "C" __global__ void FGX_BOUNDS fgx_add_rms_norm_##name##_long(                         \
      const FGX_IN_PLACE fgx::gpu::RowArguments arguments, const fgx::device::T* input,         \
      const fgx::device::T* residual, fgx::device::T* y, fgx::device::T* sum,                   \
      const fgx::device::Parameter* weight, double eps) {                                       \
    using Kind = fgx::device::LongNorm<false, true, fgx::device::T, fgx::device::Parameter>;    \
    fgx::device::stream_rows<Kind>(                                                             \
        arguments, {weight, nullptr, arguments.length, static_cast<Kind::Compute>(eps)}, input, \
        residual, y, sum);                                                                      \
  }

FGX_SOFTMAX(float32, Float32, Float32)
FGX_SOFTMAX(float16, Float16, Float16)
FGX_SOFTMAX(bfloat16, BFloat16, BFloat16)
FGX_SOFTMAX(float64, Float64, Float64)
FGX_SOFTMAX(float16_float32, Float16, Float32)
FGX_SOFTMAX(bfloat16_float32, BFloat16, Float32)
FGX_NORM(float32, Float32, Float32)
FGX_NORM(float16, Float16, Float16)
FGX_NORM(bfloat16, BFloat16, BFloat16)
FGX_NORM(float64, Float64, Float64)
FGX_NORM(float16_float32, Float16, Float32)
FGX_NORM(bfloat16_float32, BFloat16, Float32)
#endif
