// SPDX-License-Identifier: Apache-2.0
// How the memory of strided tensors overlaps: the rules that outputs are held to.
#pragma once

#include <cstdint>

#include "tensor/tensor_view.h"

namespace fgx {

enum class Overlap : uint8_t {
  kDisjoint,  // no byte in common
  kExact,     // the same elements at the same indices: same address, type, shape and strides
  kPartial,   // some byte may be shared, but not as above
};

// Compares two tensors. Slices of one base tensor (columns, interleaved elements) are told apart;
// where strides follow no common pattern the answer errs on the side of kPartial.
Overlap overlap(const TensorView& a, const TensorView& b);

// Whether two different indices of a tensor may share memory. Strides sorted, each must step over
// all that the smaller ones reach; the rare tensors that break this without sharing count as sharing.
bool overlaps_itself(const TensorView& tensor);

// Number of bytes from the first element to the end of the last; 0 for no elements. Throws
// InvalidArgument when it exceeds int64.
int64_t extent_bytes(const TensorView& tensor);

}  // namespace fgx
