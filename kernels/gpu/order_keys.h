// SPDX-License-Identifier: Apache-2.0
// Keys of elements for topk and sort: unsigned integers in the elements' order, in as many bits as an element has.
#pragma once

#include "kernels/gpu/device.h"

namespace fgx::device {

// Back from a key to sign and magnitude.
template <typename Bits>
struct FloatKeys {
  static constexpr Bits kSign = static_cast<Bits>(Bits(1) << (8 * sizeof(Bits) - 1));
  // The element of a key; false where several have it.
  static FGX_DEVICE_INLINE bool element(Bits key, Bits& bits) {
    if (key == kSign || key == static_cast<Bits>(~Bits(0))) return false;
    bits = static_cast<Bits>(key < kSign ? (kSign - key) | kSign : key - kSign);
    return true;
  }
};

template <typename Bits>
FGX_DEVICE_INLINE Bits flip_sign(Bits bits) {
  return static_cast<Bits>(bits ^ (Bits(1) << (8 * sizeof(Bits) - 1)));
}

constexpr int kBool = 0, kUInt8 = 1, kFloat16 = 6, kBFloat16 = 7, kFloat32 = 8, kFloat64 = 9;
constexpr int kInt8 = 2, kInt16 = 3, kInt32 = 4, kInt64 = 5;

FGX_DEVICE_INLINE int bytes_of(uint8_t dtype) {
  if (dtype <= kInt8) return 1;
  if (dtype == kInt16 || dtype == kFloat16 || dtype == kBFloat16) return 2;
  return dtype == kInt64 || dtype == kFloat64 ? 8 : 4;
}
// What reverses the order of keys: all of their bits.
template <typename Key>
FGX_DEVICE_INLINE Key key_mask(uint8_t dtype) {
  return bytes_of(dtype) == static_cast<int>(sizeof(Key)) ? static_cast<Key>(~Key(0))
                                                          : (Key(1) << (8 * bytes_of(dtype))) - 1;
}

// Elements `step` apart from `at`, the first `count` of them: only issues the loads, so that they are under way together.
template <typename Bits, typename Key, int kMost>
FGX_DEVICE_INLINE void load_bits(const void* x, int64_t at, int64_t step, int64_t count,
                                 Key (&bits)[kMost]) {
#pragma unroll
  for (int i = 0; i < kMost; ++i) {
    bits[i] = i < count ? static_cast<const Bits*>(x)[at + i * step] : Bits(0);
  }
}
template <typename Key, int kMost>
FGX_DEVICE_INLINE void load_elements(const void* x, uint8_t dtype, int64_t at, int64_t step,
                                     int64_t count, Key (&bits)[kMost]) {
  if constexpr (sizeof(Key) == 8) {
    load_bits<uint64_t>(x, at, step, count, bits);
  } else {
    const int bytes = bytes_of(dtype);
    if (bytes == 4) {
      load_bits<uint32_t>(x, at, step, count, bits);
    } else if (bytes == 2) {
      load_bits<uint16_t>(x, at, step, count, bits);
    } else {
      load_bits<uint8_t>(x, at, step, count, bits);
    }
  }
}

// Makes keys of loaded elements. Floats, which are sign and magnitude, become an unsigned number: NaN has the largest,
// -0 and 0 have the same. `falling` reverses the order.
template <typename Key>
struct KeyRule {
  Key sign;      // 0: unsigned
  Key infinity;  // its magnitude; 0: no float
  Key flip;
  bool truth;
  FGX_DEVICE_INLINE KeyRule(uint8_t dtype, bool falling) {
    const Key all = key_mask<Key>(dtype);
    sign = dtype <= kUInt8 ? Key(0) : all ^ (all >> 1);
    infinity = Key(0);
    if (dtype == kFloat16) infinity = Key(0x7c00);
    if (dtype == kBFloat16) infinity = Key(0x7f80);
    if (dtype == kFloat32) infinity = Key(0x7f800000);
    if constexpr (sizeof(Key) == 8) {
      if (dtype == kFloat64) infinity = Key(0x7ff0000000000000);
    }
    flip = falling ? all : Key(0);
    truth = dtype == kBool;
  }
  FGX_DEVICE_INLINE Key of(Key bits) const {
    Key key = bits ^ sign;
    if (infinity != 0) {
      const Key magnitude = bits & (sign - 1);
      key = (bits & sign) != 0 ? sign - magnitude : sign + magnitude;
      if (magnitude > infinity) key = sign | (sign - 1);
    } else if (truth) {
      key = bits != 0 ? 1 : 0;
    }
    return key ^ flip;
  }
};

FGX_DEVICE_INLINE void copy_element(void* to, int64_t to_at, const void* from, int64_t from_at,
                                    uint8_t dtype) {
  switch (bytes_of(dtype)) {
    case 1:
      static_cast<uint8_t*>(to)[to_at] = static_cast<const uint8_t*>(from)[from_at];
      break;
    case 2:
      static_cast<uint16_t*>(to)[to_at] = static_cast<const uint16_t*>(from)[from_at];
      break;
    case 4:
      static_cast<uint32_t*>(to)[to_at] = static_cast<const uint32_t*>(from)[from_at];
      break;
    default:
      static_cast<uint64_t*>(to)[to_at] = static_cast<const uint64_t*>(from)[from_at];
  }
}

// The element of a key, or, where several elements have it, the one at from_at.
FGX_DEVICE_INLINE void store_of_key(void* to, int64_t to_at, uint32_t key, const void* from,
                                    int64_t from_at, uint8_t dtype, bool falling) {
  key ^= falling ? key_mask<uint32_t>(dtype) : 0;
  uint16_t half = 0;
  uint32_t word = 0;
  switch (dtype) {
    case kUInt8:
      static_cast<uint8_t*>(to)[to_at] = static_cast<uint8_t>(key);
      return;
    case kInt8:
      static_cast<uint8_t*>(to)[to_at] = flip_sign(static_cast<uint8_t>(key));
      return;
    case kInt16:
      static_cast<uint16_t*>(to)[to_at] = flip_sign(static_cast<uint16_t>(key));
      return;
    case kInt32:
      static_cast<uint32_t*>(to)[to_at] = flip_sign(key);
      return;
    case kFloat16:
      if (!FloatKeys<uint16_t>::element(static_cast<uint16_t>(key), half)) break;
      static_cast<uint16_t*>(to)[to_at] = half;
      return;
    case kBFloat16:
      if (!FloatKeys<uint16_t>::element(static_cast<uint16_t>(key), half)) break;
      static_cast<uint16_t*>(to)[to_at] = half;
      return;
    case kFloat32:
      if (!FloatKeys<uint32_t>::element(key, word)) break;
      static_cast<uint32_t*>(to)[to_at] = word;
      return;
    default:
      break;
  }
  copy_element(to, to_at, from, from_at, dtype);
}
FGX_DEVICE_INLINE void store_of_key(void* to, int64_t to_at, uint64_t key, const void* from,
                                    int64_t from_at, uint8_t dtype, bool falling) {
  key ^= falling ? ~uint64_t{0} : 0;
  uint64_t word = 0;
  if (dtype == kInt64) {
    static_cast<uint64_t*>(to)[to_at] = flip_sign(key);
  } else if (FloatKeys<uint64_t>::element(key, word)) {
    static_cast<uint64_t*>(to)[to_at] = word;
  } else {
    copy_element(to, to_at, from, from_at, dtype);
  }
}

}  // namespace fgx::device
