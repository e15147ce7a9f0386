// SPDX-License-Identifier: Apache-2.0
// Key and index of an element as one number, by which elements are ordered.
#pragma once

#include "kernels/gpu/warp.h"

namespace fgx::device {

struct SmallPair {
  using Key = uint32_t;
  uint32_t bits;
  static FGX_DEVICE_INLINE SmallPair make(uint32_t key, uint32_t index) {
    return {key << 16 | index};
  }
  static FGX_DEVICE_INLINE SmallPair last() { return {~uint32_t{0}}; }
  FGX_DEVICE_INLINE uint32_t index() const { return bits & 0xffff; }
  FGX_DEVICE_INLINE bool before(const SmallPair& other) const { return bits < other.bits; }
  FGX_DEVICE_INLINE SmallPair from_lane(int mask) const { return {shuffle_xor(bits, mask)}; }
};
struct NarrowPair {
  using Key = uint32_t;
  uint64_t bits;
  static FGX_DEVICE_INLINE NarrowPair make(uint32_t key, uint32_t index) {
    return {uint64_t{key} << 32 | index};
  }
  static FGX_DEVICE_INLINE NarrowPair last() { return {~uint64_t{0}}; }
  FGX_DEVICE_INLINE uint32_t index() const { return static_cast<uint32_t>(bits); }
  FGX_DEVICE_INLINE Key first_key() const { return static_cast<Key>(bits >> 32); }
  FGX_DEVICE_INLINE bool before(const NarrowPair& other) const { return bits < other.bits; }
  FGX_DEVICE_INLINE NarrowPair from_lane(int mask) const { return {shuffle_xor(bits, mask)}; }
};
struct WidePair {
  using Key = uint64_t;
  uint64_t key;
  uint32_t low;
  static FGX_DEVICE_INLINE WidePair make(uint64_t key, uint32_t index) { return {key, index}; }
  static FGX_DEVICE_INLINE WidePair last() { return {~uint64_t{0}, ~uint32_t{0}}; }
  FGX_DEVICE_INLINE uint32_t index() const { return low; }
  FGX_DEVICE_INLINE Key first_key() const { return key; }
  FGX_DEVICE_INLINE bool before(const WidePair& other) const {
    return key < other.key || (key == other.key && low < other.low);
  }
  FGX_DEVICE_INLINE WidePair from_lane(int mask) const {
    return {shuffle_xor(key, mask), shuffle_xor(low, mask)};
  }
};

}  // namespace fgx::device
