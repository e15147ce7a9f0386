// SPDX-License-Identifier: Apache-2.0
// Tests of the guarded JSON layer.
#include "base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "base/error.h"

namespace fgx {
namespace {

using ::testing::HasSubstr;

// The message that parsing ends with; "" when it succeeds.
std::string parse_error(std::string_view text, const JsonLimits& limits = {}) {
  try {
    Json::parse(text, limits);
    return {};
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), limits.error);
    return error.message();
  }
}

template <typename Function>
std::string error_of(Function function) {
  try {
    function();
    return {};
  } catch (const Error& error) {
    return error.message();
  }
}

struct Refused {
  const char* name;
  std::string text;
  const char* message;
};

class JsonRefuses : public ::testing::TestWithParam<Refused> {};

TEST_P(JsonRefuses, WithAPlace) {
  EXPECT_THAT(parse_error(GetParam().text), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    BadTexts, JsonRefuses,
    ::testing::Values(
        Refused{"Empty", "", "empty"}, Refused{"Space", " \n ", "empty"},
        Refused{"Trailing", "{} x", "bytes after the end"},
        Refused{"TwoValues", "1 2", "bytes after the end"},
        Refused{"TrailingNul", std::string("{}\0", 3), "bytes after the end"},
        Refused{"NulInString", std::string("\"a\0b\"", 5), "NUL"},
        Refused{"NulEscape", "\"a\\u0000b\"", "\\u0000"},
        Refused{"Duplicate", "{\"a\":1,\n \"a\":2}", "line 2, column 2"},
        Refused{"DuplicateEscaped", "{\"a\":1,\"\\u0061\":2}", "occurs twice"},
        Refused{"LeadingZero", "[01]", "leading zero"},
        Refused{"NegativeLeadingZero", "[-01]", "leading zero"},
        Refused{"Hexadecimal", "[0x10]", "hexadecimal"}, Refused{"NaN", "[NaN]", "expected a JSON"},
        Refused{"Infinity", "[-Infinity]", "malformed number"},
        Refused{"TooBig", "{\"a\":[1,1e400]}", "at /a/1: a number beyond"},
        Refused{"TooNegative", "-1e999", "beyond the range"}, Refused{"Plus", "+1", "malformed"},
        Refused{"DotAlone", "1.", "digits after"}, Refused{"LeadingDot", ".5", "expected"},
        Refused{"Exponent", "1e", "exponent"}, Refused{"LoneHigh", "\"\\ud800\"", "lone surrogate"},
        Refused{"LoneLow", "\"\\udc00\"", "lone surrogate"},
        Refused{"HighThenOther", "\"\\ud800\\u0041\"", "lone surrogate"},
        Refused{"BadUtf8", "\"\xff\"", "UTF-8"}, Refused{"Overlong", "\"\xc0\x80\"", "UTF-8"},
        Refused{"Surrogate", "\"\xed\xa0\x80\"", "UTF-8"},
        Refused{"CutUtf8", "\"\xe2\x82\"", "UTF-8"},
        Refused{"Control", "\"a\nb\"", "control character"},
        Refused{"Escape", "\"\\x41\"", "unknown escape"},
        Refused{"CommaArray", "[1,]", "comma before"},
        Refused{"CommaObject", "{\"a\":1,}", "comma"},
        Refused{"NoColon", "{\"a\" 1}", "expected ':'"},
        Refused{"BareKey", "{a:1}", "double quotes"},
        Refused{"SingleQuotes", "{'a':1}", "double quotes"}, Refused{"Open", "[1", "not closed"},
        Refused{"OpenString", "\"abc", "not closed"}, Refused{"Mixed", "[1}", "expected ','"},
        Refused{"Comment", "[1] // x", "bytes after"},
        Refused{"Literal", "[tru]", "expected a JSON"},
        Refused{"Bom", "\xef\xbb\xbf{}", "expected a JSON"}),
    [](const auto& refused) { return refused.param.name; });

TEST(Json, NamesThePointerOfTheFault) {
  EXPECT_THAT(parse_error("{\"ops\":{\"a/b\":{\"shape\":[1,\n2,0x3]}}}"),
              HasSubstr("line 2, column 4 at /ops/a~1b/shape/2"));
}

TEST(Json, RefusesAMillionNestedArraysWithoutRecursion) {
  EXPECT_THAT(parse_error(std::string(1000000, '[')), HasSubstr("nested deeper than 64"));
  std::string deepest(64, '[');
  deepest += std::string(64, ']');
  EXPECT_EQ(parse_error(deepest), "");
}

TEST(Json, RefusesMoreThanItsLimitBeforeReading) {
  JsonLimits limits;
  limits.max_bytes = 10;
  limits.error = FGX_INVALID_ARGUMENT;
  limits.what = "request";
  EXPECT_THAT(parse_error("{\"a\":12345}", limits),
              HasSubstr("request: 11 bytes, the limit is 10"));
}

TEST(Json, FindsDuplicatesInBigObjects) {
  std::string text = "{";
  for (int i = 0; i < 1000; ++i) text += "\"k" + std::to_string(i) + "\":1,";
  EXPECT_EQ(parse_error(text + "\"last\":1}"), "");
  EXPECT_THAT(parse_error(text + "\"k7\":1}"), HasSubstr("\"k7\" occurs twice"));
}

TEST(Json, DoublesRoundTripBitForBit) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    const uint64_t bits = random();
    double value = 0;
    std::memcpy(&value, &bits, 8);
    if (!std::isfinite(value)) continue;
    const Json parsed = Json::parse(Json(value).dump());
    const double back = parsed.view().as_double();
    ASSERT_EQ(std::memcmp(&back, &value, 8), 0) << Json(value).dump();
  }
}

TEST(Json, NumbersKeepTheirText) {
  const std::string text =
      "[0.1,1e-400,9007199254740993,-0,-0.0,1E+2,3.14159265358979323846264338327950288]";
  EXPECT_EQ(Json::parse(text).dump(), text);
  EXPECT_EQ(Json::parse("9223372036854775807").view().as_int64(), INT64_MAX);
  EXPECT_EQ(Json(INT64_MIN).dump(), "-9223372036854775808");
  EXPECT_EQ(Json(UINT64_MAX).dump(), "18446744073709551615");
}

TEST(Json, WhatIsNotFiniteIsNull) {
  EXPECT_EQ(Json(std::numeric_limits<double>::quiet_NaN()).dump(), "null");
  EXPECT_EQ(Json(-std::numeric_limits<double>::infinity()).dump(), "null");
}

TEST(Json, TypedGettersNameTheirPointer) {
  const Json doc = Json::parse(
      "{\"dims\":[1.5,4294967297,-1,\"8\",1e3],\"name\":\"x\",\"on\":true,\"none\":null}");
  const JsonView dims = doc.at("dims");
  EXPECT_THAT(error_of([&] { dims.at(size_t{0}).as_int64(); }),
              HasSubstr("/dims/0: expected an int"));
  EXPECT_THAT(error_of([&] { dims.at(1).as_int32(); }), HasSubstr("/dims/1: 4294967297 is out of"));
  EXPECT_THAT(error_of([&] { dims.at(2).as_int64(0); }), HasSubstr("/dims/2: -1 is out of range"));
  EXPECT_THAT(error_of([&] { dims.at(3).as_int64(); }), HasSubstr("found a string"));
  EXPECT_THAT(error_of([&] { dims.at(4).as_int64(); }), HasSubstr("found 1e3"));
  EXPECT_THAT(error_of([&] { dims.at(9); }), HasSubstr("element 9 is missing"));
  EXPECT_THAT(error_of([&] { doc.get_string("absent"); }), HasSubstr("\"absent\" is missing"));
  EXPECT_THAT(error_of([&] { doc.get_string("NAME"); }), HasSubstr("missing"));
  EXPECT_THAT(error_of([&] { doc.get_bool("name"); }), HasSubstr("/name: expected true or false"));
  EXPECT_EQ(doc.get_string_or("none", "fallback"), "fallback");
  EXPECT_EQ(doc.get_int64_or("absent", 7), 7);
  EXPECT_THAT(error_of([&] { doc.get_int64_or("name", 7); }), HasSubstr("/name"));
  EXPECT_TRUE(doc.get_bool("on"));
  EXPECT_EQ(doc.resolve("/dims/1").as_int64(), 4294967297);
  EXPECT_FALSE(doc.resolve("/dims/17"));
}

TEST(Json, StringsAreDecodedAndEscaped) {
  const Json doc = Json::parse("\"\\u00e9\\ud83d\\ude00\\n\\/\\\"\"");
  EXPECT_EQ(doc.view().as_string(), "\xc3\xa9\xf0\x9f\x98\x80\n/\"");
  // What a terminal obeys never leaves raw.
  EXPECT_EQ(Json("\x1b[31m\x7f\xc2\x9b").dump(), "\"\\u001b[31m\\u007f\\u009b\"");
  EXPECT_EQ(Json("\xff").dump(), "\"\xef\xbf\xbd\"");
  EXPECT_THROW(Json(std::string_view("a\0b", 3)), Error);
}

TEST(Json, BuildsAndWritesDeterministically) {
  Json doc = Json::object();
  doc.set("b", 1).set("a", Json::array({1, 2.5, "x", nullptr, true})).set("b", 2);
  EXPECT_EQ(doc.dump(), "{\"b\":2,\"a\":[1,2.5,\"x\",null,true]}");
  EXPECT_EQ(doc.dump_pretty(), "{\n  \"b\": 2,\n  \"a\": [1, 2.5, \"x\", null, true]\n}");
  EXPECT_TRUE(doc.erase("b"));
  EXPECT_FALSE(doc.erase("b"));
  const Json copy = doc;
  doc.set("c", Json::object());
  EXPECT_EQ(copy.dump(), "{\"a\":[1,2.5,\"x\",null,true]}");
  EXPECT_TRUE(copy.view() == Json::parse("{\"a\":[1.0,2.5,\"x\",null,true]}").view());
  std::vector<std::string> names;
  for (const auto& [name, value] : doc.members()) names.emplace_back(name);
  EXPECT_THAT(names, ::testing::ElementsAre("a", "c"));
}

TEST(Json, WritingRefusesTreesThatAreTooDeepAndFreesThem) {
  Json deep = Json::array();
  for (int i = 0; i < 100000; ++i) {
    Json outer = Json::array();
    outer.push(std::move(deep));
    deep = std::move(outer);
  }
  EXPECT_THROW(deep.dump(), Error);
  EXPECT_THROW(Json{deep}, Error);
}

// The examples of RFC 7396, appendix A.
TEST(Json, MergePatch) {
  const char* cases[][3] = {
      {"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
      {"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
      {"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
      {"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}"},
      {"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
      {"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}"},
      {"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}"},
      {"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
      {"[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]"},
      {"{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]"},
      {"{\"a\":\"foo\"}", "null", "null"},
      {"{\"a\":\"foo\"}", "\"bar\"", "\"bar\""},
      {"{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}"},
      {"[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}"},
      {"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"}};
  for (const auto& one : cases) {
    Json target = Json::parse(one[0]);
    target.merge_patch(Json::parse(one[1]));
    EXPECT_EQ(target.dump(), one[2]) << one[0] << " + " << one[1];
  }
}

TEST(Json, CompactKeepsTokens) {
  EXPECT_EQ(compact_json(" { \"a\" : [ 1.0 , \"x\\u0041\" , null ] ,\n\"b\" : { } } "),
            "{\"a\":[1.0,\"x\\u0041\",null],\"b\":{}}");
}

class Collector final : public JsonSplitter::Receiver {
 public:
  void on_member(bool inside, std::string_view key, std::string_view value,
                 uint64_t offset) override {
    members.push_back((inside ? "ops." : "") + std::string(key) + "=" + std::string(value));
    if (!source.empty() && source.substr(offset, value.size()) != value) misplaced = true;
  }
  std::vector<std::string> members;
  std::string_view source;
  bool misplaced = false;
};

TEST(JsonSplitter, FindsMembersWhereverTheTextIsCut) {
  const std::string text =
      "{ \"version\" : \"1.0\", \"n\":12 ,\"ops\":{\"a\": {\"x\":\"}\\\"{\"},\n \"b\\n\":[1,{}] , "
      "\"c\":true}, \"e\":{}, \"z\":null}";
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    Collector collector;
    collector.source = text;
    JsonSplitter splitter("ops", 1000, {}, &collector);
    for (size_t i = 0; i < text.size(); i += piece)
      splitter.feed(std::string_view(text).substr(i, piece));
    splitter.finish();
    EXPECT_THAT(collector.members,
                ::testing::ElementsAre("version=\"1.0\"", "n=12", "ops.a={\"x\":\"}\\\"{\"}",
                                       "ops.b\n=[1,{}]", "ops.c=true", "e={}", "z=null"))
        << piece;
    EXPECT_FALSE(collector.misplaced) << piece;
  }
}

TEST(JsonSplitter, RefusesWhatIsNoObject) {
  for (const char* text :
       {"[]", "{\"a\":1", "{\"a\"}", "{} {}", "{\"a\":}", "{,}", "{\"a\":1 2}"}) {
    Collector collector;
    JsonSplitter splitter("ops", 1000, {}, &collector);
    EXPECT_THROW(
        {
          splitter.feed(text);
          splitter.finish();
        },
        Error)
        << text;
  }
  Collector collector;
  JsonSplitter splitter("ops", 4, {}, &collector);
  EXPECT_THROW(splitter.feed("{\"a\":[1,2,3]}"), Error);
}

}  // namespace
}  // namespace fgx
