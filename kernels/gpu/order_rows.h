// SPDX-License-Identifier: Apache-2.0
// Where the rows of topk and sort lie.
#pragma once

#include "kernels/gpu/order_arguments.h"
#include "kernels/gpu/real_element.h"

namespace fgx::device {

struct OrderPlace {
  int64_t x, value, index;
};
FGX_DEVICE_INLINE OrderPlace order_place(const gpu::OrderArguments& a, int64_t row) {
  OrderPlace at{};
  for (int d = a.ndim - 1; d >= 0; --d) {
    const int64_t next = d > 0 ? split(row, a.divide[d], a.sizes[d], a.narrow != 0) : 0;
    at.x += row * a.x_steps[d];
    at.value += row * a.value_steps[d];
    at.index += row * a.index_steps[d];
    row = next;
  }
  return at;
}

}  // namespace fgx::device
