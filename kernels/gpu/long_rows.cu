// SPDX-License-Identifier: Apache-2.0
// softmax, log_softmax, layer_norm and rms_norm of rows too long for the registers of one block: a cluster of blocks holds a
// row in shared memory, takes row after row, and fetches each vector of the next one as soon as that of this one
// is written. A thread reads only what it fetched itself. Needs clusters; elsewhere such rows are read again.
#include "kernels/gpu/norm_rows.h"
#include "kernels/gpu/softmax_rows.h"

#if defined(FGX_CLUSTERS)
namespace fgx::device {

// A thread's vectors of a row, in shared memory.
template <typename T>
struct FetchedRow {
  uint4* slots;  // this thread's first
  int threads;
  int left;  // elements of the row from its first vector on
  int stride;

  FGX_DEVICE_INLINE HeldVector<T> get(int j) const {
    HeldVector<T> vector;
    const uint4 raw = slots[j * threads];
    __builtin_memcpy(vector.words, &raw, 16);
    return vector;
  }
  FGX_DEVICE_INLINE bool has(int j) const { return left > j * stride; }
  // What is not there stays what it was filled with.
  FGX_DEVICE_INLINE void fill(int j, T value) const {
    Vector<T> vector;
#pragma unroll
    for (int i = 0; i < Vector<T>::kSize; ++i) vector.at[i] = value;
    __builtin_memcpy(&slots[j * threads], &vector, 16);
  }
  FGX_DEVICE_INLINE void fetch(int j, const T* from) const {
    if (!has(j)) return;
    const uint32_t to = static_cast<uint32_t>(__cvta_generic_to_shared(slots + j * threads));
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from + j * stride)
                 : "memory");
  }
};
FGX_DEVICE_INLINE void commit_fetches() { asm volatile("cp.async.commit_group;" ::: "memory"); }
FGX_DEVICE_INLINE void await_fetches() { asm volatile("cp.async.wait_group 0;" ::: "memory"); }

// Memory for this many reductions of a row stands before the slots.
inline constexpr int kReductions = 2;

template <typename Compute>
FGX_DEVICE_INLINE Both<Compute> as_sums(Compute sum) {
  return {sum, 0};
}
template <typename Compute>
FGX_DEVICE_INLINE Both<Compute> as_sums(Both<Compute> sums) {
  return sums;
}

// For each row, prepare(row, its place in memory, its first element here, parity of its turn, merge) gives the
// function that makes a vector's results. merge(reduction, state, op) merges over the row.
template <int kVectors, typename State, typename In, typename Out, typename Prepare>
FGX_DEVICE_INLINE void stream_rows(const gpu::RowArguments& arguments, const In* x, Out* y,
                                   In filler, const Prepare& prepare) {
  extern __shared__ uint4 shared_memory[];
  constexpr int kSize = Vector<In>::kSize;
  cluster_arrive();
  const int threads = static_cast<int>(blockDim.x);
  State* const states = reinterpret_cast<State*>(shared_memory);
  constexpr int kSlotBytes = static_cast<int>(sizeof(State));
  const int before = kReductions * (threads + kMostClusterBlocks) * kSlotBytes / 16;
  const int first =
      (static_cast<int>(cluster_rank()) * threads * kVectors + static_cast<int>(threadIdx.x)) *
      kSize;
  const FetchedRow<In> row{shared_memory + before + threadIdx.x, threads,
                           static_cast<int>(arguments.length) - first, threads * kSize};
  const int64_t clusters = gridDim.x / cluster_size();
  int64_t number = blockIdx.x / cluster_size();
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    if (!row.has(j)) row.fill(j, filler);
    row.fetch(j, x + number * arguments.x_steps[0] + first);
  }
  commit_fetches();
  cluster_wait();
  for (int parity = 0; number < arguments.rows; number += clusters, parity ^= 1) {
    await_fetches();
    const auto merge = [&](int reduction, State state, auto op) {
      State* const shared = states + reduction * (threads + kMostClusterBlocks);
      state = merge_threads(state, threads, shared, op);
      return merge_cluster(state, shared + threads, op);
    };
    const auto results_of = prepare(row, x + number * arguments.x_steps[0], first, parity, merge);
    const In* const next = x + (number + clusters) * arguments.x_steps[0] + first;
    const bool more = number + clusters < arguments.rows;
    Out* const to = y + number * arguments.y_steps[0] + first;
#pragma unroll
    for (int j = 0; j < kVectors; ++j) {
      ComputeOf<Out> results[kSize];
      results_of(j, row.get(j), results);
      if (more) row.fetch(j, next);
      store_vector<true>(to + j * row.stride, row.left - j * row.stride, results);
    }
    commit_fetches();
  }
}

template <bool kLog, typename In, typename Out, int kVectors>
FGX_DEVICE_INLINE void softmax_long(const gpu::RowArguments& arguments, const In* x, Out* y) {
  using Compute = ComputeOf<Out>;
  constexpr int kSize = Vector<In>::kSize;
  stream_rows<kVectors, Compute>(
      arguments, x, y, negative_infinity<In>(),
      [&](const FetchedRow<In>& row, const In*, int, int, const auto& merge) {
        Compute peak = negative_infinity<Compute>();
#pragma unroll
        for (int j = 0; j < kVectors; ++j) {
          HeldVector<In> one[1] = {row.get(j)};
          peak = larger(peak, largest_of(one));
        }
        peak = merge(0, peak, Larger());
        const Exponential<Out> exponential(peak);
        const Compute sum = merge(1,
                                  merge_own<kVectors>(Add(),
                                                      [&](int j) {
                                                        const HeldVector<In> vector = row.get(j);
                                                        Compute total = 0;
#pragma unroll
                                                        for (int i = 0; i < kSize; ++i)
                                                          total += exponential(vector.value(i));
                                                        return total;
                                                      }),
                                  Add());
        const SoftmaxResult<kLog, Out> result_of(exponential,
                                                 kLog ? log_of(sum) : reciprocal<Out>(sum));
        return [=](int, const HeldVector<In>& vector, Compute(&results)[kSize]) {
#pragma unroll
          for (int i = 0; i < kSize; ++i) results[i] = result_of(vector.value(i));
        };
      });
}

template <bool kLayer, typename T, typename Parameter, int kVectors>
FGX_DEVICE_INLINE void norm_long(const gpu::RowArguments& arguments, const T* x, T* y,
                                 const Parameter* weight, const Parameter* bias, double eps) {
  using Compute = ComputeOf<T>;
  using Sums = Both<Compute>;
  constexpr int kSize = Vector<T>::kSize;
  stream_rows<kVectors, Sums>(
      arguments, x, y, store_as<T>(Compute(0)),
      [&](const FetchedRow<T>& row, const T* begin, int first, int parity,
          const auto& merge_states) {
        const Statistics<Compute> found = statistics_of<kLayer, false, T, true>(
            [&](int j) { return row.get(j); }, [&](int j) { return row.left - j * row.stride; },
            arguments.length, begin, eps,
            [&](int reduction, const auto& part_of) {
              // One reduction to a row: by turns in two places, so that fast blocks are not in the way.
              const int place = kLayer ? reduction : parity;
              return merge_states(place, as_sums(merge_own<kVectors>(Add(), part_of)), Add());
            },
            [] {});
        return [=](int j, const HeldVector<T>& vector, Compute(&results)[kSize]) {
          HeldParameter<Parameter, kSize> weights, biases;
          weights.template load<true>(weight, first + j * row.stride, row.left - j * row.stride, 1);
          if constexpr (kLayer) {
            biases.template load<true>(bias, first + j * row.stride, row.left - j * row.stride, 0);
          }
          found.template apply<kLayer>(vector, weights, biases, results);
        };
      });
}

}  // namespace fgx::device

#define FGX_SOFTMAX_OF(op, log, name, In, Out)                                             \
  extern "C" __global__ void __launch_bounds__(512, 3)                                     \
      fgx_##op##_##name##_long(const FGX_IN_PLACE fgx::gpu::RowArguments arguments,        \
                               const fgx::device::In* x, fgx::device::Out* y) {            \
    fgx::device::softmax_long<log, fgx::device::In, fgx::device::Out, 8>(arguments, x, y); \
  }
#define FGX_SOFTMAX(name, In, Out)              \
  FGX_SOFTMAX_OF(softmax, false, name, In, Out) \
  FGX_SOFTMAX_OF(log_softmax, true, name, In, Out)
#define FGX_NORM_OF(op, layer, name, T, Parameter)                                                 \
  extern "C" __global__ void __launch_bounds__(512, 3) fgx_##op##_##name##_long(                   \
      const FGX_IN_PLACE fgx::gpu::RowArguments arguments, const fgx::device::T* x,                \
      fgx::device::T* y, const fgx::device::Parameter* weight, const fgx::device::Parameter* bias, \
      double eps) {                                                                                \
    fgx::device::norm_long<layer, fgx::device::T, fgx::device::Parameter, 8>(arguments, x, y,      \
                                                                             weight, bias, eps);   \
  }
#define FGX_NORM(name, T, Parameter)                \
  FGX_NORM_OF(layer_norm, true, name, T, Parameter) \
  FGX_NORM_OF(rms_norm, false, name, T, Parameter)

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
