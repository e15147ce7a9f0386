// SPDX-License-Identifier: Apache-2.0
// Seeded values for the tensors of a call expression.
#include "schema/owned_call.h"
#include "tensor/half.h"
#include "tensor/overlap.h"

namespace fgx {
namespace {

// SplitMix64 (Steele, Lea, Flood 2014): each state gives one well mixed number.
uint64_t mix(uint64_t state) {
  state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9u;
  state = (state ^ (state >> 27)) * 0x94d049bb133111ebu;
  return state ^ (state >> 31);
}

template <typename T, typename Make>
void fill_all(void* data, int64_t count, uint64_t seed, Make make) {
  T* values = static_cast<T*>(data);
  for (int64_t i = 0; i < count; ++i) {
    values[i] = make(mix(seed + static_cast<uint64_t>(i) * 0x9e3779b97f4a7c15u));
  }
}

// Uniform in [-2, 2), exact in float32 and (rounded) in the half types.
float real_of(uint64_t bits) {
  return static_cast<float>(static_cast<int32_t>(bits >> 40)) * 0x1p-22f - 2.0f;
}

template <typename T>
void fill_integers(void* data, int64_t count, uint64_t seed, int64_t low, int64_t high) {
  const uint64_t span = static_cast<uint64_t>(high - low) + 1;
  fill_all<T>(data, count, seed, [=](uint64_t bits) {
    return static_cast<T>(low + static_cast<int64_t>((bits >> 32) % span));
  });
}

// Largest value up to `limit` that an integer of `bits` value bits holds.
int64_t capped(int64_t limit, int bits) {
  const int64_t largest = (int64_t{1} << bits) - 1;
  return limit < largest ? limit : largest;
}

}  // namespace

void fill_uniform(const TensorView& view, uint64_t seed, int64_t index_limit) {
  const int64_t count = extent_bytes(view) / size_of(view.dtype);
  const bool indices = index_limit > 0;
  const int64_t low = indices ? 0 : -10;
  const int64_t high = indices ? index_limit - 1 : 10;
  void* data = view.data;
  switch (view.dtype) {
    case DType::kBool:
      fill_all<uint8_t>(data, count, seed, [](uint64_t bits) { return uint8_t(bits >> 63); });
      return;
    case DType::kUInt8:
      fill_integers<uint8_t>(data, count, seed, 0, indices ? capped(high, 8) : 20);
      return;
    case DType::kInt8:
      fill_integers<int8_t>(data, count, seed, low, capped(high, 7));
      return;
    case DType::kInt16:
      fill_integers<int16_t>(data, count, seed, low, capped(high, 15));
      return;
    case DType::kInt32:
      fill_integers<int32_t>(data, count, seed, low, capped(high, 31));
      return;
    case DType::kInt64:
      fill_integers<int64_t>(data, count, seed, low, capped(high, 31));
      return;
    case DType::kFloat16:
      fill_all<Float16>(data, count, seed, [](uint64_t bits) { return to_float16(real_of(bits)); });
      return;
    case DType::kBFloat16:
      fill_all<BFloat16>(data, count, seed,
                         [](uint64_t bits) { return to_bfloat16(real_of(bits)); });
      return;
    case DType::kFloat32:
      fill_all<float>(data, count, seed, real_of);
      return;
    case DType::kFloat64:
      fill_all<double>(data, count, seed, [](uint64_t bits) {
        return static_cast<double>(bits >> 11) * 0x1p-51 - 2.0;
      });
      return;
  }
}

}  // namespace fgx
