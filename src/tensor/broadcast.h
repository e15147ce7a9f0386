// SPDX-License-Identifier: Apache-2.0
// Broadcasting: the common shape of several operands, and the strides that stretch one to it.
#pragma once

#include <cstdint>
#include <span>

#include "tensor/dims.h"
#include "tensor/tensor_view.h"

namespace fgx {

// Widens `shape` so that `dims` broadcasts with it (aligned at the last dimension; 1 stretches).
// Throws InvalidArgument naming both shapes and `argument`, whose dims these are, when they do not fit.
void broadcast_with(Dims& shape, std::span<const int64_t> dims, int argument);

// Writes to `strides` (one per dimension of `shape`) how `tensor` is walked when stretched to `shape`:
// 0 along stretched dimensions. The tensor must broadcast to the shape.
void broadcast_strides(const TensorView& tensor, std::span<const int64_t> shape, int64_t* strides);

// Row-major strides; throws InvalidArgument when they overflow.
void contiguous_strides(std::span<const int64_t> shape, int64_t* strides);

}  // namespace fgx
