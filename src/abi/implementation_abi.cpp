// SPDX-License-Identifier: Apache-2.0
// The extern "C" functions of host implementations.
#include "abi/handles.h"

using fgx::abi_guard;
using fgx::context_of;
using fgx::require;

extern "C" {

fgx_status fgx_implementation_register(fgx_context* context, const fgx_implementation_desc* desc) {
  return abi_guard([&] {
    fgx::Context& inner = context_of(context);
    require(desc, "desc");
    inner.register_implementation(fgx::read_struct(desc, "desc"));
  });
}

fgx_status fgx_implementation_unregister(fgx_context* context, const char* name) {
  return abi_guard([&] {
    fgx::Context& inner = context_of(context);
    require(name, "name");
    inner.unregister_implementation(name);
  });
}

fgx_status fgx_implementation_quarantine(fgx_context* context, const char* name,
                                         const char* reason) {
  return abi_guard([&] {
    fgx::Context& inner = context_of(context);
    require(name, "name");
    inner.quarantine_by_name(name, reason == nullptr ? "" : reason);
  });
}

}  // extern "C"
