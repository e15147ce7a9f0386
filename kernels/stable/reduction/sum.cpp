// SPDX-License-Identifier: Apache-2.0
// sum and mean.
#include "base/error.h"
#include "kernels/stable/reduction/reduce.h"
#include "kernels/stable/reduction/reduction.h"
#include "schema/type_rules.h"

namespace fgx {
namespace {

constexpr int kDim = 1;
constexpr int kKeepDim = 2;
constexpr int kDtype = 3;

void fold_reals(ReduceSlot* total, const ReduceSlot& part, int64_t) { total->real += part.real; }

void fold_integers(ReduceSlot* total, const ReduceSlot& part, int64_t) {
  total->integer = static_cast<int64_t>(static_cast<uint64_t>(total->integer) +
                                        static_cast<uint64_t>(part.integer));
}

constexpr ReduceOps kSumOps = {fold_reals, write_reals, {}};
constexpr ReduceOps kIntegerSumOps = {fold_integers, write_integers, {}};
constexpr ReduceOps kMeanOps = {fold_reals, write_means, {}};

// PyTorch converts elements to the result's type first; left out where that changes nothing.
DType sum_compute_type(DType in, DType out) {
  const bool exact_integers = !is_float(in) && is_integer(out);  // modular arithmetic
  const bool exact_reals =
      (in == DType::kFloat16 || in == DType::kBFloat16) && out == DType::kFloat32;
  return exact_integers || exact_reals ? in : out;
}

RunFn prepare(const Call& call, KernelState& state, bool mean) {
  const DType out = call.outputs()[0].dtype;
  ReduceRequest request = sum_request(call);
  request.table = &sum_table_for(best_isa());
  request.ops = mean ? &kMeanOps : is_float(out) ? &kSumOps : &kIntegerSumOps;
  return prepare_reduce(call, request, state);
}

}  // namespace

ReduceRequest sum_request(const Call& call) {
  const TensorView& self = call.tensor(0);
  ReduceRequest request;
  request.reduced = reduced_dims(call, kDim, self.ndim);
  request.keepdim = call.flag(kKeepDim);
  request.compute = sum_compute_type(self.dtype, call.outputs()[0].dtype);
  return request;
}

void infer_sum(const Call& call, std::vector<OutputSpec>& outputs) {
  const TensorView& self = call.tensor(0);
  const DType natural = is_float(self.dtype) ? self.dtype : DType::kInt64;
  const uint32_t reduced = reduced_dims(call, kDim, self.ndim);
  outputs.push_back({call.arguments()[kDtype].dtype.value_or(natural),
                     reduced_shape(self.dims(), reduced, call.flag(kKeepDim))});
}

void infer_mean(const Call& call, std::vector<OutputSpec>& outputs) {
  const TensorView& self = call.tensor(0);
  const std::optional<DType> wish = call.arguments()[kDtype].dtype;
  if (!is_float(wish.value_or(self.dtype))) {
    fail_argument(FGX_INVALID_ARGUMENT, wish ? kDtype : 0,
                  "mean needs a floating point type; got %s",
                  info(wish.value_or(self.dtype)).name.data());
  }
  const uint32_t reduced = reduced_dims(call, kDim, self.ndim);
  outputs.push_back(
      {wish.value_or(self.dtype), reduced_shape(self.dims(), reduced, call.flag(kKeepDim))});
}

int64_t reduced_length(const Call& call) {
  const TensorView& self = call.tensor(0);
  const uint32_t reduced = reduced_dims(call, kDim, self.ndim);
  int64_t length = 1;
  for (int d = 0; d < self.ndim; ++d) {
    if (((reduced >> d) & 1u) != 0) length *= self.shape[d];
  }
  return length;
}

RunFn prepare_sum(const Call& call, KernelState& state) { return prepare(call, state, false); }
RunFn prepare_mean(const Call& call, KernelState& state) { return prepare(call, state, true); }

}  // namespace fgx
