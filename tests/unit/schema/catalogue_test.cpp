// SPDX-License-Identifier: Apache-2.0
// The catalogue: names, order of implementations, and refusal of incomplete definitions.
#include "schema/catalogue.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "schema/call_expression.h"
#include "schema/owned_call.h"
#include "test_operators.h"

namespace fgx::testing {
namespace {

ImplementationDef implementation_of(std::string name, Tier tier) {
  ImplementationDef implementation;
  implementation.name = std::move(name);
  implementation.tier = tier;
  implementation.prepare = prepare_nothing;
  return implementation;
}

OperatorDef gelu() {
  OperatorDef op =
      operator_of("aten::gelu(Tensor self, *, str approximate='none', float eps=1e-05) -> Tensor",
                  infer_like_self);
  op.choices = {{"approximate", {"none", "tanh"}}};
  op.aliases = {"fast_gelu"};
  op.in_place_arguments = {"self"};
  op.dynamic_attributes = {"eps"};
  return op;
}

TEST(CatalogueTest, ResolvesNames) {
  Catalogue catalogue;
  catalogue.add(gelu());
  catalogue.add(
      operator_of("aten::add.Tensor(Tensor self, Tensor other) -> Tensor", infer_promoted));
  catalogue.add(operator_of("fgx::silu_and_mul(Tensor x) -> Tensor", infer_like_self));
  const auto name_of = [&](std::string_view name) -> std::string {
    const OperatorDef* op = catalogue.find(name);
    return op == nullptr ? "" : op->schema.name;
  };
  EXPECT_EQ(name_of("gelu"), "gelu");
  EXPECT_EQ(name_of("aten::gelu"), "gelu");
  EXPECT_EQ(name_of("aten::gelu.default"), "gelu");
  EXPECT_EQ(name_of("gelu_"), "gelu");
  EXPECT_EQ(name_of("aten::gelu_"), "gelu");
  EXPECT_EQ(name_of("fast_gelu"), "gelu");
  EXPECT_EQ(name_of("aten::add.Tensor"), "add");
  EXPECT_EQ(name_of("add.Scalar"), "");
  EXPECT_EQ(name_of("add_"), "") << "no in-place form";
  EXPECT_EQ(name_of("fgx::silu_and_mul"), "silu_and_mul");
  EXPECT_EQ(name_of("aten::silu_and_mul"), "silu_and_mul");
  EXPECT_EQ(name_of("fgx::gelu"), "");
  EXPECT_EQ(name_of("other::gelu"), "");
  EXPECT_EQ(name_of(""), "");
  EXPECT_EQ(name_of("_"), "");
  EXPECT_EQ(name_of("GELU"), "");
  EXPECT_EQ(catalogue.nearest("geku").at(0), "gelu");
  EXPECT_LE(catalogue.nearest(std::string(10000, 'x')).size(), 3u);
}

TEST(CatalogueTest, ResolvesAttributes) {
  Catalogue catalogue;
  const OperatorDef& op = catalogue.add(gelu());
  EXPECT_EQ(op.dynamic_slot, (std::vector<int>{-1, -1, 0}));
  EXPECT_EQ(op.dynamic_arguments, (std::vector<int>{2}));
  EXPECT_EQ(op.in_place_mask, 1u);
  EXPECT_EQ(op.choice_index(1, "tanh"), 1);
  EXPECT_EQ(op.choice_index(1, "erf"), -1);
  EXPECT_EQ(op.choice_index(0, "tanh"), -1);
  EXPECT_EQ(op.choice_index(7, "tanh"), -1);
}

TEST(CatalogueTest, AddsImplementationsBehindBetterTiers) {
  Catalogue catalogue;
  OperatorDef definition = gelu();
  definition.implementations = {implementation_of("experimental.generated.a", Tier::kSpecialized),
                                implementation_of("stable.cpu.gelu", Tier::kStable)};
  const OperatorDef& op = catalogue.add(std::move(definition));
  catalogue.add_implementation("aten::gelu", implementation_of("native.x.gelu", Tier::kNative));
  catalogue.add_implementation("gelu",
                               implementation_of("experimental.generated.b", Tier::kSpecialized));
  std::vector<std::string> names;
  for (const ImplementationDef& entry : op.implementations) names.push_back(entry.name);
  EXPECT_EQ(names, (std::vector<std::string>{"experimental.generated.a", "experimental.generated.b",
                                             "stable.cpu.gelu", "native.x.gelu"}));
  EXPECT_THROW(
      catalogue.add_implementation("gelu", implementation_of("stable.cpu.gelu", Tier::kStable)),
      Error);
  EXPECT_THROW(catalogue.add_implementation("nothing", implementation_of("x", Tier::kStable)),
               Error);
}

TEST(CatalogueTest, RefusesIncompleteDefinitions) {
  const auto refused = [](auto change, const char* words) {
    Catalogue catalogue;
    OperatorDef op = gelu();
    change(op);
    try {
      catalogue.add(std::move(op));
      ADD_FAILURE() << "accepted, expected: " << words;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), FGX_INTERNAL);
      EXPECT_NE(error.message().find(words), std::string::npos) << error.message();
      EXPECT_NE(error.message().find("gelu"), std::string::npos) << error.message();
    }
    EXPECT_EQ(catalogue.find("gelu"), nullptr);
  };
  using Op = OperatorDef;
  refused([](Op& op) { op.schema_text = "aten::gelu(Tensor"; }, "expected an argument name");
  refused([](Op& op) { op.infer = nullptr; }, "no type rule");
  refused([](Op& op) { op.oracle = nullptr; }, "no oracle");
  refused([](Op& op) { op.choices.clear(); }, "no choices for 'approximate'");
  refused([](Op& op) { op.choices[0].second = {"tanh"}; }, "default of 'approximate'");
  refused([](Op& op) { op.choices.push_back({"self", {}}); }, "which is no str");
  refused([](Op& op) { op.dynamic_attributes = {"x"}; }, "dynamic_attributes names no argument");
  refused([](Op& op) { op.dynamic_attributes = {"approximate"}; }, "is no number");
  refused([](Op& op) { op.in_place_arguments = {"eps"}; }, "is no tensor");
  refused([](Op& op) { op.speed_attributes = {"x"}; }, "speed_attributes names no argument");
  refused([](Op& op) { op.aliases = {"gelu"}; }, "the name 'gelu' is taken");
  refused([](Op& op) { op.schema_text = "aten::gelu(Any self) -> Tensor"; }, "type Any");
  refused([](Op& op) { op.implementations = {ImplementationDef{}}; }, "without name");
  refused(
      [](Op& op) {
        op.implementations = {implementation_of("a", Tier::kStable)};
        op.implementations[0].prepare = nullptr;
      },
      "no prepare step");
  refused(
      [](Op& op) {
        op.implementations = {implementation_of("a", Tier::kStable)};
        op.implementations[0].constraints = {{Constraint::Kind::kRank, 9}};
      },
      "constraint 'rank_range': argument out of range");
  refused(
      [](Op& op) {
        op.implementations = {implementation_of("a", Tier::kStable)};
        op.implementations[0].constraints = {{Constraint::Kind::kRank, 1}};
      },
      "argument of another type");
}

TEST(CatalogueTest, NamesFamiliesAndCategories) {
  EXPECT_STREQ(family_name(Family::kSoftmax), "softmax");
  EXPECT_STREQ(category_name(Family::kPointwise), "pointwise");
  EXPECT_STREQ(category_name(Family::kNorm), "reduction");
  EXPECT_STREQ(category_name(Family::kSoftmax), "reduction");
  EXPECT_STREQ(category_name(Family::kBlas), "blas");
  EXPECT_STREQ(category_name(Family::kMoe), "custom");
  EXPECT_STREQ(category_name(Family::kSelect), "custom");
}

TEST(CatalogueTest, BuiltinExamplesAreCallsOfTheirOperator) {
  const Catalogue& catalogue = Catalogue::builtin();
  EXPECT_FALSE(catalogue.operators().empty());
  for (const auto& op : catalogue.operators()) {
    EXPECT_FALSE(op->examples.empty()) << op->schema.name;
    EXPECT_FALSE(op->implementations.empty()) << op->schema.name;
    for (const std::string& example : op->examples) {
      try {
        const CallExpression expression = parse_call_expression(example);
        EXPECT_EQ(catalogue.find(expression.op), op.get()) << example;
        EXPECT_FALSE(OwnedCall(*op, expression, {}).outs().empty()) << example;
      } catch (const Error& error) {
        ADD_FAILURE() << example << ": " << error.message();
      }
    }
  }
}

}  // namespace
}  // namespace fgx::testing
