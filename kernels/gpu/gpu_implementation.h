// SPDX-License-Identifier: Apache-2.0
// Declares an operator's stable implementations on GPUs: one source, one launcher, one entry per kind of device.
#pragma once

#include "schema/operator.h"

namespace fgx {

// Adds stable.cuda.<name> and stable.rocm.<name>, alike in everything but device to the CPU's. `workspace`: bytes of
// device memory that a captured call brings.
void add_gpu_implementations(OperatorDef& op, const ImplementationDef& cpu, PrepareFn prepare,
                             WorkspaceFn workspace = nullptr);

}  // namespace fgx
