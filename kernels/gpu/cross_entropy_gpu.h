// SPDX-License-Identifier: Apache-2.0
// cross_entropy_loss on a GPU: the launcher of cross_entropy.cu.
#pragma once

#include "schema/operator.h"

namespace fgx {

// Throws Unsupported where this build has no code for the device.
RunFn prepare_cross_entropy_loss_gpu(const Call& call, KernelState& state);
// Scratch bytes on the device.
size_t cross_entropy_loss_workspace_gpu(const Call& call);

}  // namespace fgx
