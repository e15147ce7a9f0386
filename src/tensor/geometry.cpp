// SPDX-License-Identifier: Apache-2.0
// Ordering and merging of loops.
#include "tensor/geometry.h"

#include <utility>

#include "tensor/broadcast.h"

namespace fgx {
namespace {

// Whether loop `outer` should rather run inside loop `inner`: decided by the first operand that has
// a step along both; stretched operands have no say.
bool in_wrong_order(int outer, int inner, int64_t (*steps)[FGX_MAX_RANK], int operands) {
  for (int o = 0; o < operands; ++o) {
    const int64_t a = steps[o][outer];
    const int64_t b = steps[o][inner];
    if (a == 0 || b == 0 || a == b) continue;
    return a < b;
  }
  return false;
}

void swap_loops(int a, int b, int64_t* sizes, int64_t (*steps)[FGX_MAX_RANK], int operands) {
  std::swap(sizes[a], sizes[b]);
  for (int o = 0; o < operands; ++o) std::swap(steps[o][a], steps[o][b]);
}

// Whether the inner loop continues where one round of the outer one ends, for every operand.
bool is_one_run(int outer, int inner, const int64_t* sizes, int64_t (*steps)[FGX_MAX_RANK],
                int operands) {
  for (int o = 0; o < operands; ++o) {
    if (steps[o][outer] != steps[o][inner] * sizes[inner]) return false;
  }
  return true;
}

}  // namespace

void fill_loop_steps(const TensorView& operand, std::span<const int64_t> shape, int64_t* steps) {
  broadcast_strides(operand, shape, steps);
}

int32_t collapse_loops(int32_t ndim, int64_t* sizes, int64_t (*steps)[FGX_MAX_RANK], int operands) {
  int32_t kept = 0;
  for (int i = 0; i < ndim; ++i) {
    if (sizes[i] == 1) continue;
    if (i != kept) swap_loops(i, kept, sizes, steps, operands);
    ++kept;
  }
  // Insertion sort: stable, and at most FGX_MAX_RANK loops.
  for (int i = 1; i < kept; ++i) {
    for (int j = i; j > 0 && in_wrong_order(j - 1, j, steps, operands); --j) {
      swap_loops(j - 1, j, sizes, steps, operands);
    }
  }
  int32_t last = 0;
  for (int i = 1; i < kept; ++i) {
    if (is_one_run(last, i, sizes, steps, operands)) {
      sizes[last] *= sizes[i];
      for (int o = 0; o < operands; ++o) steps[o][last] = steps[o][i];
    } else {
      ++last;
      if (last != i) swap_loops(last, i, sizes, steps, operands);
    }
  }
  return kept == 0 ? 0 : last + 1;
}

}  // namespace fgx
