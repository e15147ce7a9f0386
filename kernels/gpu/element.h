// SPDX-License-Identifier: Apache-2.0
// Single elements of types known at run time only, and their places in strided memory; the branches are the
// same for all threads.
#pragma once

#include "kernels/gpu/device.h"
#include "kernels/gpu/row_arguments.h"

namespace fgx::device {

// Compute is float, double or int64_t.
template <typename Compute>
FGX_DEVICE_INLINE Compute load_element(const void* base, uint8_t dtype, int64_t i) {
  switch (dtype) {
    case 0:
      return Compute(static_cast<const Bool*>(base)[i].byte != 0);
    case 1:
      return Compute(static_cast<const UInt8*>(base)[i]);
    case 2:
      return Compute(static_cast<const Int8*>(base)[i]);
    case 3:
      return Compute(static_cast<const Int16*>(base)[i]);
    case 4:
      return Compute(static_cast<const Int32*>(base)[i]);
    case 5:
      return Compute(static_cast<const Int64*>(base)[i]);
    case 6:
      return Compute(to_float(static_cast<const Float16*>(base)[i]));
    case 7:
      return Compute(to_float(static_cast<const BFloat16*>(base)[i]));
    case 8:
      return Compute(static_cast<const Float32*>(base)[i]);
    default:
      return Compute(static_cast<const Float64*>(base)[i]);
  }
}

template <typename Compute>
FGX_DEVICE_INLINE void store_element(void* base, uint8_t dtype, int64_t i, Compute value) {
  switch (dtype) {
    case 0:
      static_cast<Bool*>(base)[i].byte = value != Compute(0);
      break;
    case 1:
      static_cast<UInt8*>(base)[i] = static_cast<UInt8>(static_cast<int64_t>(value));
      break;
    case 2:
      static_cast<Int8*>(base)[i] = static_cast<Int8>(static_cast<int64_t>(value));
      break;
    case 3:
      static_cast<Int16*>(base)[i] = static_cast<Int16>(static_cast<int64_t>(value));
      break;
    case 4:
      static_cast<Int32*>(base)[i] = static_cast<Int32>(static_cast<int64_t>(value));
      break;
    case 5:
      static_cast<Int64*>(base)[i] = static_cast<Int64>(value);
      break;
    case 6:
      static_cast<Float16*>(base)[i] = to_float16(static_cast<float>(value));
      break;
    case 7:
      static_cast<BFloat16*>(base)[i] = to_bfloat16(static_cast<float>(value));
      break;
    case 8:
      static_cast<Float32*>(base)[i] = static_cast<float>(value);
      break;
    default:
      static_cast<Float64*>(base)[i] = static_cast<double>(value);
  }
}

// The element as `as` holds it: integers wrap, reals are rounded. Compute is int64_t where `as` is an
// integer type or bool.
template <typename Compute>
FGX_DEVICE_INLINE Compute load_converted(const void* base, uint8_t dtype, int64_t i, uint8_t as) {
  if constexpr (__is_same(Compute, int64_t)) {
    if (as == 0 && dtype >= 6) return load_element<double>(base, dtype, i) != 0;
    const int64_t value = load_element<int64_t>(base, dtype, i);
    switch (as) {
      case 0:
        return value != 0;
      case 1:
        return static_cast<UInt8>(value);
      case 2:
        return static_cast<Int8>(value);
      case 3:
        return static_cast<Int16>(value);
      case 4:
        return static_cast<Int32>(value);
      default:
        return value;
    }
  } else {
    switch (as) {
      case 6:
        return Compute(to_float(to_float16(load_element<float>(base, dtype, i))));
      case 7:
        return Compute(to_float(to_bfloat16(load_element<float>(base, dtype, i))));
      case 8:
        return Compute(load_element<float>(base, dtype, i));
      default:
        return load_element<Compute>(base, dtype, i);
    }
  }
}

// Offset in elements of element `index` in row-major order.
FGX_DEVICE_INLINE int64_t offset_in(const gpu::Region& region, int64_t index) {
  int64_t offset = 0;
  for (int d = region.ndim - 1; d > 0; --d) {
    const int64_t size = region.sizes[d] > 0 ? region.sizes[d] : 1;
    const bool small = static_cast<uint64_t>(index | size) >> 32 == 0;
    const int64_t next =
        small ? static_cast<uint32_t>(index) / static_cast<uint32_t>(size) : index / size;
    offset += (index - next * size) * region.steps[d];
    index = next;
  }
  return region.ndim > 0 ? offset + index * region.steps[0] : offset;
}

}  // namespace fgx::device
