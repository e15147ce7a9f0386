// SPDX-License-Identifier: Apache-2.0
// Case derivation: what an operator is tried with, and that constraints are reached.
#include "verify/cases.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "unit/verify/fixture.h"

namespace fgx {
namespace {

using test::call;
using test::op;
using test::tensor;

std::vector<VerifyCase> derive(const CallSpec& example,
                               const std::vector<Constraint>& constraints = {},
                               CaseOptions options = {}) {
  const std::vector<CallSpec> examples = {example};
  const std::vector<const std::vector<Constraint>*> lists = {&constraints};
  return derive_cases(examples, lists, options);
}

const CallSpec& example_of_twice() {
  static const CallSpec spec = call(op("twice"), {tensor(DType::kFloat32, {4096, 4096})});
  return spec;
}

std::set<std::string> expressions(const std::vector<VerifyCase>& cases) {
  std::set<std::string> result;
  for (const VerifyCase& one : cases) result.insert(one.spec.expression());
  return result;
}

TEST(Cases, CoverTypesShapesLayoutsAttributesAndPlaces) {
  const std::vector<VerifyCase> cases = derive(example_of_twice());
  std::set<DType> types;
  std::set<Distribution> distributions;
  bool scalar = false, empty = false, one = false, odd = false, large = false;
  bool transposed = false, expanded = false, stepped = false, loose = false, in_place = false;
  bool flag = false, mode = false;
  for (const VerifyCase& verify_case : cases) {
    const ArgumentSpec& self = verify_case.spec.arguments[0];
    const TensorSpec& spec = self.tensors[0];
    types.insert(spec.dtype);
    distributions.insert(distribution_of(verify_case.seed));
    const int64_t numel = product(spec.shape);
    scalar = scalar || spec.shape.empty();
    empty = empty || numel == 0;
    one = one || (numel == 1 && !spec.shape.empty());
    odd = odd || (numel % 2 == 1 && numel > 8);
    large = large || numel > 10'000;
    const auto& strides = spec.strides;
    transposed = transposed || (strides.size() == 2 && strides[0] == 1 && strides[1] > 1);
    expanded = expanded || std::count(strides.begin(), strides.end(), 0) > 0;
    stepped = stepped || (!strides.empty() && strides.back() == 2);
    loose = loose || has_loose_storage(verify_case.seed);
    in_place = in_place || verify_case.spec.in_place;
    const auto& arguments = verify_case.spec.arguments;
    flag = flag || (arguments.size() > 1 && arguments[1].integer == 1);
    mode = mode || (arguments.size() > 2 && arguments[2].text == "b");
  }
  EXPECT_EQ(types.size(), static_cast<size_t>(kDTypeCount));
  EXPECT_EQ(distributions.size(), static_cast<size_t>(kDistributionCount));
  EXPECT_TRUE(scalar && empty && one && odd && large);
  EXPECT_TRUE(transposed && expanded && stepped && loose);
  EXPECT_TRUE(in_place && flag && mode);
}

TEST(Cases, AreDeterministicAndDistinct) {
  const auto first = derive(example_of_twice());
  const auto second = derive(example_of_twice());
  ASSERT_EQ(first.size(), second.size());
  std::set<std::string> seen;
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].spec.expression(), second[i].spec.expression());
    EXPECT_EQ(first[i].seed, second[i].seed);
    EXPECT_TRUE(seen.insert(first[i].spec.expression() + std::to_string(first[i].seed)).second);
  }
}

TEST(Cases, IllegalCallsAreLeftOut) {
  const auto cases = derive(call(op("rowsum"), {tensor(DType::kFloat32, {8, 16})}));
  ASSERT_FALSE(cases.empty());
  for (const VerifyCase& one : cases) {
    EXPECT_TRUE(is_legal(one.spec)) << one.spec.expression();
    EXPECT_TRUE(is_float(one.spec.arguments[0].tensors[0].dtype));
    EXPECT_FALSE(one.spec.in_place);
  }
}

TEST(Cases, FullTierProvesAtLeastTwentyShapesPerType) {
  CaseOptions options;
  options.tier = CaseTier::kFull;
  std::map<DType, std::set<std::vector<int64_t>>> shapes;
  for (const VerifyCase& one : derive(example_of_twice(), {}, options)) {
    const TensorSpec& spec = one.spec.arguments[0].tensors[0];
    shapes[spec.dtype].insert(spec.shape);
  }
  for (const auto& [dtype, set] : shapes) EXPECT_GE(set.size(), 20u) << info(dtype).name;
}

TEST(Cases, ConstraintsAreReachedToTheEndsOfTheirRanges) {
  std::vector<Constraint> constraints(4);
  constraints[0].kind = Constraint::Kind::kDType;
  constraints[0].dtypes = {DType::kBFloat16};
  constraints[1].kind = Constraint::Kind::kDim;
  constraints[1].dim = -1;
  constraints[1].low = 3072;
  constraints[1].high = 8192;
  constraints[2].kind = Constraint::Kind::kDivisible;
  constraints[2].dim = -1;
  constraints[2].low = 64;
  constraints[3].kind = Constraint::Kind::kRows;
  constraints[3].low = 1;
  constraints[3].high = 16;
  std::set<int64_t> widths, rows;
  for (const VerifyCase& one : derive(example_of_twice(), constraints)) {
    const BoundValues values(one.spec);
    Call bound;
    bound.bind(op("twice"), values.values(), {});
    if (!std::all_of(constraints.begin(), constraints.end(),
                     [&](const Constraint& constraint) { return constraint.holds(bound); })) {
      continue;
    }
    const std::vector<int64_t>& shape = one.spec.arguments[0].tensors[0].shape;
    widths.insert(shape.back());
    rows.insert(shape.size() < 2 ? 1 : shape[0]);
  }
  EXPECT_TRUE(widths.count(3072) == 1 && widths.count(8192) == 1);
  EXPECT_GE(widths.size(), 3u);
  EXPECT_TRUE(rows.count(1) == 1 && rows.count(16) == 1);
}

TEST(Cases, TypesCanBeChosen) {
  CaseOptions options;
  options.dtypes = {DType::kFloat16};
  const auto cases = derive(example_of_twice(), {}, options);
  EXPECT_FALSE(cases.empty());
  for (const VerifyCase& one : cases) {
    EXPECT_EQ(one.spec.arguments[0].tensors[0].dtype, DType::kFloat16);
  }
}

TEST(Cases, ExpressionsSayWhatIsCalled) {
  CallSpec spec = call(op("twice"), {tensor(DType::kBFloat16, {2, 3}, {1, 2})});
  EXPECT_EQ(spec.expression(), "twice(bf16[2,3]:[1,2])");
  ArgumentSpec flag;
  flag.tag = FGX_TAG_BOOL;
  flag.integer = 1;
  ArgumentSpec mode;
  mode.tag = FGX_TAG_STRING;
  mode.text = "b";
  spec.arguments.push_back(flag);
  spec.arguments.push_back(mode);
  spec.in_place = true;
  EXPECT_EQ(spec.expression(), "twice_(bf16[2,3]:[1,2], flag=True, mode='b')");
  EXPECT_EQ(expressions({{spec, 0}}).size(), 1u);
}

}  // namespace
}  // namespace fgx
