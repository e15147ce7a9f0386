// SPDX-License-Identifier: Apache-2.0
// amax, argmax and max.
#include "base/error.h"
#include "kernels/stable/reduction/reduce.h"
#include "kernels/stable/reduction/reduction.h"
#include "schema/type_rules.h"

namespace fgx {
namespace {

constexpr int kDim = 1;
constexpr int kKeepDim = 2;

// NaN is above everything; of equals the one that is there stays.
bool above(const ReduceSlot& part, const ReduceSlot& total) {
  return part.real > total.real || (part.real != part.real && total.real == total.real);
}
bool above_integer(const ReduceSlot& part, const ReduceSlot& total) {
  return part.integer > total.integer;
}

template <bool (*kAbove)(const ReduceSlot&, const ReduceSlot&)>
void fold(ReduceSlot* total, const ReduceSlot& part, int64_t offset) {
  if (!kAbove(part, *total)) return;
  *total = part;
  total->index += offset;
}

// Nothing is ever reduced to nothing here: the type rule refuses it.
constexpr ReduceOps kMaxOps = {fold<above>, write_reals, {}};
constexpr ReduceOps kIntegerMaxOps = {fold<above_integer>, write_integers, {}};
constexpr ReduceOps kArgmaxOps = {fold<above>, write_indices, {}};
constexpr ReduceOps kIntegerArgmaxOps = {fold<above_integer>, write_indices, {}};
constexpr ReduceOps kBothOps = {fold<above>, write_reals, {}, write_indices};
constexpr ReduceOps kIntegerBothOps = {fold<above_integer>, write_integers, {}, write_indices};

}  // namespace

ReduceRequest max_request(const Call& call) {
  const TensorView& self = call.tensor(0);
  ReduceRequest request;
  request.reduced = reduced_dims(call, kDim, self.ndim);
  request.keepdim = call.flag(kKeepDim);
  request.compute = self.dtype;
  return request;
}
ReduceRequest argmax_request(const Call& call) {
  ReduceRequest request = max_request(call);
  request.ordered = true;
  return request;
}

void infer_amax(const Call& call, std::vector<OutputSpec>& outputs) {
  const TensorView& self = call.tensor(0);
  const uint32_t reduced = reduced_dims(call, kDim, self.ndim);
  require_elements(call, kDim, self, reduced);
  outputs.push_back({self.dtype, reduced_shape(self.dims(), reduced, call.flag(kKeepDim))});
}

void infer_argmax(const Call& call, std::vector<OutputSpec>& outputs) {
  const TensorView& self = call.tensor(0);
  if (self.dtype == DType::kBool) {
    fail_argument(FGX_INVALID_ARGUMENT, 0, "argmax takes no bool tensors");
  }
  const uint32_t reduced = reduced_dims(call, kDim, self.ndim);
  require_elements(call, kDim, self, reduced);
  outputs.push_back({DType::kInt64, reduced_shape(self.dims(), reduced, call.flag(kKeepDim))});
}

void infer_max(const Call& call, std::vector<OutputSpec>& outputs) {
  infer_amax(call, outputs);
  outputs.push_back({DType::kInt64, outputs[0].shape});
}

RunFn prepare_amax(const Call& call, KernelState& state) {
  ReduceRequest request = max_request(call);
  request.table = &max_table_for(best_isa());
  request.ops = is_float(request.compute) ? &kMaxOps : &kIntegerMaxOps;
  return prepare_reduce(call, request, state);
}

RunFn prepare_argmax(const Call& call, KernelState& state) {
  ReduceRequest request = argmax_request(call);
  request.table = &argmax_table_for(best_isa());
  request.ops = is_float(request.compute) ? &kArgmaxOps : &kIntegerArgmaxOps;
  return prepare_reduce(call, request, state);
}

RunFn prepare_max(const Call& call, KernelState& state) {
  ReduceRequest request = argmax_request(call);
  request.table = &argmax_table_for(best_isa());
  request.ops = is_float(request.compute) ? &kBothOps : &kIntegerBothOps;
  return prepare_reduce(call, request, state);
}

}  // namespace fgx
