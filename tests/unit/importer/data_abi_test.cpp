// SPDX-License-Identifier: Apache-2.0
// fgx_data_validate and fgx_data_filter as a C caller sees them.
#include "flaggems_exp.h"
#include "perf_fixture.h"

namespace fgx {
namespace {

std::string take(fgx_string* text) {
  std::string copy(fgx_string_data(text), fgx_string_size(text));
  fgx_string_destroy(text);
  return copy;
}

TEST(DataAbi, ValidatesWithOneFileOrTwo) {
  const std::string mine = example_file("h200_your_perf_data.json");
  const std::string other = example_file("h200_flaggems_perf_data.json");
  fgx_string* out = nullptr;
  ASSERT_EQ(fgx_data_validate(mine.data(), mine.size(), nullptr, 0, &out), FGX_OK);
  const std::string alone = take(out);
  EXPECT_EQ(alone.find("\"matched\":["), std::string::npos);
  ASSERT_EQ(fgx_data_validate(mine.data(), mine.size(), other.data(), other.size(), &out), FGX_OK);
  EXPECT_NE(take(out).find("\"matched\":["), std::string::npos);
}

TEST(DataAbi, FaultyDataIsAReport) {
  fgx_string* out = nullptr;
  ASSERT_EQ(fgx_data_validate("", 0, nullptr, 0, &out), FGX_OK);
  EXPECT_NE(take(out).find("\"valid\":false"), std::string::npos);
}

TEST(DataAbi, RefusesNull) {
  fgx_string* out = nullptr;
  EXPECT_EQ(fgx_data_validate(nullptr, 0, nullptr, 0, &out), FGX_INVALID_ARGUMENT);
  EXPECT_STREQ(fgx_error_message(fgx_last_error()), "yours is NULL");
  EXPECT_EQ(fgx_data_validate("{}", 2, nullptr, 0, nullptr), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(fgx_data_filter("{}", 2, nullptr, 0, nullptr, &out), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(fgx_data_filter("{}", 2, nullptr, 5, "{\"batch\":2}", &out), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(out, nullptr);
}

TEST(DataAbi, FilterReportsItsErrors) {
  fgx_string* out = nullptr;
  EXPECT_EQ(fgx_data_filter("{}", 2, nullptr, 0, "{\"batch\":1}", &out), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(fgx_data_filter("{}", 2, nullptr, 0, "{\"batch\":2}", &out), FGX_METADATA_INVALID);
  EXPECT_STREQ(fgx_error_message(fgx_last_error()),
               "your performance data: document: holds no operator");
  EXPECT_EQ(out, nullptr);
}

}  // namespace
}  // namespace fgx
