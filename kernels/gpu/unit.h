// SPDX-License-Identifier: Apache-2.0
// What kernels that move elements without looking at them share: units of memory, and indices of either type.
#pragma once

#include "kernels/gpu/device.h"

namespace fgx::device {

template <int kBytes>
struct alignas(kBytes) Unit {
  uint8_t bytes[kBytes];
};
template <>
struct alignas(16) Unit<16> {
  uint32_t words[4];
};
template <>
struct Unit<8> {
  uint64_t word;
};
template <>
struct Unit<4> {
  uint32_t word;
};
template <>
struct Unit<2> {
  uint16_t word;
};

FGX_DEVICE_INLINE int64_t thread_index() {
  return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}

FGX_DEVICE_INLINE int64_t load_index(const void* indices, bool wide, int64_t at) {
  return wide ? static_cast<const int64_t*>(indices)[at]
              : static_cast<int64_t>(static_cast<const int32_t*>(indices)[at]);
}

}  // namespace fgx::device
