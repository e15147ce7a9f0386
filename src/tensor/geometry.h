// SPDX-License-Identifier: Apache-2.0
// The shortest loop nest over several operands of one shape: for kernels that take any strides.
#pragma once

#include <cstdint>
#include <span>

#include "tensor/tensor_view.h"

namespace fgx {

// Loop sizes, outermost first, and each operand's step in elements. No operand broadcasts any more:
// a stretched dimension has step 0. Trivially copyable; copy what a kernel needs into its state
// (`ndim` is small once collapsed).
template <int kOperands>
struct LoopNest {
  int32_t ndim = 0;
  int64_t numel = 0;
  int64_t sizes[FGX_MAX_RANK];
  int64_t steps[kOperands][FGX_MAX_RANK];

  // One loop with every operand dense: plain arrays.
  bool dense() const {
    if (ndim == 0) return true;
    if (ndim > 1) return false;
    for (int o = 0; o < kOperands; ++o) {
      if (steps[o][0] != 1) return false;
    }
    return true;
  }
};

// Works on rows of FGX_MAX_RANK steps per operand. See make_loop_nest.
int32_t collapse_loops(int32_t ndim, int64_t* sizes, int64_t (*steps)[FGX_MAX_RANK], int operands);

// Builds the nest for `operands` stretched to `shape` (which they must broadcast to). Operand 0 should
// be the output: loops are ordered by its steps, largest outside, so that memory is walked in order
// whatever the layout; dimensions that form one run for all operands are merged; those of size 1
// vanish. An empty shape gives ndim 0 and numel 1: one element. With numel 0 there is nothing to do.
template <int kOperands>
LoopNest<kOperands> make_loop_nest(std::span<const int64_t> shape,
                                   const TensorView* const (&operands)[kOperands]);

void fill_loop_steps(const TensorView& operand, std::span<const int64_t> shape, int64_t* steps);

template <int kOperands>
LoopNest<kOperands> make_loop_nest(std::span<const int64_t> shape,
                                   const TensorView* const (&operands)[kOperands]) {
  LoopNest<kOperands> nest;
  nest.numel = 1;
  nest.ndim = static_cast<int32_t>(shape.size());
  for (int i = 0; i < nest.ndim; ++i) {
    nest.sizes[i] = shape[i];
    nest.numel *= shape[i];
  }
  for (int o = 0; o < kOperands; ++o) fill_loop_steps(*operands[o], shape, nest.steps[o]);
  nest.ndim = collapse_loops(nest.ndim, nest.sizes, nest.steps, kOperands);
  return nest;
}

}  // namespace fgx
