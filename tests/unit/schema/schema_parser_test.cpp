// SPDX-License-Identifier: Apache-2.0
// Schema parser: every schema of PyTorch, every form of type and default, and errors by column.
#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <string>

#include "base/error.h"
#include "schema/schema.h"

namespace fgx {
namespace {

std::string error_of(const std::string& text) {
  try {
    parse_schema(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), FGX_METADATA_INVALID);
    return error.message();
  }
  return "accepted";
}

TEST(SchemaParserTest, ReadsNamesArgumentsAndReturns) {
  const Schema schema = parse_schema(
      "aten::max.dim_max(Tensor self, int dim, bool keepdim=False, *, Tensor(a!) max, "
      "Tensor(b!) max_values) -> (Tensor(a!) values, Tensor(b!) indices)");
  EXPECT_EQ(schema.qualified_name(), "aten::max");
  EXPECT_EQ(schema.overload, "dim_max");
  ASSERT_EQ(schema.arguments.size(), 5u);
  EXPECT_EQ(schema.find("keepdim"), 2);
  EXPECT_EQ(schema.find("nothing"), -1);
  EXPECT_FALSE(schema.arguments[2].keyword_only);
  EXPECT_TRUE(schema.arguments[3].keyword_only);
  EXPECT_EQ(schema.arguments[3].alias, "a!");
  ASSERT_EQ(schema.returns.size(), 2u);
  EXPECT_EQ(schema.returns[1].name, "indices");
  EXPECT_EQ(parse_schema("relu(Tensor self) -> Tensor").name_space, "aten");
  EXPECT_EQ(parse_schema("fgx::f(Tensor self) -> Tensor").qualified_name(), "fgx::f");
}

TEST(SchemaParserTest, ReadsEveryTypeAndDefault) {
  const Schema schema = parse_schema(
      "f(Tensor? a, Tensor[] b, Tensor?[] c, Scalar d=1, int[1]? e=None, SymInt[2] g=1, "
      "float? h=1e-05, bool[3] i=[True, False, True], str j='no\\'ne', ScalarType? k=None, "
      "Device? l=None, Layout m=strided, MemoryFormat n=contiguous_format, Generator? o=None, "
      "int p=Mean, float q=inf, int[2] r=[0, 1], float[] s=[], ScalarType t=float32, "
      "Scalar u=2., float v=3) -> ()");
  const auto at = [&](const char* name) {
    return schema.arguments[static_cast<size_t>(schema.find(name))];
  };
  EXPECT_TRUE(at("a").optional);
  EXPECT_TRUE(at("b").is_list);
  EXPECT_TRUE(at("c").optional_elements);
  EXPECT_FALSE(at("c").optional);
  EXPECT_EQ(std::get<int64_t>(at("d").default_value), 1);
  EXPECT_EQ(at("e").fixed_size, 1);
  EXPECT_TRUE(at("e").optional);
  EXPECT_TRUE(std::holds_alternative<std::nullptr_t>(at("e").default_value));
  EXPECT_TRUE(at("g").symbolic);
  EXPECT_EQ(at("g").type, ArgumentType::kInt);
  EXPECT_EQ(std::get<double>(at("h").default_value), 1e-05);
  EXPECT_EQ(std::get<std::vector<bool>>(at("i").default_value),
            (std::vector<bool>{true, false, true}));
  EXPECT_EQ(std::get<std::string>(at("j").default_value), "no'ne");
  EXPECT_EQ(at("k").type, ArgumentType::kDType);
  EXPECT_EQ(std::get<int64_t>(at("m").default_value), 0);
  EXPECT_EQ(std::get<int64_t>(at("p").default_value), 1);
  EXPECT_EQ(std::get<double>(at("q").default_value), std::numeric_limits<double>::infinity());
  EXPECT_EQ(std::get<std::vector<int64_t>>(at("r").default_value), (std::vector<int64_t>{0, 1}));
  EXPECT_TRUE(std::get<std::vector<double>>(at("s").default_value).empty());
  EXPECT_EQ(std::get<double>(at("u").default_value), 2.0);
  EXPECT_EQ(std::get<double>(at("v").default_value), 3.0);
  EXPECT_TRUE(schema.returns.empty());
  EXPECT_EQ(parse_schema(schema.text).text, schema.text);
}

TEST(SchemaParserTest, NamesTheColumnOfAnError) {
  const auto says = [](const std::string& text, const char* words) {
    EXPECT_NE(error_of(text).find(words), std::string::npos) << text << ": " << error_of(text);
  };
  says("", "column 1: expected an operator name, found the end");
  says("f", "column 2: expected '('");
  says("f(Tensor) -> Tensor", "column 9: expected an argument name, found ')'");
  says("f(Tensor a Tensor b) -> Tensor", "column 12: expected ',' or ')'");
  says("f(Tensor a, Tensor a) -> Tensor", "column 20: a second argument named 'a'");
  says("f(Tensor a, *) -> Tensor", "expected an argument after '*'");
  says("f(Tensor a, *, int b, *, int c) -> Tensor", "column 23: a second '*'");
  says("f(Tensor a)", "column 12: expected '->'");
  says("f(Tensor a) -> Tensor x y", "column 25: expected the end");
  says("f(int a='x') -> Tensor", "column 9: a default of another kind than int");
  says("f(int a=1.5) -> Tensor", "column 9: a default of another kind than int");
  says("f(bool a=1) -> Tensor", "another kind than bool");
  says("f(int a=[1]) -> Tensor", "another kind than int");
  says("f(int[] a=1) -> Tensor", "another kind than int[]");
  says("f(int a=Frog) -> Tensor", "unknown default 'Frog'");
  says("f(int[0] a) -> Tensor", "a list size must lie in 1..64");
  says("f(int[99999999999999999999] a) -> Tensor", "integer beyond 64 bits");
  says("f(Tensor?? a) -> Tensor", "a second '?'");
  says("f(float a=1e999) -> Tensor", "beyond the range");
  says("f(str a='x) -> Tensor", "string without closing quote");
  says("a::b::c() -> ()", "column 5");
  says("f(" + std::string(100, '('), "types nest too deeply");
  says("f(Tensor a" + std::string(100, '[') + ") -> ()", "column 11");
  says(std::string(70000, 'x'), "the limit is 65536");
}

// A tenth of all, and every form of type and default (tests/tools/generate_aten_schemas.py).
TEST(SchemaParserTest, ReadsSchemasOfPyTorch) {
  std::ifstream file(std::string(FGX_SOURCE_DIR) + "/tests/data/aten_schemas.txt");
  ASSERT_TRUE(file.is_open());
  int count = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    ++count;
    try {
      const Schema schema = parse_schema(line);
      EXPECT_EQ(parse_schema(schema.text).text, schema.text) << line;
    } catch (const Error& error) {
      ADD_FAILURE() << line << "\n" << error.message();
    }
  }
  EXPECT_GE(count, 300);
}

}  // namespace
}  // namespace fgx
