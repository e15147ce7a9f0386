// SPDX-License-Identifier: Apache-2.0
// layer_norm and rms_norm on a GPU: the launcher of norm.cu.
#pragma once

#include "schema/operator.h"

namespace fgx {

// Throw Unsupported where this build has no code for the device.
RunFn prepare_layer_norm_gpu(const Call& call, KernelState& state);
RunFn prepare_rms_norm_gpu(const Call& call, KernelState& state);

}  // namespace fgx
