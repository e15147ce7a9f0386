// SPDX-License-Identifier: Apache-2.0
// The extern "C" functions of plans.
#include "abi/handles.h"
#include "dispatch/plan.h"

using fgx::abi_guard;
using fgx::op_of;
using fgx::require;

struct fgx_plan {
  fgx_plan(fgx_op& op, const fgx_invocation& invocation) : plan(op, invocation) {}
  fgx::Plan plan;
};

namespace {

fgx_plan& plan_of(fgx_plan* handle) {
  require(handle, "plan");
  return *handle;
}

}  // namespace

extern "C" {

fgx_status fgx_plan_create(fgx_op* op, const fgx_value* args, int32_t nargs,
                           fgx_tensor* const* outs, int32_t nouts, fgx_plan** out) {
  return abi_guard([&] {
    fgx_op& known = op_of(op);
    require(out, "out");
    *out = nullptr;
    fgx_invocation invocation{};
    invocation.struct_size = sizeof invocation;
    invocation.args = args;
    invocation.nargs = nargs;
    invocation.outs = outs;
    invocation.nouts = nouts;
    *out = new fgx_plan(known, invocation);
  });
}

fgx_status fgx_plan_invoke(fgx_plan* plan, const fgx_invocation* invocation) {
  return abi_guard([&] {
    const fgx_plan& known = plan_of(plan);
    require(invocation, "invocation");
    known.plan.invoke(fgx::read_struct(invocation, "invocation"));
  });
}

fgx_status fgx_plan_run(fgx_plan* plan, void* const* data, int32_t ndata, void* stream) {
  return abi_guard([&] { plan_of(plan).plan.run(data, ndata, stream); });
}

fgx_status fgx_plan_workspace(const fgx_plan* plan, size_t* size) {
  return abi_guard([&] {
    require(plan, "plan");
    require(size, "size");
    *size = plan->plan.workspace();
  });
}

fgx_status fgx_plan_refresh(fgx_plan* plan) {
  return abi_guard([&] { plan_of(plan).plan.refresh(); });
}

const char* fgx_plan_implementation(const fgx_plan* plan) {
  return plan == nullptr ? "" : plan->plan.implementation().c_str();
}

void fgx_plan_destroy(fgx_plan* plan) { delete plan; }

}  // extern "C"
