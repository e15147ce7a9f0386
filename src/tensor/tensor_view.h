// SPDX-License-Identifier: Apache-2.0
// A tensor as the inside of the library sees it: checked, with strides always present.
#pragma once

#include <cstdint>
#include <span>

#include "tensor/dtype.h"

namespace fgx {

struct TensorView {
  void* data = nullptr;  // first element: byte_offset is applied
  const int64_t* shape = nullptr;
  const int64_t* strides = nullptr;  // in elements, never negative
  int64_t numel = 0;
  int32_t ndim = 0;
  DType dtype = DType::kFloat32;
  bool contiguous = true;       // row-major without gaps (dims of size 1 do not matter)
  bool wrapped_number = false;  // a Python-like number where the schema has a Tensor
  bool present = true;          // false: an output the caller does not want
  fgx_device device{FGX_DEVICE_CPU, 0};

  std::span<const int64_t> dims() const { return {shape, static_cast<size_t>(ndim)}; }
  // Size of a dimension; negative counts from the end (-1 is the last).
  int64_t dim(int index) const { return shape[index < 0 ? index + ndim : index]; }
  int64_t stride(int index) const { return strides[index < 0 ? index + ndim : index]; }
};

}  // namespace fgx
