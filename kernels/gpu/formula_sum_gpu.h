// SPDX-License-Identifier: Apache-2.0
// The sum or mean of a formula's values on a GPU: the launcher of loss.cu's sums.
#pragma once

#include "kernels/stable/pointwise/elementwise.h"

namespace fgx {

// For requests with a reduction. Throws Unsupported where this build has no code for the device.
RunFn prepare_formula_sum_gpu(fgx_device device, const ElementwiseRequest& request,
                              KernelState& state);
// Scratch bytes on the device.
size_t formula_sum_workspace_gpu(fgx_device device, const ElementwiseRequest& request);

}  // namespace fgx
