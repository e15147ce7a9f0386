// SPDX-License-Identifier: Apache-2.0
// The extern "C" functions of parsed call expressions.
#include "abi/handles.h"
#include "schema/owned_call.h"
#include "verify/inputs.h"

struct fgx_call {
  fgx_op* op;
  fgx::OwnedCall call;

  fgx_call(fgx_op* handle, const fgx::CallExpression& expression,
           const fgx::OwnedCallOptions& options)
      : op(handle), call(*handle->def, expression, options) {}
};

extern "C" {

fgx_status fgx_call_parse(fgx_context* context, const char* expression, uint32_t flags,
                          uint64_t seed, fgx_call** out) {
  return fgx::abi_guard([&] {
    fgx::Context& inner = fgx::context_of(context);
    fgx::require(expression, "expression");
    fgx::require(out, "out");
    *out = nullptr;
    if ((flags & ~uint32_t{FGX_CALL_ALLOCATE}) != 0) {
      fgx::fail(FGX_INVALID_ARGUMENT, "unknown call flags 0x%x", flags);
    }
    const fgx::CallExpression parsed = fgx::parse_call_expression(expression);
    fgx::OwnedCallOptions options;
    options.allocate = (flags & FGX_CALL_ALLOCATE) != 0;
    options.seed = seed;
    options.fill = fgx::fill_call_input;
    *out = new fgx_call(&inner.op(parsed.op), parsed, options);
  });
}

fgx_op* fgx_call_op(const fgx_call* call) { return call == nullptr ? nullptr : call->op; }

const fgx_value* fgx_call_args(const fgx_call* call, int32_t* nargs) {
  if (nargs != nullptr) *nargs = 0;
  if (call == nullptr) return nullptr;
  if (nargs != nullptr) *nargs = static_cast<int32_t>(call->call.args().size());
  return call->call.args().data();
}

fgx_tensor* const* fgx_call_outs(const fgx_call* call, int32_t* nouts) {
  if (nouts != nullptr) *nouts = 0;
  if (call == nullptr) return nullptr;
  if (nouts != nullptr) *nouts = static_cast<int32_t>(call->call.outs().size());
  return call->call.outs().data();
}

void fgx_call_destroy(fgx_call* call) { delete call; }

}  // extern "C"
