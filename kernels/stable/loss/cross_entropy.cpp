// SPDX-License-Identifier: Apache-2.0
// cross_entropy_loss: for every position, log of the sum of exponentials over the classes less the
// target's score; nothing of the size of the input is stored.
#include "kernels/stable/loss/cross_entropy.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "backend/cpu/thread_pool.h"
#include "base/error.h"
#include "kernels/common/strided.h"
#include "kernels/stable/loss/cross_entropy_kernels.h"
#include "kernels/stable/softmax/softmax.h"
#include "schema/type_rules.h"

namespace fgx {
namespace {

enum CrossEntropyArgument { kSelf, kTarget, kWeight, kReduction, kIgnoreIndex, kLabelSmoothing };
enum Reduction : int64_t { kNone, kMean, kSum };
constexpr int64_t kGrainElements = 8192;   // exponentials worth a thread
constexpr int64_t kMostStretches = 256;    // partial sums, whatever the number of threads
constexpr int64_t kColumnNumbers = 16384;  // of log_softmax that a column walk keeps

struct State {
  const SoftmaxKernels* kernels;
  const CrossEntropyKernels* smoothing_kernels;
  const SoftmaxKernels* column_kernels;  // log_softmax; null: positions are walked one by one
  int64_t columns;                       // positions that are walked side by side
  DType dtype;
  DType target_dtype;
  DType weight_dtype;
  int64_t reduction;
  int64_t ignore_index;
  double smoothing;
  int64_t classes;
  int64_t positions;
  int64_t class_stride;
  int64_t weight_stride;
  int8_t weight_slot;  // in RunArgs::data; -1: none
  int8_t output_slot;
  Strided scores;  // positions, without the classes; not merged
  Strided targets;
  Strided losses;  // without a reduction
};

// What a stretch of positions adds up to.
struct Total {
  double loss = 0;
  double weight = 0;
};

const char* element(const void* base, DType dtype, int64_t index) {
  return static_cast<const char*>(base) + index * size_of(dtype);
}

class Worker {
 public:
  Worker(const State& state, const RunArgs& args)
      : state_(state),
        scores_(args.data[0]),
        targets_(args.data[1]),
        weights_(state.weight_slot < 0 ? nullptr : args.data[state.weight_slot]) {}

  int64_t target(int64_t position) const {
    return read_integer(state_.target_dtype,
                        element(targets_, state_.target_dtype, state_.targets.offset(position)));
  }

  // Calls visit(position, loss and weight) for positions [begin, end); ignored ones have neither.
  template <typename Visit>
  void for_each_loss(int64_t begin, int64_t end, Visit&& visit) const {
    if (state_.column_kernels != nullptr) return for_each_column(begin, end, visit);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t label = target(i);
      visit(i, label == state_.ignore_index ? Total{} : loss(i, label));
    }
  }

 private:
  // log_softmax of a block of positions that lie side by side, then what their targets pick of it.
  template <typename Visit>
  void for_each_column(int64_t begin, int64_t end, Visit&& visit) const {
    alignas(64) char buffer[kColumnNumbers * sizeof(double)];
    const int64_t inner = state_.scores.sizes[state_.scores.ndim - 1];
    const bool wide = state_.dtype == DType::kFloat64;
    const auto log_softmax = [&](int64_t label, int64_t column) {
      const int64_t at = label * state_.columns + column;
      return wide ? reinterpret_cast<const double*>(buffer)[at]
                  : static_cast<double>(reinterpret_cast<const float*>(buffer)[at]);
    };
    while (begin < end) {
      const int64_t count = std::min({state_.columns, end - begin, inner - begin % inner});
      state_.column_kernels->columns(element(scores_, state_.dtype, state_.scores.offset(begin)),
                                     state_.class_stride, buffer, state_.columns, state_.classes,
                                     count);
      for (int64_t k = 0; k < count; ++k) {
        const int64_t label = target(begin + k);
        if (label == state_.ignore_index) {
          visit(begin + k, Total{});
          continue;
        }
        const double weight = weight_of(label);
        double all = 0;
        for (int64_t c = 0; c < state_.classes && state_.smoothing > 0; ++c) {
          all -= weight_of(c) * log_softmax(c, k);
        }
        visit(begin + k, Total{smoothed(-weight * log_softmax(label, k), all), weight});
      }
      begin += count;
    }
  }

  double smoothed(double loss, double all_classes) const {
    if (state_.smoothing == 0) return loss;
    return (1 - state_.smoothing) * loss +
           state_.smoothing / static_cast<double>(state_.classes) * all_classes;
  }

  // Loss of a position that is not ignored, and its weight.
  Total loss(int64_t position, int64_t target) const {
    const char* row = element(scores_, state_.dtype, state_.scores.offset(position));
    const double weight = weight_of(target);
    double largest = -std::numeric_limits<double>::infinity();
    for_each_piece(row, [&](const void* x, int64_t, int64_t count) {
      state_.kernels->largest(x, count, &largest);
    });
    double sum = 0;
    for_each_piece(row, [&](const void* x, int64_t, int64_t count) {
      sum += state_.kernels->exp_sum(x, count, largest);
    });
    const double log_sum = std::log(sum);
    const double score =
        read_real(state_.dtype, element(row, state_.dtype, target * state_.class_stride));
    const double all = state_.smoothing > 0 ? spread(row, largest, log_sum) : 0;
    return {smoothed(weight * (log_sum - (score - largest)), all), weight};
  }

  double weight_of(int64_t target) const {
    if (weights_ == nullptr) return 1;
    return read_real(state_.weight_dtype,
                     element(weights_, state_.weight_dtype, target * state_.weight_stride));
  }

  // Sum over the classes of weight * -log(softmax).
  double spread(const char* row, double largest, double log_sum) const {
    alignas(64) double weights[kSoftmaxPiece];
    double scores = 0;
    double weight_sum = 0;
    for_each_piece(row, [&](const void* x, int64_t first, int64_t count) {
      for (int64_t i = 0; i < count && weights_ != nullptr; ++i) {
        weights[i] = weight_of(first + i);
        weight_sum += weights[i];
      }
      scores += state_.smoothing_kernels->weighted_sum(
          x, state_.dtype, count, weights_ == nullptr ? nullptr : weights, largest);
    });
    if (weights_ == nullptr) weight_sum = static_cast<double>(state_.classes);
    return weight_sum * log_sum - scores;
  }

  // Calls visit(scores, first class, count) for pieces of a row, made contiguous where they are not.
  template <typename Visit>
  void for_each_piece(const char* row, Visit&& visit) const {
    alignas(64) char buffer[kSoftmaxPiece * 8];
    Strided classes;
    classes.append(state_.classes, state_.class_stride);
    for (int64_t first = 0; first < state_.classes; first += kSoftmaxPiece) {
      const int64_t count = std::min(state_.classes - first, kSoftmaxPiece);
      if (state_.class_stride == 1) {
        visit(element(row, state_.dtype, first), first, count);
      } else {
        gather(row, state_.dtype, classes, first, count, buffer, state_.dtype);
        visit(buffer, first, count);
      }
    }
  }

  const State& state_;
  const void* scores_;
  const void* targets_;
  const void* weights_;
};

void check_targets(const State& state, const Worker& worker, const ThreadPool& pool) {
  std::atomic<int64_t> bad{0};
  std::atomic<bool> any{false};
  constexpr int64_t kGrain = 32768;
  pool.parallel_for(state.positions, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t target = worker.target(i);
      if (target == state.ignore_index || (target >= 0 && target < state.classes)) continue;
      bad.store(target, std::memory_order_relaxed);
      any.store(true, std::memory_order_relaxed);
      return;
    }
  });
  if (!any.load(std::memory_order_relaxed)) return;
  fail_argument(FGX_INVALID_ARGUMENT, kTarget, "target %lld is out of range for %lld classes",
                static_cast<long long>(bad.load(std::memory_order_relaxed)),
                static_cast<long long>(state.classes));
}

void run_each(const State& state, const Worker& worker, const RunArgs& args) {
  const int64_t grain = std::max<int64_t>(1, kGrainElements / state.classes);
  char* out = static_cast<char*>(args.data[state.output_slot]);
  args.pool->parallel_for(state.positions, grain, [&](int64_t begin, int64_t end) {
    worker.for_each_loss(begin, end, [&](int64_t i, const Total& one) {
      write_real(state.dtype, out + state.losses.offset(i) * size_of(state.dtype), one.loss);
    });
  });
}

void run(const KernelState& kernel_state, const RunArgs& args) {
  const State& state = kernel_state.as<State>();
  const Worker worker(state, args);
  check_targets(state, worker, *args.pool);
  if (state.reduction == kNone) return run_each(state, worker, args);
  const int64_t least = std::max<int64_t>(1, kGrainElements / std::max<int64_t>(1, state.classes));
  const int64_t stretch = std::max(least, (state.positions - 1) / kMostStretches + 1);
  const int64_t stretches = (state.positions + stretch - 1) / stretch;
  Total totals[kMostStretches];
  args.pool->parallel_for(stretches, 1, [&](int64_t begin, int64_t end) {
    for (int64_t s = begin; s < end; ++s) {
      Total& total = totals[s];
      const int64_t last = std::min(state.positions, (s + 1) * stretch);
      worker.for_each_loss(s * stretch, last, [&](int64_t, const Total& one) {
        total.loss += one.loss;
        total.weight += one.weight;
      });
    }
  });
  Total total;
  for (int64_t s = 0; s < stretches; ++s) {
    total.loss += totals[s].loss;
    total.weight += totals[s].weight;
  }
  write_real(state.dtype, args.data[state.output_slot],
             state.reduction == kMean ? total.loss / total.weight : total.loss);
}

void run_nothing(const KernelState&, const RunArgs&) {}

int class_dim(const TensorView& self) { return self.ndim == 1 ? 0 : 1; }

}  // namespace

void infer_cross_entropy_loss(const Call& call, std::vector<OutputSpec>& outputs) {
  require_dtype(call, kSelf, kFloatTypes);
  require_rank(call, kSelf, 1);
  const TensorView& self = call.tensor(kSelf);
  const TensorView& target = call.tensor(kTarget);
  Dims positions(self.dims());
  positions.erase(positions.begin() + class_dim(self));
  if (is_float(target.dtype)) {
    fail_argument(FGX_INVALID_ARGUMENT, kTarget,
                  "targets are class indices; probabilities are not supported");
  }
  require_dtype(call, kTarget, {DType::kInt64, DType::kUInt8});
  if (!std::ranges::equal(target.dims(), std::span<const int64_t>(positions))) {
    fail_argument(FGX_INVALID_ARGUMENT, kTarget, "target has shape %s, self of shape %s needs %s",
                  shape_text(target.dims()).c_str(), shape_text(self.dims()).c_str(),
                  shape_text(positions).c_str());
  }
  if (const TensorView* weight = call.tensor_or_null(kWeight)) {
    const int64_t classes = self.dim(class_dim(self));
    if (weight->dtype != self.dtype || weight->ndim != 1 || weight->dim(0) != classes) {
      fail_argument(FGX_INVALID_ARGUMENT, kWeight,
                    "weight must be %s of shape [%lld]; got %s of %s", info(self.dtype).name.data(),
                    static_cast<long long>(classes), info(weight->dtype).name.data(),
                    shape_text(weight->dims()).c_str());
    }
  }
  const int64_t reduction = call.integer(kReduction);
  if (reduction < kNone || reduction > kSum) {
    fail_argument(FGX_INVALID_ARGUMENT, kReduction,
                  "reduction must be 0 (none), 1 (mean) or 2 (sum), not %lld",
                  static_cast<long long>(reduction));
  }
  const double smoothing = call.scalar(kLabelSmoothing).as_double();
  if (!(smoothing >= 0.0 && smoothing <= 1.0)) {
    fail_argument(FGX_INVALID_ARGUMENT, kLabelSmoothing,
                  "label_smoothing must be between 0 and 1, not %g", smoothing);
  }
  add_output(outputs, self.dtype, reduction == kNone ? positions : Dims{});
}

int64_t cross_entropy_length(const Call& call) {
  const TensorView& self = call.tensor(kSelf);
  return call.integer(kReduction) == kNone ? self.dim(class_dim(self)) : self.numel;
}

CrossEntropyOptions cross_entropy_options(const Call& call) {
  return {class_dim(call.tensor(kSelf)), call.tensor_or_null(kWeight), call.integer(kReduction),
          call.integer(kIgnoreIndex), call.scalar(kLabelSmoothing).as_double()};
}

RunFn prepare_cross_entropy_loss(const Call& call, KernelState& kernel_state) {
  const TensorView& self = call.tensor(kSelf);
  const TensorView& target = call.tensor(kTarget);
  const CrossEntropyOptions options = cross_entropy_options(call);
  const TensorView* weight = options.weight;
  const TensorView& out = call.outputs()[0];
  if (out.numel == 0) return run_nothing;
  State& state = kernel_state.emplace<State>();
  const SoftmaxTable& table = softmax_table_for(best_isa());
  state.kernels = &table.kinds[static_cast<int>(*softmax_kind(self.dtype, self.dtype))];
  state.column_kernels = nullptr;
  state.smoothing_kernels = &cross_entropy_kernels_for(best_isa());
  state.dtype = self.dtype;
  state.target_dtype = target.dtype;
  state.weight_dtype = weight != nullptr ? weight->dtype : self.dtype;
  state.reduction = options.reduction;
  state.ignore_index = options.ignore_index;
  state.smoothing = options.smoothing;
  const int dim = options.class_dim;
  state.classes = self.dim(dim);
  state.class_stride = state.classes == 1 ? 1 : self.stride(dim);
  state.positions = target.numel;
  state.weight_stride = weight != nullptr ? weight->stride(0) : 0;
  state.weight_slot = weight != nullptr ? int8_t{2} : int8_t{-1};
  state.output_slot = weight != nullptr ? int8_t{3} : int8_t{2};
  for (int d = 0; d < target.ndim; ++d) {
    const int from = d < dim ? d : d + 1;
    const int last = state.scores.ndim++;
    state.targets.ndim = state.losses.ndim = state.scores.ndim;
    state.scores.sizes[last] = state.targets.sizes[last] = target.shape[d];
    state.losses.sizes[last] = target.shape[d];
    state.scores.strides[last] = self.strides[from];
    state.targets.strides[last] = target.strides[d];
    state.losses.strides[last] = state.reduction == kNone ? out.strides[d] : 0;
  }
  const int last = state.scores.ndim - 1;
  state.columns = std::min(kColumnNumbers / std::max<int64_t>(1, state.classes), kSoftmaxColumns);
  const bool side_by_side = state.class_stride != 1 && last >= 0 &&
                            state.scores.strides[last] == 1 && state.scores.sizes[last] >= 16;
  if (side_by_side && state.columns >= 16) {
    const DType wide = self.dtype == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32;
    state.column_kernels = &table.log_kinds[static_cast<int>(*softmax_kind(self.dtype, wide))];
  }
  return run;
}

}  // namespace fgx
