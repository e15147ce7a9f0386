// SPDX-License-Identifier: Apache-2.0
// cumsum along any dimension.
#include <algorithm>

#include "backend/cpu/thread_pool.h"
#include "base/error.h"
#include "kernels/common/strided.h"
#include "kernels/stable/reduction/cumsum_kernels.h"
#include "kernels/stable/reduction/reduction.h"
#include "schema/type_rules.h"

namespace fgx {
namespace {

enum CumsumArgument { kSelf, kDim, kDtype };
constexpr int64_t kGrainElements = 16384;  // elements worth a thread
constexpr int64_t kPiece = 1024;           // elements that are converted at once

struct State {
  const CumsumKernels* kernels;
  DType x_type;
  DType y_type;
  int64_t length;
  int64_t x_stride;  // along the dimension
  int64_t y_stride;
  int64_t columns;  // that lie side by side; 1: rows are walked one by one
  int64_t outer;    // walks of that many columns
  bool convert;     // elements become the result's type before they are added
  Strided x_outer;  // not merged: parallel to y_outer
  Strided y_outer;
};

char* element(void* base, DType dtype, int64_t index) {
  return static_cast<char*>(base) + index * size_of(dtype);
}

void run_row(const State& state, const char* x, char* y) {
  RunningSum sum{};
  if (!state.convert) {
    state.kernels->row(x, state.x_type, state.x_stride, y, state.y_type, state.y_stride,
                       state.length, &sum);
    return;
  }
  alignas(64) char converted[kPiece * 8];
  Strided row;
  row.append(state.length, state.x_stride);
  for (int64_t i = 0; i < state.length; i += kPiece) {
    const int64_t count = std::min(kPiece, state.length - i);
    gather(x, state.x_type, row, i, count, converted, state.y_type);
    state.kernels->row(converted, state.y_type, 1, element(y, state.y_type, i * state.y_stride),
                       state.y_type, state.y_stride, count, &sum);
  }
}

void run(const KernelState& kernel_state, const RunArgs& args) {
  const State& state = kernel_state.as<State>();
  constexpr int64_t kUnit = 64;  // columns that stay together
  const int64_t units = (state.columns + kUnit - 1) / kUnit;
  const int64_t unit_elements = state.length * std::min(state.columns, kUnit);
  const int64_t grain = std::max<int64_t>(1, kGrainElements / unit_elements);
  args.pool->parallel_for(state.outer * units, grain, [&](int64_t begin, int64_t end) {
    while (begin < end) {
      const int64_t outer = begin / units;
      const int64_t unit = begin % units;
      const int64_t batch = std::min({units - unit, end - begin, kCumsumColumns / kUnit});
      const int64_t column = unit * kUnit;
      const char* x = element(args.data[0], state.x_type, state.x_outer.offset(outer) + column);
      char* y = element(args.data[1], state.y_type, state.y_outer.offset(outer) + column);
      if (state.columns == 1) {
        run_row(state, x, y);
      } else {
        state.kernels->columns(x, state.x_type, state.x_stride, y, state.y_type, state.y_stride,
                               state.length, std::min(batch * kUnit, state.columns - column));
      }
      begin += batch;
    }
  });
}

void run_nothing(const KernelState&, const RunArgs&) {}

}  // namespace

void infer_cumsum(const Call& call, std::vector<OutputSpec>& outputs) {
  const TensorView& self = call.tensor(kSelf);
  const DType natural = is_float(self.dtype) ? self.dtype : DType::kInt64;
  const DType dtype = call.arguments()[kDtype].dtype.value_or(natural);
  call.normalized_dim(kDim, self.ndim);
  if (dtype == DType::kBool) {
    fail_argument(FGX_INVALID_ARGUMENT, kDtype, "sums are not computed in bool");
  }
  add_output(outputs, dtype, self.dims());
}

RunFn prepare_cumsum(const Call& call, KernelState& kernel_state) {
  const TensorView& x = call.tensor(kSelf);
  const TensorView& y = call.outputs()[0];
  if (y.numel == 0) return run_nothing;
  const int dim = call.normalized_dim(kDim, x.ndim);
  State& state = kernel_state.emplace<State>();
  state.kernels = &cumsum_kernels_for(best_isa());
  state.x_type = x.dtype;
  state.y_type = y.dtype;
  state.length = x.ndim == 0 ? 1 : x.shape[dim];
  state.x_stride = x.ndim == 0 ? 1 : x.strides[dim];
  state.y_stride = x.ndim == 0 ? 1 : y.strides[dim];
  const bool exact_integers = !is_float(x.dtype) && is_integer(y.dtype);
  state.convert = x.dtype != y.dtype && !exact_integers;
  // A dimension along which both are contiguous is walked side by side.
  int side = -1;
  for (int d = 0; d < x.ndim && !state.convert && state.x_stride != 1; ++d) {
    if (d != dim && x.shape[d] >= 8 && x.strides[d] == 1 && y.strides[d] == 1) side = d;
  }
  state.columns = side < 0 ? 1 : x.shape[side];
  state.outer = y.numel / state.length / state.columns;
  for (int d = 0; d < x.ndim; ++d) {
    if (d == dim || d == side || x.shape[d] == 1) continue;
    const int last = state.x_outer.ndim++;
    state.y_outer.ndim = state.x_outer.ndim;
    state.x_outer.sizes[last] = state.y_outer.sizes[last] = x.shape[d];
    state.x_outer.strides[last] = x.strides[d];
    state.y_outer.strides[last] = y.strides[d];
  }
  return run;
}

}  // namespace fgx
