// SPDX-License-Identifier: Apache-2.0
// Documents of the library that the command line reads and writes again.
#include "support/document.h"

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <random>

#include "support/failure.h"

namespace cli {
namespace {

// A report is put together from several: no number may lose a bit on the way.
TEST(Document, NumbersRoundTripBitForBit) {
  std::mt19937_64 random(11);
  std::string text = "[0.1,0.30000000000000004,5e-324,1.7976931348623157e+308,-0,9007199254740991";
  std::vector<double> values = {0.1,  0.1 + 0.2,         5e-324, 1.7976931348623157e308,
                                -0.0, 9007199254740991.0};
  while (values.size() < 5000) {
    const uint64_t bits = random();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    char digits[40];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    text += "," + std::string(digits, end);
    values.push_back(value);
  }
  const Document first(text + "]");
  const Document again(first.root().json());
  const std::vector<Value> read = again.root().items();
  ASSERT_EQ(read.size(), values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const double value = read[i].number();
    ASSERT_EQ(std::memcmp(&value, &values[i], sizeof value), 0) << i << ": " << values[i];
  }
}

TEST(Document, WritesWhatItRead) {
  const std::string text =
      R"({"a":[1,true,false,null,{}],"A":"\u0001\"\\é","empty":[],"b":{"a":{"a":-2.5}}})";
  EXPECT_EQ(Document(text).root().json(), text);
  // Names differ by case.
  EXPECT_EQ(Document(text)["a"].size(), 5u);
  EXPECT_TRUE(Document(text)["A"].show().find("é") != std::string::npos);
  EXPECT_FALSE(Document(text)["B"].present());
  EXPECT_EQ(Value().json(), "null");
  EXPECT_THROW(Document("{"), Failure);
}

}  // namespace
}  // namespace cli
