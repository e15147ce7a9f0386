// SPDX-License-Identifier: Apache-2.0
// Runs a formula on a GPU over operands of any types and strides: the launcher of pointwise.cu.
#pragma once

#include "kernels/stable/pointwise/elementwise.h"

namespace fgx {

// Chooses the kernel (dense, beside numbers, rows, strided) and its geometry. Wrapped numbers and 0-d CPU
// tensors are read when it runs. Throws Unsupported where this build has no code for the device.
RunFn prepare_elementwise_gpu(fgx_device device, const ElementwiseRequest& request,
                              KernelState& state);

}  // namespace fgx
