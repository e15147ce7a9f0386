// SPDX-License-Identifier: Apache-2.0
// check_pointers=always: asks the kernel whether the memory behind CPU tensors is mapped.
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "dispatch/sampling.h"

namespace fgx {
namespace {

// msync with MS_ASYNC writes nothing back and fails with ENOMEM where a page is not mapped.
bool is_mapped(const TensorView& view) {
  if (!view.present || view.numel == 0 || view.wrapped_number) return true;
  static const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  int64_t last = 0;
  for (int32_t i = 0; i < view.ndim; ++i) last += (view.shape[i] - 1) * view.strides[i];
  const uintptr_t into_page = reinterpret_cast<uintptr_t>(view.data) & (page - 1);
  const size_t bytes = into_page + static_cast<size_t>((last + 1) * size_of(view.dtype));
  char* const first = static_cast<char*>(view.data) - into_page;
  return msync(first, bytes, MS_ASYNC) == 0 || errno != ENOMEM;
}

}  // namespace

void check_mapped(const fgx_op& op, const Call& call) {
  if (call.device().type != FGX_DEVICE_CPU) return;
  const auto refuse = [&](int32_t argument) {
    Error error(FGX_INVALID_ARGUMENT, "the tensor reaches memory that is not mapped");
    throw error.with_op(op.name).with_argument(argument);
  };
  const int arguments = static_cast<int>(call.arguments().size());
  for (int i = 0; i < arguments; ++i) {
    for (const TensorView& view : call.tensors(i)) {
      if (!is_mapped(view)) refuse(i);
    }
  }
  for (size_t i = 0; i < call.outputs().size(); ++i) {
    if (!is_mapped(call.outputs()[i])) refuse(arguments + static_cast<int>(i));
  }
}

}  // namespace fgx
