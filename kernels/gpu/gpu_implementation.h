// SPDX-License-Identifier: Apache-2.0
// Declares an operator's stable implementations on GPUs: one source, one launcher, one entry per kind of device.
#pragma once

#include "schema/operator.h"

namespace fgx {

// Adds stable.cuda.<name> and stable.rocm.<name>, alike in everything but device to the CPU's. `workspace`:
// bytes of scratch on the device that its calls want.
void add_gpu_implementations(OperatorDef& op, const ImplementationDef& cpu, PrepareFn prepare,
                             WorkspaceFn workspace = nullptr);

// The operator with them, after its last implementation, which is the CPU's stable one.
OperatorDef with_gpu_implementations(OperatorDef op, PrepareFn prepare,
                                     WorkspaceFn workspace = nullptr);

}  // namespace fgx
