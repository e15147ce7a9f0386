// SPDX-License-Identifier: Apache-2.0
// mm, linear, bmm and addmm by cuBLASLt and hipBLASLt.
#pragma once

#include "schema/kernel.h"

namespace fgx {

ImplementationDef blaslt_mm(int32_t device_type);
ImplementationDef blaslt_linear(int32_t device_type);
ImplementationDef blaslt_bmm(int32_t device_type);
ImplementationDef blaslt_addmm(int32_t device_type);

}  // namespace fgx
