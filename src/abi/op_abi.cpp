// SPDX-License-Identifier: Apache-2.0
// The extern "C" functions of operators.
#include <algorithm>

#include "abi/handles.h"
#include "dispatch/describe.h"
#include "dispatch/invoke.h"

using fgx::abi_guard;
using fgx::give_string;
using fgx::op_of;
using fgx::require;

namespace {

fgx_invocation shorthand(const fgx_value* args, int32_t nargs, fgx_tensor* const* outs,
                         int32_t nouts, void* stream) {
  fgx_invocation invocation;
  invocation.struct_size = sizeof invocation;
  invocation.flags = 0;
  invocation.device = {0, 0};
  invocation.stream = stream;
  invocation.args = args;
  invocation.nargs = nargs;
  invocation.nouts = nouts;
  invocation.outs = outs;
  invocation.workspace = nullptr;
  invocation.workspace_size = 0;
  return invocation;
}

void describe_output(const fgx::OutputSpec& spec, fgx_device device, fgx_tensor_desc& out) {
  fgx_tensor_desc desc{};
  desc.flags = (spec.size_is_bound ? uint32_t{FGX_DESC_SIZE_IS_BOUND} : 0u) |
               (spec.optional ? uint32_t{FGX_DESC_OPTIONAL} : 0u);
  desc.device = device;
  desc.dtype = fgx::info(spec.dtype).code;
  desc.ndim = static_cast<int32_t>(spec.shape.size());
  uint64_t stride = 1;  // the dims beside a zero may be anything
  for (int32_t i = desc.ndim; i-- > 0;) {
    desc.shape[i] = spec.shape[static_cast<size_t>(i)];
    desc.strides[i] = static_cast<int64_t>(stride & INT64_MAX);
    stride *= static_cast<uint64_t>(std::max<int64_t>(desc.shape[i], 1));
  }
  if (out.struct_size < sizeof(uint32_t)) {
    fgx::fail(FGX_INVALID_ARGUMENT, "set struct_size of every descriptor");
  }
  desc.struct_size = out.struct_size;
  std::memcpy(&out, &desc, std::min<size_t>(out.struct_size, sizeof desc));
}

}  // namespace

extern "C" {

const char* fgx_op_name(const fgx_op* op) { return op == nullptr ? "" : op->name.c_str(); }

const char* fgx_op_schema(const fgx_op* op) {
  return op == nullptr ? "" : op->def->schema.text.c_str();
}

fgx_status fgx_op_infer(fgx_op* op, const fgx_value* args, int32_t nargs, fgx_tensor_desc* outs,
                        int32_t* nouts) {
  return abi_guard([&] {
    const fgx_op& known = op_of(op);
    require(nouts, "nouts");
    const int32_t capacity = *nouts;
    if (capacity < 0 || (capacity > 0 && outs == nullptr)) {
      fgx::fail(FGX_INVALID_ARGUMENT, "*nouts is %d%s", capacity,
                capacity < 0 ? "" : ", but outs is NULL");
    }
    const fgx::ColdLease cold;
    fgx::bind_invocation(known, shorthand(args, nargs, nullptr, 0, nullptr), false, cold->call);
    const std::vector<fgx::OutputSpec>& specs = cold->call.infer();
    *nouts = static_cast<int32_t>(specs.size());
    if (outs == nullptr) return;
    if (static_cast<size_t>(capacity) < specs.size()) {
      fgx::fail(FGX_INVALID_ARGUMENT, "%zu outputs do not fit a capacity of %d", specs.size(),
                capacity);
    }
    for (size_t i = 0; i < specs.size(); ++i) {
      describe_output(specs[i], cold->call.device(), outs[i]);
    }
  });
}

fgx_status fgx_op_invoke(fgx_op* op, const fgx_invocation* invocation) {
  return abi_guard([&] {
    fgx_op& known = op_of(op);
    require(invocation, "invocation");
    if (__builtin_expect(invocation->struct_size == sizeof(fgx_invocation), 1)) {
      fgx::invoke(known, *invocation);
    } else {
      fgx::invoke(known, fgx::read_struct(invocation, "invocation"));
    }
  });
}

fgx_status fgx_op_call(fgx_op* op, const fgx_value* args, int32_t nargs, fgx_tensor* const* outs,
                       int32_t nouts, void* stream) {
  return abi_guard([&] { fgx::invoke(op_of(op), shorthand(args, nargs, outs, nouts, stream)); });
}

fgx_status fgx_op_workspace(fgx_op* op, const fgx_value* args, int32_t nargs,
                            fgx_tensor* const* outs, int32_t nouts, size_t* size) {
  return abi_guard([&] {
    fgx_op& known = op_of(op);
    require(size, "size");
    *size = fgx::call_workspace(known, shorthand(args, nargs, outs, nouts, nullptr));
  });
}

fgx_status fgx_op_explain(fgx_op* op, const fgx_value* args, int32_t nargs, fgx_tensor* const* outs,
                          int32_t nouts, fgx_string** out) {
  return abi_guard([&] {
    fgx_op& known = op_of(op);
    require(out, "out");
    give_string(fgx::explain(known, shorthand(args, nargs, outs, nouts, nullptr)), out);
  });
}

}  // extern "C"
