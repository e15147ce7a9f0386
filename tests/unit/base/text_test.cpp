// SPDX-License-Identifier: Apache-2.0
// Tests of text helpers, checked arithmetic, clocks and the logger.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <climits>
#include <cstdio>
#include <string>
#include <vector>

#include "base/checked.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/strings.h"

namespace fgx {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Strings, SplitTrimJoinAndCase) {
  EXPECT_THAT(split("a,,b,", ','), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(split("", ','), ElementsAre(""));
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(join({"a", "b"}, ", "), "a, b");
  EXPECT_EQ(to_lower("AbC1"), "abc1");
  EXPECT_EQ(to_upper("aBc1"), "ABC1");
  EXPECT_TRUE(equals_ignoring_case("Safe", "sAFE"));
  EXPECT_FALSE(equals_ignoring_case("safe", "safer"));
  EXPECT_TRUE(starts_with("aten::gelu", "aten::"));
  EXPECT_FALSE(starts_with("at", "aten"));
  EXPECT_TRUE(ends_with("a.json", ".json"));
  EXPECT_FALSE(ends_with("json", ".json"));
}

TEST(Strings, EditDistanceCountsSwapsAndStopsAtItsLimit) {
  EXPECT_EQ(edit_distance("gelu", "gelu", 3), 0u);
  EXPECT_EQ(edit_distance("gelu", "gleu", 3), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting", 5), 3u);
  EXPECT_EQ(edit_distance("abc", "xyz", 1), 2u);
  EXPECT_EQ(edit_distance("a", std::string(1000, 'b'), 3), 4u);
  EXPECT_EQ(edit_distance("", "ab", 3), 2u);
}

TEST(Strings, NearestNames) {
  const std::vector<std::string> names = {"gelu", "silu", "relu", "softmax", "log_softmax", "mm"};
  EXPECT_THAT(nearest_names("gelo", names), ElementsAre("gelu"));
  EXPECT_THAT(nearest_names("Softmax", names), ElementsAre("softmax", "log_softmax"));
  EXPECT_THAT(nearest_names("zzzzzz", names), ElementsAre());
  EXPECT_EQ(did_you_mean("gelo", names), "; did you mean 'gelu'?");
  EXPECT_EQ(did_you_mean("zzzzzz", names), "");
  EXPECT_THAT(did_you_mean("elu", names), HasSubstr(" or "));
}

TEST(Strings, NothingThatATerminalObeysIsDisplayed) {
  EXPECT_EQ(escape_for_display("a\x1b[31mb\n\t\x7f"), "a\\x1b[31mb\\n\\t\\x7f");
  EXPECT_EQ(escape_for_display("\xc2\x9b"
                               "31m"),
            "\\x9b31m");
  EXPECT_EQ(escape_for_display("x\xe2\x80\xaey"), "x\\u202ey");
  EXPECT_EQ(escape_for_display("\xff\xc3\xa9"), "\\xff\xc3\xa9");
  EXPECT_TRUE(is_displayable("caf\xc3\xa9"));
  EXPECT_FALSE(is_displayable("a\nb"));
  EXPECT_FALSE(is_displayable("\xe2\x80\x8b"));
  EXPECT_TRUE(is_valid_utf8("\xf0\x9f\x98\x80"));
  EXPECT_FALSE(is_valid_utf8("\xf4\x90\x80\x80"));
  EXPECT_FALSE(is_valid_utf8(std::string_view("\0", 1)));
}

TEST(Checked, RefusesToWrap) {
  EXPECT_EQ(checked_mul<int64_t>(1 << 20, 1 << 20, "size"), int64_t{1} << 40);
  EXPECT_THROW(checked_mul<int64_t>(int64_t{1} << 32, int64_t{1} << 32, "size"), Error);
  EXPECT_THROW(checked_add<int64_t>(INT64_MAX, 1, "size"), Error);
  EXPECT_THROW(checked_sub<size_t>(0, 1, "size"), Error);
  EXPECT_EQ(checked_sub<int>(3, 5, "size"), -2);
  EXPECT_EQ((checked_narrow<int32_t, int64_t>(INT32_MIN, "dim")), INT32_MIN);
  EXPECT_THROW((checked_narrow<int32_t, int64_t>(int64_t{1} << 31, "dim")), Error);
  EXPECT_THROW((checked_narrow<uint64_t, int64_t>(-1, "dim")), Error);
  EXPECT_THROW((checked_narrow<int64_t, uint64_t>(UINT64_MAX, "dim")), Error);
  EXPECT_EQ(checked_align_up<size_t>(65, 64, "size"), 128u);
  EXPECT_EQ(checked_align_up<size_t>(64, 64, "size"), 64u);
  EXPECT_THROW(checked_align_up<size_t>(SIZE_MAX - 3, 64, "size"), Error);
  try {
    checked_add<int>(INT_MAX, 1, "size of output 0");
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "size of output 0 overflows");
  }
}

int64_t fixed_clock() noexcept { return 1766140200000123456; }

TEST(Clock, WritesAndReadsTimestamps) {
  EXPECT_EQ(format_timestamp(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(format_timestamp(-1000), "1969-12-31T23:59:59.999999Z");
  int64_t time = 0;
  ASSERT_TRUE(parse_timestamp("2025-12-19T10:30:00Z", &time));
  EXPECT_EQ(format_timestamp(time), "2025-12-19T10:30:00.000000Z");
  ASSERT_TRUE(parse_timestamp("2025-12-19T18:30:00.5+08:00", &time));
  EXPECT_EQ(format_timestamp(time), "2025-12-19T10:30:00.500000Z");
  ASSERT_TRUE(parse_timestamp("2024-02-29", &time));
  EXPECT_EQ(format_timestamp(time), "2024-02-29T00:00:00.000000Z");
  for (const char* bad : {"", "2025", "2025-13-01T00:00:00Z", "2025-02-29", "2025-12-19T25:00:00Z",
                          "2025-12-19T10:30:00Zx", "2025-12-19 10", "1500-01-01",
                          "2025-12-19T10:30:00.Z", "2025-12-19T10:30:00+8"})
    EXPECT_FALSE(parse_timestamp(bad, &time)) << bad;
  set_wall_clock_for_test(fixed_clock);
  EXPECT_EQ(current_timestamp(), "2025-12-19T10:30:00.000123Z");
  set_wall_clock_for_test(nullptr);
  EXPECT_NE(wall_clock_ns(), fixed_clock());
  EXPECT_GE(monotonic_ns(), 0);
  EXPECT_LE(monotonic_coarse_ns(), monotonic_ns() + 1000000000);
}

struct Lines {
  std::vector<std::string> lines;
  int destroyed = 0;
};

fgx_log_sink sink_of(Lines* lines) {
  fgx_log_sink sink{};
  sink.user_data = lines;
  sink.write = [](void* data, int32_t level, const char* message) {
    static_cast<Lines*>(data)->lines.push_back(std::string(log_level_name(level)) + " " + message);
  };
  sink.destroy = [](void* data) { ++static_cast<Lines*>(data)->destroyed; };
  return sink;
}

TEST(Log, GoesToTheSinkFromItsLevelUpAndEscaped) {
  Lines lines;
  {
    Logger logger(sink_of(&lines));
    logger.log(FGX_LOG_DEBUG, "below %d", 1);
    logger.log(FGX_LOG_WARNING, "name \x1b[31m%s", "x");
    logger.set_level(FGX_LOG_ERROR);
    logger.write(FGX_LOG_WARNING, "below");
    logger.write(FGX_LOG_ERROR, "two\nlines");
    EXPECT_EQ(lines.destroyed, 0);
  }
  EXPECT_THAT(lines.lines, ElementsAre("WARNING name \\x1b[31mx", "ERROR two\\nlines"));
  EXPECT_EQ(lines.destroyed, 1);
}

TEST(Log, GoesToAFileToo) {
  const std::string path = ::testing::TempDir() + "fgx_log_test.log";
  std::remove(path.c_str());
  {
    Logger logger;
    EXPECT_FALSE(logger.enabled(FGX_LOG_ERROR));
    logger.set_file(path);
    logger.log(FGX_LOG_INFO, "hello");
    logger.set_file("");
    logger.log(FGX_LOG_INFO, "unheard");
  }
  EXPECT_THAT(read_file(path, 1000), HasSubstr("Z INFO hello\n"));
  EXPECT_EQ(read_file(path, 1000).find("unheard"), std::string::npos);
  std::remove(path.c_str());
  Logger logger;
  EXPECT_THROW(logger.set_file("/dev"), Error);
}

}  // namespace
}  // namespace fgx
