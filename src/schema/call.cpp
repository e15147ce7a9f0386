// SPDX-License-Identifier: Apache-2.0
// Binding of a call as a whole, and what is read from a bound one.
#include "schema/call.h"

#include "base/error.h"
#include "schema/call_binder.h"
#include "schema/operator.h"

namespace fgx {

void Call::bind(const OperatorDef& op, std::span<const fgx_value> args,
                std::span<fgx_tensor* const> outs, bool run) {
  op_ = &op;
  inputs_.clear();
  outputs_.clear();
  specs_.clear();
  arena_.reset();
  try {
    CallBinder binder(*this, op, run);
    binder.bind_arguments(args);
    if (!outs.empty()) binder.bind_outputs(outs);
    binder.settle_device();
  } catch (Error& error) {
    error.with_op(op.schema.qualified_name());
    throw;
  }
}

const std::vector<OutputSpec>& Call::infer() {
  specs_.clear();
  try {
    op_->infer(*this, specs_);
    const std::vector<SchemaReturn>& returns = op_->schema.returns;
    const bool fixed = returns.empty() || !returns.back().is_list;
    if (fixed && specs_.size() != returns.size()) {
      fail(FGX_INTERNAL, "the type rule gives %zu outputs, the schema has %zu", specs_.size(),
           returns.size());
    }
    for (const OutputSpec& spec : specs_) checked_numel(spec.shape);
  } catch (Error& error) {
    error.with_op(op_->schema.qualified_name());
    throw;
  }
  return specs_;
}

int Call::normalized_dim(int argument, int ndim) const {
  const int64_t dim = integer(argument);
  const int64_t count = ndim == 0 ? 1 : ndim;
  if (dim < -count || dim >= count) {
    fail_argument(FGX_INVALID_ARGUMENT, argument,
                  "argument '%s': dimension %lld is out of range, legal are %lld to %lld",
                  op_->schema.arguments[static_cast<size_t>(argument)].name.c_str(),
                  static_cast<long long>(dim), static_cast<long long>(-count),
                  static_cast<long long>(count - 1));
  }
  return static_cast<int>(dim < 0 ? dim + count : dim);
}

std::string CallBinder::label(int position) const {
  const int count = static_cast<int>(op_.schema.arguments.size());
  if (position < count) return "argument '" + schema(position).name + "'";
  return "output " + std::to_string(position - count);
}

}  // namespace fgx
