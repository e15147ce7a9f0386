// SPDX-License-Identifier: Apache-2.0
// cumsum on a GPU: the launcher of cumsum.cu.
#pragma once

#include "schema/operator.h"

namespace fgx {

RunFn prepare_cumsum_gpu(const Call& call, KernelState& state);
size_t cumsum_workspace_gpu(const Call& call);

}  // namespace fgx
