// SPDX-License-Identifier: Apache-2.0
// Keys of elements, and the search for small ones.
#include "kernels/stable/select/order_kernels.h"

namespace fgx::FGX_ISA {
namespace {

// Floats as sign and magnitude: kInfinity is the magnitude of infinity.
template <typename Bits, typename Key, Key kInfinity>
struct FloatKey {
  using Storage = Bits;
  static Key of(Bits bits) {
    constexpr Key kSign = Key(1) << (8 * sizeof(Bits) - 1);
    const Key wide = static_cast<Key>(bits);
    const Key magnitude = wide & (kSign - 1);
    const Key key = (wide & kSign) != 0 ? kSign - magnitude : kSign + magnitude;
    return magnitude > kInfinity ? 2 * kSign - 1 : key;
  }
};

template <typename Integer, typename Key>
struct IntegerKey {
  using Storage = Integer;
  static Key of(Integer value) {
    constexpr bool kSigned = Integer(-1) < Integer(0);
    constexpr Key kOffset = kSigned ? Key(1) << (8 * sizeof(Key) - 1) : Key(0);
    return static_cast<Key>(value) + kOffset;
  }
};

struct BoolKey {
  using Storage = uint8_t;
  static uint32_t of(uint8_t value) { return value != 0 ? 1 : 0; }
};

template <typename Maker, typename Key>
void make_keys(const void* data, int64_t stride, int64_t count, bool falling, Key* keys) {
  const auto* x = static_cast<const typename Maker::Storage*>(data);
  const Key flip = falling ? ~Key(0) : Key(0);
  if (stride == 1) {
    for (int64_t i = 0; i < count; ++i) keys[i] = Maker::of(x[i]) ^ flip;
  } else {
    for (int64_t i = 0; i < count; ++i) keys[i] = Maker::of(x[i * stride]) ^ flip;
  }
}

template <typename Key>
int64_t below(const Key* keys, int64_t count, Key limit, uint16_t* positions) {
  constexpr int64_t kBlock = 32;
  int64_t found = 0;
  int64_t i = 0;
  for (; i + kBlock <= count; i += kBlock) {
    bool any = false;
    for (int64_t k = i; k < i + kBlock; ++k) any |= keys[k] < limit;
    if (!any) continue;
    for (int64_t k = i; k < i + kBlock; ++k) {
      positions[found] = static_cast<uint16_t>(k);
      found += keys[k] < limit ? 1 : 0;
    }
  }
  for (; i < count; ++i) {
    positions[found] = static_cast<uint16_t>(i);
    found += keys[i] < limit ? 1 : 0;
  }
  return found;
}

}  // namespace

extern const OrderKernels order_kernels = {
    {make_keys<BoolKey, uint32_t>, make_keys<IntegerKey<uint8_t, uint32_t>, uint32_t>,
     make_keys<IntegerKey<int8_t, uint32_t>, uint32_t>,
     make_keys<IntegerKey<int16_t, uint32_t>, uint32_t>,
     make_keys<IntegerKey<int32_t, uint32_t>, uint32_t>, nullptr,
     make_keys<FloatKey<uint16_t, uint32_t, 0x7c00>, uint32_t>,
     make_keys<FloatKey<uint16_t, uint32_t, 0x7f80>, uint32_t>,
     make_keys<FloatKey<uint32_t, uint32_t, 0x7f800000>, uint32_t>, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr,
     make_keys<IntegerKey<int64_t, uint64_t>, uint64_t>, nullptr, nullptr, nullptr,
     make_keys<FloatKey<uint64_t, uint64_t, 0x7ff0000000000000>, uint64_t>},
    below<uint32_t>,
    below<uint64_t>};

}  // namespace fgx::FGX_ISA
