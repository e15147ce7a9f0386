// SPDX-License-Identifier: Apache-2.0
// Renderings of tables: alignment, Markdown and CSV quoting, and text that must not reach a terminal.
#include "output/table.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/text.h"

namespace cli {
namespace {

TEST(Table, AlignsNumbersRightAndWordsLeft) {
  const Table table{"Title",
                    {"name", "us", "note"},
                    {{"a", Cell::number(1.5), "x"}, {"long name", Cell::number(NAN), ""}}};
  EXPECT_EQ(render_text(table, false),
            "Title\n"
            "name         us  note\n"
            "a          1.50  x\n"
            "long name     -\n");
}

TEST(Table, CountsCharactersNotBytes) {
  const Table table{"", {"a", "b"}, {{"\xC3\xA9\xC3\xA9", "1"}, {"x", "2"}}};
  EXPECT_EQ(render_text(table, false), "a   b\n\xC3\xA9\xC3\xA9  1\nx   2\n");
}

TEST(Table, CsvQuotesAndKeepsExactNumbers) {
  const Table table{"not shown",
                    {"a,b", "c"},
                    {{"say \"hi\"", Cell::number(0.1 + 0.2)},
                     {"=SUM(A1)", Cell::number(-2)},
                     {"line\nbreak", Cell::number(NAN)},
                     {"-", "-1.5"}}};
  EXPECT_EQ(render_csv(table),
            "\"a,b\",c\n"
            "\"say \"\"hi\"\"\",0.30000000000000004\n"
            "'=SUM(A1),-2\n"
            "line\\x0abreak,\n"
            "-,-1.5\n");
}

TEST(Table, MarkdownEscapesWhatWouldBeMarkup) {
  const Table table{"", {"n", "name"}, {{Cell::integer(3), "a|b_c<d>"}}};
  EXPECT_EQ(render_markdown(table), "| n | name |\n|---:|---|\n| 3 | a\\|b\\_c\\<d> |\n");
}

TEST(Table, ColourOnlyWhenAsked) {
  const Table table{"", {"a"}, {{Cell("x").with(Tone::kBad)}}};
  EXPECT_EQ(render_text(table, true), "\x1b[1ma\x1b[0m\n\x1b[31mx\x1b[0m\n");
  EXPECT_EQ(render_text(table, false), "a\nx\n");
}

TEST(Text, NothingSteersTheTerminal) {
  EXPECT_EQ(printable("a\x1b[2J\x07\x7f\r\n"), "a\\x1b[2J\\x07\\x7f\\x0d\\x0a");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "\\xc2\\x9b31m")
      << "C1 control sequence introducer";
  EXPECT_EQ(printable("\xFF\xC0\x80"), "\\xff\\xc0\\x80") << "no UTF-8";
  EXPECT_EQ(printable("\xE2\x80\xAE"), "\\xe2\\x80\\xae") << "right-to-left override";
  EXPECT_EQ(printable("\xE4\xBD\xA0\xF0\x9F\x98\x80"), "\xE4\xBD\xA0\xF0\x9F\x98\x80");
}

TEST(Text, JsonKeepsItsMeaning) {
  EXPECT_EQ(printable_json("{\"a\":\"\x7f\xC2\x9B\"}"), "{\"a\":\"\\u007f\\u009b\"}");
  EXPECT_EQ(printable_json("{\"a\":\"\xE2\x80\xAE\"}"), "{\"a\":\"\\u202e\"}");
  EXPECT_EQ(json_quote("a\"\\\n\xFF"), "\"a\\\"\\\\\\u000a\xEF\xBF\xBD\"");
}

TEST(Text, QuotesForTheShell) {
  EXPECT_EQ(shell_quote("plain-1.5/x=[1]"), "'plain-1.5/x=[1]'");
  EXPECT_EQ(shell_quote("f32"), "f32");
  EXPECT_EQ(shell_quote("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_quote(""), "''");
}

TEST(Text, Numbers) {
  EXPECT_EQ(short_number(0), "0");
  EXPECT_EQ(short_number(1234.5), "1234");
  EXPECT_EQ(short_number(12.345), "12.3");
  EXPECT_EQ(short_number(0.01234), "0.0123");
  EXPECT_EQ(short_number(1e-9), "1.00e-09");
  EXPECT_EQ(exact_number(0.1), "0.1");
  EXPECT_EQ(exact_number(INFINITY), "");
}

}  // namespace
}  // namespace cli
