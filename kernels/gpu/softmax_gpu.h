// SPDX-License-Identifier: Apache-2.0
// softmax on a GPU: the launcher of softmax.cu.
#pragma once

#include "schema/operator.h"

namespace fgx {

// Throws Unsupported where this build has no code for the device.
RunFn prepare_softmax_gpu(const Call& call, KernelState& state);

}  // namespace fgx
