// SPDX-License-Identifier: Apache-2.0
// Shapes files: both forms, merge keys, hostile YAML, and the call expressions that come of them.
#include "shapes/shapes_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "shapes/call_builder.h"
#include "shapes/yaml_tree.h"
#include "support/failure.h"

namespace cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string refusal(const std::string& text) {
  try {
    parse_shapes(text);
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code(), kInputRefused);
    return failure.what();
  }
  return "";
}

// The expressions of a file's cases, or "skipped: reason".
std::vector<std::string> calls(const std::string& text, const std::string& schema,
                               const std::string& dtype = "f32") {
  std::vector<std::string> result;
  for (const ShapeCase& entry : parse_shapes(text).cases) {
    const BuiltCall built = build_call(entry, schema, dtype);
    EXPECT_NE(built.expression.empty(), built.skipped.empty());
    result.push_back(built.skipped.empty() ? built.expression : "skipped: " + built.skipped);
  }
  return result;
}

TEST(ShapesFile, ReadsThePlansForm) {
  const std::string text =
      "shapes:\n"
      "  - op: \"my_custom_op\"\n"
      "    args:\n"
      "      - [1, 1024, 1024]\n"
      "      - [1, 2048]\n"
      "  - op: sum\n"
      "    args: [[8, 128], [1], true]\n"
      "    dtype: bfloat16\n"
      "    kwargs: {alpha: 1.5, mode: 'it''s', none: ~, dims: [0, 1]}\n";
  EXPECT_THAT(calls(text, "x(Tensor a) -> Tensor"),
              ElementsAre("my_custom_op(f32[1,1024,1024], f32[1,2048])",
                          "sum(bf16[8,128], bf16[1], True, alpha=1.5, mode='it\\'s', none=None, "
                          "dims=[0,1])"));
}

TEST(ShapesFile, TensorsInQuotesKeepTheirDType) {
  EXPECT_THAT(calls("shapes: [{op: embedding, args: [[9, 8], \"i64[4]\", \"i64[x]\", \"word[4]\"], "
                    "kwargs: {w: \"bf16[2,2]:[1,2]\"}}]",
                    ""),
              ElementsAre("embedding(f32[9,8], i64[4], 'i64[x]', 'word[4]', w=bf16[2,2]:[1,2])"));
}

TEST(ShapesFile, ReadsFlagGemsFormWithMergeKeys) {
  const std::string text =
      "base: &base\n"
      "  shapes:\n"
      "    - [64]\n"
      "    - [2, 3]\n"
      "  shape_desc: \"M\"\n"
      "vdot:\n"
      "  <<: *base\n"
      "other:\n"
      "  <<: [*base]\n"
      "  shapes: [[7]]\n"
      "nothing: {note: 1}\n"
      "empty: {shapes: []}\n";
  const ShapesFile file = parse_shapes(text);
  std::vector<std::string> names;
  for (const ShapeCase& entry : file.cases) names.push_back(entry.op + entry.value.literal());
  EXPECT_THAT(names, ElementsAre("base[64]", "base[2,3]", "vdot[64]", "vdot[2,3]", "other[7]"));
  EXPECT_THAT(file.cases[4].description, ElementsAre("M"));
  ASSERT_EQ(file.skipped.size(), 2u);
  EXPECT_EQ(file.skipped[0].first, "nothing");
  EXPECT_EQ(file.skipped[1].first, "empty");
}

TEST(ShapesFile, SizesByNameForMatrixProducts) {
  const std::string mm = "aten::mm(Tensor self, Tensor mat2) -> Tensor";
  EXPECT_THAT(calls("mm: {shapes: [[1, 8, 3584, 18944]], shape_desc: \"B, M, N, K\"}", mm),
              ElementsAre("mm(f32[8,18944], f32[18944,3584])"));
  EXPECT_THAT(calls("mm: {shapes: [[32, 16, 8]], shape_desc: \"M, N, K\"}", mm, "bf16"),
              ElementsAre("mm(bf16[32,8], bf16[8,16])"));
  EXPECT_THAT(calls("mm: {shapes: [[32, 8, 16]], shape_desc: \"M, K, N\"}", mm),
              ElementsAre("mm(f32[32,8], f32[8,16])"));
  EXPECT_THAT(calls("mm: {shapes: [[32, 16, 8]]}", mm), ElementsAre("mm(f32[32,8], f32[8,16])"));
  EXPECT_THAT(
      calls("mm: {shapes: [[2, 8, 8, 8], [5], [1, 2, 3, 4]], shape_desc: \"a, b, c, d\"}", mm),
      ElementsAre(HasSubstr("skipped: "), HasSubstr("skipped: "), HasSubstr("skipped: ")));
  EXPECT_THAT(calls("mm: {shapes: [[2, 8, 8, 8]], shape_desc: \"B, M, N, K\"}", mm),
              ElementsAre("skipped: mm has no B of 2"));
  EXPECT_THAT(calls("linear: {shapes: [[4, 16, 8]], shape_desc: \"M, N, K\"}",
                    "aten::linear(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor"),
              ElementsAre("linear(f32[4,8], f32[16,8])"));
}

TEST(ShapesFile, OneShapeForAllTensorsAndUsualValuesForTheRest) {
  const auto one = [](const std::string& schema) {
    return calls("op: {shapes: [[4, 8]]}", schema).at(0);
  };
  EXPECT_EQ(one("aten::gelu(Tensor self, *, str approximate='none') -> Tensor"),
            "op(self=f32[4,8])");
  EXPECT_EQ(one("aten::huber_loss(Tensor self, Tensor target, int reduction=Mean, float "
                "delta=1.0) -> Tensor"),
            "op(self=f32[4,8], target=f32[4,8])");
  EXPECT_EQ(one("aten::softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor"),
            "op(self=f32[4,8], dim=-1)");
  EXPECT_EQ(one("aten::layer_norm(Tensor input, SymInt[] normalized_shape, Tensor? weight=None, "
                "float eps=1e-05) -> Tensor"),
            "op(input=f32[4,8], normalized_shape=[8])");
  EXPECT_EQ(one("aten::cat(Tensor[] tensors, int dim=0) -> Tensor"),
            "op(tensors=[f32[4,8], f32[4,8], f32[4,8]])");
  EXPECT_EQ(one("aten::where.self(Tensor condition, Tensor self, Tensor other) -> Tensor"),
            "op(condition=bool[4,8], self=f32[4,8], other=f32[4,8])");
  EXPECT_EQ(one("aten::sum.dim_IntList(Tensor self, int[1]? dim, bool keepdim=False) -> Tensor"),
            "op(self=f32[4,8], dim=None)");
  EXPECT_THAT(one("aten::x(Tensor self, Generator g) -> Tensor"), HasSubstr("skipped: "));
}

TEST(ShapesFile, SeveralShapesInOneEntryAreTheArguments) {
  EXPECT_THAT(
      calls("median: {shapes: [[[32, 384], 1, false], [[4], [[2], [3]], 'NHD', null], 7]}", ""),
      ElementsAre("median(f32[32,384], 1, False)", "median(f32[4], [f32[2], f32[3]], 'NHD', None)",
                  "skipped: 7 is no shape"));
}

TEST(ShapesFile, TheCommittedFileIsReadWhole) {
  const ShapesFile file =
      parse_shapes(read(FGX_SOURCE_DIR "/examples/data/flaggems_model_shapes_qwen25.yaml"));
  EXPECT_EQ(file.cases.size(), 47u);
  EXPECT_TRUE(file.skipped.empty());
}

TEST(ShapesFile, TheModelsShapesAreReadWhole) {
  for (const char* model : {"llama3_8b", "qwen25_7b", "bert_base", "resnet50"}) {
    const ShapesFile file =
        parse_shapes(read(std::string(FGX_SOURCE_DIR "/examples/shapes/") + model + ".yaml"));
    EXPECT_GT(file.cases.size(), 30u) << model;
    EXPECT_TRUE(file.skipped.empty()) << model;
  }
}

TEST(ShapesFile, FlagGemsOwnFilesAreReadWhole) {
  const char* folder = std::getenv("FLAGGEMS_EXP_TEST_DATA");
  if (folder == nullptr) GTEST_SKIP() << "FLAGGEMS_EXP_TEST_DATA is not set";
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".yaml") continue;
    ++files;
    const ShapesFile file = parse_shapes(read(entry.path()));
    EXPECT_GT(file.cases.size(), 20u) << entry.path();
    EXPECT_TRUE(file.skipped.empty()) << entry.path() << ": " << file.skipped[0].first;
  }
  EXPECT_GE(files, 4);
}

TEST(ShapesFile, RefusalsNameLineAndColumn) {
  EXPECT_EQ(refusal("shapes:\n  - op: x\n    args: [[1, -2]]\n"),
            "line 3, column 12: dimension -2 is negative");
  EXPECT_EQ(refusal("shapes:\n  - args: [[1]]\n"), "line 2, column 5: \"op\" is missing");
  EXPECT_EQ(refusal("shapes:\n  - op: x\n"), "line 2, column 5: \"args\" is missing");
  EXPECT_THAT(refusal("x: {shapes: 3}\n"), HasSubstr("line 1, column 13"));
  EXPECT_THAT(refusal("x: {shapes: [[99999999999999999999]]}\n"), HasSubstr("out of range"));
  EXPECT_THAT(refusal("x: {shapes: [[1e400]]}\n"), HasSubstr("out of range"));
  EXPECT_THAT(refusal("x: {shapes: [{a: 1}]}\n"), HasSubstr("mapping"));
  EXPECT_THAT(refusal("x: [1\ny: 2\n"), HasSubstr("line 2"));
  EXPECT_THAT(refusal("x: {shapes: []}\nx: {shapes: []}\n"), HasSubstr("stands twice"));
  EXPECT_THAT(refusal("x: 1\n---\ny: 2\n"), HasSubstr("more than one document"));
  EXPECT_THAT(refusal("? [1]\n: 2\n"), HasSubstr("no scalar"));
  EXPECT_THAT(refusal("- 1\n"), HasSubstr("must be a mapping"));
  EXPECT_THAT(refusal(""), HasSubstr("no shapes"));
  EXPECT_NE(refusal(std::string("x: \0", 4)), "");
  EXPECT_NE(refusal("\xff\xfex"), "");
  EXPECT_NE(refusal("x: \"\\0\"\n"), "");
  EXPECT_THAT(refusal(std::string(300, 'k') + ": {shapes: [[1]]}\n"), HasSubstr("too long"));
}

// Ten levels of ten aliases would be 10^11 nodes.
TEST(ShapesFile, RefusesAliasBombs) {
  std::string text = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n";
  for (int i = 1; i <= 10; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) text += (k > 0 ? "," : "") + below;
    text += "]\n";
  }
  EXPECT_THAT(refusal(text), HasSubstr("once aliases are expanded"));
}

TEST(ShapesFile, RefusesMergeBombs) {
  std::string text = "m0: &m0 {k: 1}\n";
  for (int i = 1; i <= 10; ++i) {
    text += "m" + std::to_string(i) + ": &m" + std::to_string(i) + " {<<: [";
    for (int k = 0; k < 10; ++k) text += (k > 0 ? ",*m" : "*m") + std::to_string(i - 1);
    text += "]}\n";
  }
  EXPECT_THAT(refusal(text), HasSubstr("once aliases are expanded"));
}

TEST(ShapesFile, RefusesWhatContainsItselfAndWhatIsTooLarge) {
  EXPECT_THAT(refusal("x: &x {shapes: [*x]}\n"), HasSubstr("complete before it"));
  EXPECT_THAT(refusal("x: *nowhere\n"), HasSubstr("nowhere"));
  EXPECT_THAT(refusal("x: " + std::string(100, '[') + std::string(100, ']')), HasSubstr("levels"));
  EXPECT_NE(refusal(std::string(1000000, '[')), "");
  EXPECT_THAT(refusal(std::string(5u << 20, ' ')), HasSubstr("the limit is"));
  YamlLimits few;
  few.max_nodes = 3;
  EXPECT_THROW(YamlTree("[1,2,3,4]", few), Failure);
}

TEST(ShapesFile, DTypeNames) {
  EXPECT_EQ(short_dtype("float32"), "f32");
  EXPECT_EQ(short_dtype("bf16"), "bf16");
  EXPECT_EQ(short_dtype("float33"), "");
  EXPECT_EQ(short_dtype(""), "");
}

}  // namespace
}  // namespace cli
