// SPDX-License-Identifier: Apache-2.0
// mm and linear by vendor libraries: oneDNN and OpenBLAS.
#pragma once

#include "schema/kernel.h"

namespace fgx {

ImplementationDef onednn_mm();
ImplementationDef onednn_linear();
ImplementationDef openblas_mm();
ImplementationDef openblas_linear();

}  // namespace fgx
