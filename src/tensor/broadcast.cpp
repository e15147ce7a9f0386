// SPDX-License-Identifier: Apache-2.0
// Broadcasting of shapes and strides.
#include "tensor/broadcast.h"

#include "base/error.h"

namespace fgx {

void broadcast_with(Dims& shape, std::span<const int64_t> dims, int argument) {
  const size_t rank = shape.size() > dims.size() ? shape.size() : dims.size();
  Dims result(rank, 1);
  for (size_t i = 1; i <= rank; ++i) {
    const int64_t a = i <= shape.size() ? shape[shape.size() - i] : 1;
    const int64_t b = i <= dims.size() ? dims[dims.size() - i] : 1;
    if (a != b && a != 1 && b != 1) {
      fail_argument(FGX_INVALID_ARGUMENT, argument,
                    "shapes %s and %s do not broadcast: %lld against %lld in dimension %zu",
                    shape_text(shape).c_str(), shape_text(dims).c_str(), static_cast<long long>(a),
                    static_cast<long long>(b), rank - i);
    }
    result[rank - i] = a == 1 ? b : a;
  }
  shape = result;
}

void broadcast_strides(const TensorView& tensor, std::span<const int64_t> shape, int64_t* strides) {
  const int lead = static_cast<int>(shape.size()) - tensor.ndim;
  for (int i = 0; i < lead; ++i) strides[i] = 0;
  for (int i = 0; i < tensor.ndim; ++i) {
    strides[lead + i] = tensor.shape[i] == 1 ? 0 : tensor.strides[i];
  }
}

void contiguous_strides(std::span<const int64_t> shape, int64_t* strides) {
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    const int64_t size = shape[i] > 1 ? shape[i] : 1;
    if (__builtin_mul_overflow(stride, size, &stride)) {
      fail(FGX_INVALID_ARGUMENT, "the strides of shape %s exceed a 64-bit integer",
           shape_text(shape).c_str());
    }
  }
}

}  // namespace fgx
