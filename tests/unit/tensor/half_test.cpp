// SPDX-License-Identifier: Apache-2.0
// Conversions of the half types: exact, correctly rounded, once.
#include "tensor/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace fgx {
namespace {

// The neighbour of a half value, and the value, bracket every number between them.
template <typename Half, typename ToHalf>
void check_rounding(ToHalf to_half, uint16_t infinity) {
  for (uint32_t bits = 0; bits < infinity; ++bits) {
    const Half low{static_cast<uint16_t>(bits)};
    const double value = to_float(low);
    EXPECT_EQ(to_half(value).bits, bits);
    EXPECT_EQ(to_half(-value).bits, bits | 0x8000u);
    if (bits + 1 >= infinity) continue;
    const double next = to_float(Half{static_cast<uint16_t>(bits + 1)});
    const double middle = (value + next) / 2;  // exact in float64
    const uint16_t even = static_cast<uint16_t>(bits % 2 == 0 ? bits : bits + 1);
    EXPECT_EQ(to_half(middle).bits, even);
    EXPECT_EQ(to_half(std::nextafter(middle, 0.0)).bits, bits);
    EXPECT_EQ(to_half(std::nextafter(middle, 1e300)).bits, bits + 1);
  }
}

TEST(HalfTest, RoundsEveryFloat16OfDouble) {
  check_rounding<Float16>([](double v) { return to_float16(v); }, 0x7c00);
}
TEST(HalfTest, RoundsEveryBFloat16OfDouble) {
  check_rounding<BFloat16>([](double v) { return to_bfloat16(v); }, 0x7f80);
}

TEST(HalfTest, RoundsFloatsAsDoubles) {
  uint32_t bits = 1;
  for (int i = 0; i < 2000000; ++i) {
    bits = bits * 1664525u + 1013904223u;
    const float value = std::bit_cast<float>(bits);
    if (std::isnan(value)) continue;
    ASSERT_EQ(to_float16(value).bits, to_float16(static_cast<double>(value)).bits) << value;
    ASSERT_EQ(to_bfloat16(value).bits, to_bfloat16(static_cast<double>(value)).bits) << value;
  }
}

TEST(HalfTest, KeepsSpecialValues) {
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(to_float16(inf).bits, 0x7c00);
  EXPECT_EQ(to_float16(-inf).bits, 0xfc00);
  EXPECT_EQ(to_float16(65520.0f).bits, 0x7c00);
  EXPECT_EQ(to_float16(std::nextafter(65520.0f, 0.0f)).bits, 0x7bff);
  EXPECT_EQ(to_float16(1e300).bits, 0x7c00);
  EXPECT_EQ(to_bfloat16(-1e300).bits, 0xff80);
  EXPECT_EQ(to_float16(-0.0f).bits, 0x8000);
  EXPECT_EQ(to_bfloat16(-0.0).bits, 0x8000);
  EXPECT_TRUE(std::isnan(to_float(to_float16(std::nanf("")))));
  EXPECT_TRUE(std::isnan(to_float(to_bfloat16(std::bit_cast<float>(0x7f800001u)))));
  EXPECT_TRUE(std::isnan(to_float(to_float16(std::nan("")))));
  // Rounding over float32 first would land on the tie and then on the even neighbour.
  const double above_tie = 1.0 + 0x1p-11 + 0x1p-40;
  EXPECT_EQ(to_float16(above_tie).bits, 0x3c01);
  EXPECT_EQ(to_float16(static_cast<float>(above_tie)).bits, 0x3c00);
}

}  // namespace
}  // namespace fgx
