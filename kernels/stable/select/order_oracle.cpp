// SPDX-License-Identifier: Apache-2.0
// Plain references of topk and sort.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/stable/select/order.h"

namespace fgx {
namespace {

// NaN above all numbers.
bool less(const OracleTensor& x, int64_t a, int64_t b) {
  if (!is_float(x.dtype)) {
    return x.integers[static_cast<size_t>(a)] < x.integers[static_cast<size_t>(b)];
  }
  const double left = x.at(a);
  const double right = x.at(b);
  return std::isnan(right) ? !std::isnan(left) : left < right;
}

// The first `kept` of each row of dimension `dim` in stable order.
void order_rows(const OracleTensor& x, int64_t dim, int64_t kept, bool falling,
                std::vector<OracleTensor>& outputs) {
  const auto ndim = static_cast<int64_t>(x.shape.size());
  int64_t inner = 1;
  for (int64_t d = dim + 1; d < ndim; ++d) inner *= x.shape[static_cast<size_t>(d)];
  const int64_t length = ndim == 0 ? 1 : x.shape[static_cast<size_t>(dim)];
  const auto count = static_cast<size_t>(outputs[0].numel());
  const bool real = is_float(x.dtype);
  outputs[0].reals.assign(real ? count : 0, 0.0);
  outputs[0].integers.assign(real ? 0 : count, 0);
  outputs[1].integers.assign(count, 0);
  if (count == 0) return;
  const int64_t rows = x.numel() / length;
  std::vector<int64_t> order(static_cast<size_t>(length));
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t start = row / inner * length * inner + row % inner;
    std::iota(order.begin(), order.end(), int64_t{0});
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      const int64_t left = start + a * inner;
      const int64_t right = start + b * inner;
      return falling ? less(x, right, left) : less(x, left, right);
    });
    for (int64_t i = 0; i < kept; ++i) {
      const auto to = static_cast<size_t>(row / inner * kept * inner + i * inner + row % inner);
      const int64_t place = order[static_cast<size_t>(i)];
      const auto from = static_cast<size_t>(start + place * inner);
      if (real) {
        outputs[0].reals[to] = x.reals[from];
      } else {
        outputs[0].integers[to] = x.integers[from];
      }
      outputs[1].integers[to] = place;
    }
  }
}

int64_t dim_of(const OracleTensor& x, int64_t dim) {
  const auto ndim = static_cast<int64_t>(x.shape.size());
  return ndim == 0 ? 0 : (dim + ndim) % ndim;
}

}  // namespace

void topk_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                 std::vector<OracleTensor>& outputs) {
  const int64_t kept = inputs[0].shape.empty() ? 1 : call.integer(1);
  order_rows(inputs[0], dim_of(inputs[0], call.integer(2)), kept, call.flag(3), outputs);
}

void sort_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                 std::vector<OracleTensor>& outputs) {
  const int64_t dim = dim_of(inputs[0], call.integer(2));
  const int64_t length = inputs[0].shape.empty() ? 1 : inputs[0].shape[static_cast<size_t>(dim)];
  order_rows(inputs[0], dim, length, call.flag(3), outputs);
}

}  // namespace fgx
