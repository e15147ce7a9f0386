// SPDX-License-Identifier: Apache-2.0
// Input values: the same everywhere, independent of layout, with the special values they promise.
#include "verify/inputs.h"

#include <gtest/gtest.h>

#include <cmath>

#include "unit/verify/fixture.h"
#include "verify/elements.h"
#include "verify/honesty.h"

namespace fgx {
namespace {

std::vector<double> draw(DType dtype, std::vector<int64_t> shape, std::vector<int64_t> strides,
                         uint64_t seed, ValueRange range = ValueRange::kElements,
                         ValueHint hint = {}) {
  GuardedTensor tensor(dtype, shape, strides.empty() ? contiguous_strides(shape) : strides, 0, 0);
  fill_values(tensor.view(), hint, seed, 3, range);
  std::vector<double> values;
  for_each_element(tensor.view(), [&](void* element, int64_t) {
    values.push_back(is_float(dtype) ? load_real(element, dtype)
                                     : static_cast<double>(load_integer(element, dtype)));
  });
  return values;
}

TEST(Inputs, AreTheSameOnEveryPlatform) {
  // Pinned: changing the generator makes every printed reproduction line lie.
  EXPECT_EQ(random_bits(0, 0, 0), random_bits(0, 0, 0));
  EXPECT_NE(random_bits(0, 0, 0), random_bits(0, 0, 1));
  EXPECT_NE(random_bits(0, 0, 0), random_bits(0, 1, 0));
  EXPECT_NE(random_bits(0, 0, 0), random_bits(1, 0, 0));
  EXPECT_EQ(random_bits(1, 2, 3), 6986876530888062311u);
  const std::vector<double> values = draw(DType::kFloat64, {2}, {}, 0);
  EXPECT_EQ(values[0], 0x1.64bd9ce3307bp-2);
  EXPECT_EQ(values[1], -0x1.d24be9cf57864p-2);
}

TEST(Inputs, DoNotDependOnTheLayout) {
  for (uint64_t seed = 0; seed < kDistributionCount; ++seed) {
    const auto plain = draw(DType::kFloat32, {5, 7}, {}, seed);
    const auto transposed = draw(DType::kFloat32, {5, 7}, {1, 5}, seed);
    for (size_t i = 0; i < plain.size(); ++i) {
      EXPECT_TRUE(plain[i] == transposed[i] || (std::isnan(plain[i]) && std::isnan(transposed[i])));
    }
  }
}

TEST(Inputs, DistributionsAreWhatTheyAreCalled) {
  const auto moments = [](const std::vector<double>& values) {
    double mean = 0, square = 0;
    for (const double x : values) mean += x / static_cast<double>(values.size());
    for (const double x : values) {
      square += (x - mean) * (x - mean) / static_cast<double>(values.size());
    }
    return std::pair(mean, std::sqrt(square));
  };
  const auto [mean, deviation] =
      moments(draw(DType::kFloat64, {20000}, {}, seed_of(5, Distribution::kNormal)));
  EXPECT_NEAR(mean, 0, 0.03);
  EXPECT_NEAR(deviation, 1, 0.03);
  for (const double x : draw(DType::kFloat32, {1000}, {}, seed_of(0, Distribution::kUniform))) {
    EXPECT_GE(x, -2);
    EXPECT_LE(x, 2);
  }
  bool three = false;
  for (const double x : draw(DType::kFloat16, {200}, {}, seed_of(0, Distribution::kGrid))) {
    EXPECT_EQ(x * 2, std::floor(x * 2));
    three = three || x == 3;  // where hardswish bends
  }
  EXPECT_TRUE(three);
}

TEST(Inputs, SpecialValuesAreAllThere) {
  for (const DType dtype : {DType::kFloat16, DType::kBFloat16, DType::kFloat32, DType::kFloat64}) {
    bool nan = false, infinite = false, minus_zero = false, subnormal = false, largest = false;
    for (const double x : draw(dtype, {128}, {}, seed_of(0, Distribution::kSpecial))) {
      nan = nan || std::isnan(x);
      infinite = infinite || std::isinf(x);
      minus_zero = minus_zero || (x == 0 && std::signbit(x));
      subnormal = subnormal || (x != 0 && std::fabs(x) < float_limits(dtype).smallest_normal);
      largest = largest || std::fabs(x) == float_limits(dtype).largest;
    }
    EXPECT_TRUE(nan && infinite && minus_zero && subnormal && largest) << info(dtype).name;
  }
  bool lowest = false, highest = false;
  for (const double x : draw(DType::kInt32, {128}, {}, seed_of(0, Distribution::kSpecial))) {
    lowest = lowest || x == -2147483648.0;
    highest = highest || x == 2147483647.0;
  }
  EXPECT_TRUE(lowest && highest);
}

TEST(Inputs, SpecialValuesLeaveSomeRowsCleanWhereRowsAreReduced) {
  const auto values =
      draw(DType::kFloat32, {64, 16}, {}, seed_of(0, Distribution::kSpecial), ValueRange::kTerms);
  int clean = 0;
  for (size_t row = 0; row < 64; ++row) {
    bool finite = true;
    for (size_t i = 0; i < 16; ++i) finite = finite && std::isfinite(values[row * 16 + i]);
    clean += finite;
  }
  EXPECT_GT(clean, 16);
  EXPECT_LT(clean, 64);
}

TEST(Inputs, HintsKeepValuesLegal) {
  for (uint64_t seed = 0; seed < kDistributionCount; ++seed) {
    bool low = false, high = false;
    for (const double x : draw(DType::kInt64, {500}, {}, seed, ValueRange::kElements,
                               {ValueHint::Kind::kIndex, 7})) {
      EXPECT_GE(x, 0);
      EXPECT_LT(x, 7);
      low = low || x == 0;
      high = high || x == 6;
    }
    EXPECT_TRUE(low && high);
    for (const double x : draw(DType::kFloat16, {50}, {}, seed, ValueRange::kElements,
                               {ValueHint::Kind::kSign, 0})) {
      EXPECT_EQ(std::fabs(x), 1);
    }
  }
}

}  // namespace
}  // namespace fgx
