// SPDX-License-Identifier: Apache-2.0
// Conversions between storage and compute types, against the scalar ones of tensor/half.h.
#include "kernels/common/tile.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "tensor/half.h"

namespace fgx {
namespace {

TEST(Tile, LoadsEveryFloat16) {
  std::vector<uint16_t> bits(65536);
  std::vector<float> loaded(65536);
  for (int i = 0; i < 65536; ++i) bits[i] = static_cast<uint16_t>(i);
  portable::load_tile(loaded.data(), bits.data(), DType::kFloat16, 1, 65536);
  for (int i = 0; i < 65536; ++i) {
    const float want = to_float(Float16{bits[i]});
    if (std::isnan(want))
      EXPECT_TRUE(std::isnan(loaded[i])) << i;
    else
      EXPECT_EQ(portable::bits_of(loaded[i]), portable::bits_of(want)) << i;
  }
}

TEST(Tile, RoundsHalvesToNearestEven) {
  std::vector<float> values{0.0f,
                            -0.0f,
                            1.0f,
                            65504.0f,
                            65519.9f,
                            65520.0f,
                            1e30f,
                            -1e30f,
                            6e-8f,
                            2.9e-8f,
                            2.98023224e-8f,
                            3e-8f,
                            6.1e-5f,
                            1.00048828125f,
                            1.0004883f,
                            1.00146484375f,
                            1.00390625f,
                            1.01171875f,
                            3.4e38f,
                            1e-40f,
                            std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::quiet_NaN()};
  std::mt19937 random(3);
  for (int i = 0; i < 300000; ++i) values.push_back(portable::float_of(random()));
  for (int i = 0; i < 300000; ++i) {  // exponents near those of float16, half of them exact ties
    const uint32_t word = random();
    const uint32_t exponent = 100u + (word >> 8) % 50u;
    const uint32_t mantissa = (word & 1u) ? ((word >> 9) & 0x7ff000u) : (word >> 9);
    values.push_back(portable::float_of((word & 0x80000000u) | (exponent << 23) | mantissa));
  }
  const int64_t count = static_cast<int64_t>(values.size());
  std::vector<uint16_t> half(values.size());
  std::vector<uint16_t> brain(values.size());
  portable::store_tile(half.data(), DType::kFloat16, 1, values.data(), count);
  portable::store_tile(brain.data(), DType::kBFloat16, 1, values.data(), count);
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) {
      EXPECT_TRUE(std::isnan(to_float(Float16{half[i]})));
      EXPECT_TRUE(std::isnan(to_float(BFloat16{brain[i]})));
    } else {
      ASSERT_EQ(half[i], to_float16(values[i]).bits) << values[i];
      ASSERT_EQ(brain[i], to_bfloat16(values[i]).bits) << values[i];
    }
  }
}

TEST(Tile, StridesRepeatAndSkip) {
  const int32_t source[]{5, -1, 7, -1, 9, -1};
  float loaded[3];
  portable::load_tile(loaded, source, DType::kInt32, 2, 3);
  EXPECT_EQ(loaded[0], 5.0f);
  EXPECT_EQ(loaded[2], 9.0f);
  portable::load_tile(loaded, source, DType::kInt32, 0, 3);
  EXPECT_EQ(loaded[2], 5.0f);
  float target[5]{-1, -1, -1, -1, -1};
  const float values[]{1, 2, 3};
  portable::store_tile(target, DType::kFloat32, 2, values, 3);
  EXPECT_EQ(target[0], 1.0f);
  EXPECT_EQ(target[1], -1.0f);
  EXPECT_EQ(target[4], 3.0f);
}

TEST(Tile, IntegersWrapAndBoolMeansNotZero) {
  const int64_t values[]{300, -1, 0, std::numeric_limits<int64_t>::min()};
  uint8_t bytes[4];
  portable::store_tile(bytes, DType::kUInt8, 1, values, 4);
  EXPECT_EQ(bytes[0], 44);
  EXPECT_EQ(bytes[1], 255);
  portable::store_tile(bytes, DType::kBool, 1, values, 4);
  EXPECT_EQ(bytes[0], 1);
  EXPECT_EQ(bytes[2], 0);
  EXPECT_EQ(bytes[3], 1);
  const float reals[]{0.5f, 0.0f, -0.0f, std::numeric_limits<float>::quiet_NaN()};
  portable::store_tile(bytes, DType::kBool, 1, reals, 4);
  EXPECT_EQ(bytes[0], 1);
  EXPECT_EQ(bytes[2], 0);
  EXPECT_EQ(bytes[3], 1);
  const uint8_t odd_bools[]{0, 1, 2, 255};
  int64_t loaded[4];
  portable::load_tile(loaded, odd_bools, DType::kBool, 1, 4);
  EXPECT_EQ(loaded[2], 1);
  EXPECT_EQ(loaded[3], 1);
}

}  // namespace
}  // namespace fgx
