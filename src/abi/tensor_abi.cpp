// SPDX-License-Identifier: Apache-2.0
// The extern "C" function that allocates tensors.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

#include "abi/abi.h"
#include "tensor/broadcast.h"
#include "tensor/dims.h"
#include "tensor/overlap.h"

namespace {

constexpr size_t kAlignment = 64;

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

// The handle, its shape and strides in one block; the data apart, for its alignment.
struct OwnedTensor {
  fgx_managed_tensor handle{};
  int64_t shape[FGX_MAX_RANK];
  int64_t strides[FGX_MAX_RANK];
  std::unique_ptr<void, Free> data;
};

void destroy(fgx_managed_tensor* handle) {
  if (handle != nullptr) delete static_cast<OwnedTensor*>(handle->manager_context);
}

// A descriptor whose strides are all zero leaves them to the library.
bool wants_contiguous(const fgx_tensor_desc& desc) {
  for (int32_t i = 0; i < desc.ndim; ++i) {
    if (desc.strides[i] != 0) return false;
  }
  return true;
}

// Checks the descriptor, fills shape and strides, and gives the number of bytes.
int64_t lay_out(const fgx_tensor_desc& desc, fgx::DType dtype, OwnedTensor& tensor) {
  fgx::TensorView view;
  view.dtype = dtype;
  view.ndim = desc.ndim;
  view.shape = tensor.shape;
  view.strides = tensor.strides;
  const std::span<const int64_t> shape(desc.shape, static_cast<size_t>(desc.ndim));
  view.numel = fgx::checked_numel(shape);
  if (wants_contiguous(desc)) {
    fgx::contiguous_strides(shape, tensor.strides);
  } else {
    for (int32_t i = 0; i < desc.ndim; ++i) {
      if (desc.strides[i] < 0) fgx::fail(FGX_INVALID_ARGUMENT, "stride %d is negative", i);
      tensor.strides[i] = desc.strides[i];
    }
  }
  std::copy(shape.begin(), shape.end(), tensor.shape);
  return fgx::extent_bytes(view);
}

}  // namespace

extern "C" fgx_status fgx_tensor_allocate(const fgx_tensor_desc* desc, fgx_managed_tensor** out) {
  return fgx::abi_guard([&] {
    fgx::require(desc, "desc");
    fgx::require(out, "out");
    *out = nullptr;
    const fgx_tensor_desc known = fgx::read_struct(desc, "desc");
    const bool host = known.device.type == FGX_DEVICE_CPU || known.device.type == 0;
    if (!host) fgx::fail(FGX_UNSUPPORTED, "device type %d: only CPU tensors", known.device.type);
    const std::optional<fgx::DType> dtype = fgx::from_code(known.dtype);
    if (!dtype) {
      fgx::fail(FGX_UNSUPPORTED, "no operator takes dtype code %d of %d bits x %d",
                known.dtype.code, known.dtype.bits, known.dtype.lanes);
    }
    if (known.ndim < 0 || known.ndim > FGX_MAX_RANK) {
      fgx::fail(FGX_INVALID_ARGUMENT, "%d dimensions, legal are 0 to %d", known.ndim, FGX_MAX_RANK);
    }
    auto tensor = std::make_unique<OwnedTensor>();
    const size_t bytes = static_cast<size_t>(lay_out(known, *dtype, *tensor));
    // At least one byte, so that the address is one's own; beyond the limit the sum would wrap.
    if (bytes > SIZE_MAX / 2) throw std::bad_alloc();
    tensor->data.reset(
        std::aligned_alloc(kAlignment, (bytes + kAlignment) / kAlignment * kAlignment));
    if (tensor->data == nullptr) throw std::bad_alloc();
    fgx_managed_tensor& handle = tensor->handle;
    handle.version_major = 1;
    handle.manager_context = tensor.get();
    handle.deleter = destroy;
    handle.tensor.data = tensor->data.get();
    handle.tensor.device = {FGX_DEVICE_CPU, 0};
    handle.tensor.ndim = known.ndim;
    handle.tensor.dtype = known.dtype;
    handle.tensor.shape = tensor->shape;
    handle.tensor.strides = tensor->strides;
    *out = &tensor.release()->handle;
  });
}
