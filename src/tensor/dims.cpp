// SPDX-License-Identifier: Apache-2.0
// Checked arithmetic and text of shapes.
#include "tensor/dims.h"

#include "base/error.h"

namespace fgx {

void Dims::refuse_rank(size_t count) {
  fail(FGX_INVALID_ARGUMENT, "%zu dimensions, but a tensor has at most %d", count, FGX_MAX_RANK);
}

std::string shape_text(std::span<const int64_t> dims) {
  std::string text = "[";
  for (size_t i = 0; i < dims.size(); ++i) {
    if (i > 0) text += ',';
    text += std::to_string(dims[i]);
  }
  return text + "]";
}

int64_t checked_numel(std::span<const int64_t> dims) {
  int64_t product = 1;
  bool zero = false;
  for (int64_t dim : dims) {
    if (dim < 0) {
      fail(FGX_INVALID_ARGUMENT, "shape %s has a negative dimension", shape_text(dims).c_str());
    }
    zero = zero || dim == 0;
    if (dim > 1 && __builtin_mul_overflow(product, dim, &product)) {
      fail(FGX_INVALID_ARGUMENT, "shape %s has more elements than a 64-bit integer counts",
           shape_text(dims).c_str());
    }
  }
  return zero ? 0 : product;
}

}  // namespace fgx
