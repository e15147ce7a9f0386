// SPDX-License-Identifier: Apache-2.0
// var_mean: variance and mean in one pass over memory.
#include <limits>

#include "kernels/stable/reduction/reduce.h"
#include "kernels/stable/reduction/reduction.h"
#include "schema/type_rules.h"

namespace fgx {
namespace {

enum VarMeanArgument { kSelf, kDim, kCorrection, kKeepDim };

// Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances"
// (1979).
void fold(ReduceSlot* total, const ReduceSlot& part, int64_t) {
  const double a = static_cast<double>(total->index);
  const double b = static_cast<double>(part.index);
  const double apart = part.real - total->real;
  total->real = total->real * (a / (a + b)) + part.real * (b / (a + b));
  total->spread += part.spread + apart * apart * (a * b / (a + b));
  total->index += part.index;
}

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr ReduceOps kVarMeanOps = {fold, write_variances, {{.real = kNan}, 0, kNan}, write_reals};

}  // namespace

void infer_var_mean(const Call& call, std::vector<OutputSpec>& outputs) {
  require_dtype(call, kSelf, kFloatTypes);
  const TensorView& self = call.tensor(kSelf);
  const Dims shape =
      reduced_shape(self.dims(), reduced_dims(call, kDim, self.ndim), call.flag(kKeepDim));
  add_output(outputs, self.dtype, shape);
  add_output(outputs, self.dtype, shape);
}

ReduceRequest var_mean_request(const Call& call) {
  const TensorView& self = call.tensor(kSelf);
  ReduceRequest request;
  request.reduced = reduced_dims(call, kDim, self.ndim);
  request.keepdim = call.flag(kKeepDim);
  request.compute = self.dtype;
  request.correction = call.has(kCorrection) ? call.scalar(kCorrection).as_double() : 1.0;
  return request;
}

RunFn prepare_var_mean(const Call& call, KernelState& state) {
  ReduceRequest request = var_mean_request(call);
  request.table = &moments_table_for(best_isa());
  request.ops = &kVarMeanOps;
  return prepare_reduce(call, request, state);
}

}  // namespace fgx
