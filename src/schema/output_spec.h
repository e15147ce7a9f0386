// SPDX-License-Identifier: Apache-2.0
// What an operator's type and shape rule says of one output.
#pragma once

#include "tensor/dims.h"
#include "tensor/dtype.h"

namespace fgx {

struct OutputSpec {
  DType dtype = DType::kFloat32;
  Dims shape = {};
  bool optional = false;       // the caller may pass NULL
  bool size_is_bound = false;  // see FGX_DESC_SIZE_IS_BOUND
};

}  // namespace fgx
