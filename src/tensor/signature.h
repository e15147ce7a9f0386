// SPDX-License-Identifier: Apache-2.0
// The bucketed shape key of performance statistics: dims rounded up to powers of two.
#pragma once

#include <span>
#include <string>

#include "tensor/tensor_view.h"

namespace fgx {

// One tensor's part: (1000,500) -> "1K_512", () -> "s", (0,3) -> "0_4". From 1024 on a dimension is
// written with K, M or G.
std::string signature_of(std::span<const int64_t> dims);

// Of several tensors in argument order, joined with "x"; "" for none.
std::string signature_of(std::span<const TensorView> tensors);

}  // namespace fgx
