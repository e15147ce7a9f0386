// SPDX-License-Identifier: Apache-2.0
// What the opaque handles of contexts are made of.
#pragma once

#include <memory>

#include "abi/abi.h"
#include "dispatch/context.h"

struct fgx_context {
  std::shared_ptr<fgx::Context> context;
  fgx_registry* registry = nullptr;  // the host's, or null
};

namespace fgx {

inline Context& context_of(fgx_context* handle) {
  require(handle, "context");
  return *handle->context;
}
inline fgx_op& op_of(fgx_op* handle) {
  require(handle, "op");
  return *handle;
}

}  // namespace fgx
