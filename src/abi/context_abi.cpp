// SPDX-License-Identifier: Apache-2.0
// The extern "C" functions of contexts.
#include "abi/handles.h"
#include "dispatch/invoke.h"

using fgx::abi_guard;
using fgx::context_of;
using fgx::give_string;
using fgx::op_of;
using fgx::require;

extern "C" {

fgx_status fgx_context_create(const fgx_context_options* options, fgx_context** out) {
  return abi_guard([&] {
    require(out, "out");
    *out = nullptr;
    const fgx_context_options known = fgx::read_struct(options, "options");
    if ((known.flags & ~uint32_t{FGX_CONTEXT_IGNORE_ENVIRONMENT}) != 0) {
      fgx::fail(FGX_INVALID_ARGUMENT, "unknown context flags 0x%x", known.flags);
    }
    fgx::Context::Options inner;
    if (known.config_file != nullptr) inner.config_file = known.config_file;
    inner.read_environment = (known.flags & FGX_CONTEXT_IGNORE_ENVIRONMENT) == 0;
    inner.allocator = known.allocator;
    inner.thread_pool = known.thread_pool;
    inner.log_sink = known.log_sink;
    inner.on_quarantine = known.on_quarantine;
    auto handle = std::make_unique<fgx_context>();
    handle->context = fgx::Context::create(fgx::Catalogue::builtin(), inner);
    handle->registry = known.registry;
    *out = handle.release();
  });
}

void fgx_context_destroy(fgx_context* context) { delete context; }

fgx_status fgx_context_prepare(fgx_context* context, fgx_op* op, const fgx_value* args,
                               int32_t nargs, fgx_tensor* const* outs, int32_t nouts) {
  return abi_guard([&] {
    const fgx::Context& owner = context_of(context);
    if (op_of(op).context != &owner) {
      fgx::fail(FGX_INVALID_ARGUMENT, "the operator belongs to another context");
    }
    fgx_invocation invocation{};
    invocation.args = args;
    invocation.nargs = nargs;
    invocation.outs = outs;
    invocation.nouts = nouts;
    fgx::prepare_call(*op, invocation);
  });
}

fgx_status fgx_context_enable(fgx_context* context, const char* groups) {
  return abi_guard([&] { context_of(context).enable_groups(groups); });
}

fgx_status fgx_context_disable(fgx_context* context) {
  return abi_guard([&] { context_of(context).disable_groups(); });
}

fgx_status fgx_context_set_config(fgx_context* context, const char* key, const char* value) {
  return abi_guard([&] {
    fgx::Context& inner = context_of(context);
    require(key, "key");
    require(value, "value");
    inner.set_config(key, value);
  });
}

fgx_status fgx_context_get_config(fgx_context* context, const char* key, fgx_string** out) {
  return abi_guard([&] {
    const fgx::Context& inner = context_of(context);
    require(out, "out");
    give_string(inner.get_config(key), out);
  });
}

fgx_status fgx_context_reload_config(fgx_context* context) {
  return abi_guard([&] { context_of(context).reload_config(); });
}

fgx_status fgx_context_get_op(fgx_context* context, const char* name, fgx_op** out) {
  return abi_guard([&] {
    fgx::Context& inner = context_of(context);
    require(name, "name");
    require(out, "out");
    *out = nullptr;
    *out = &inner.op(name);
  });
}

}  // extern "C"
