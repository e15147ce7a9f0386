// SPDX-License-Identifier: Apache-2.0
// No tolerance is so wide that it means nothing: for every shipped operator, small systematic errors on
// top of the oracle's own answer must be noticed.
#include <gtest/gtest.h>

#include <cmath>

#include "dispatch/context.h"
#include "schema/catalogue.h"
#include "verify/accuracy.h"
#include "verify/cases.h"
#include "verify/elements.h"
#include "verify/honesty.h"
#include "verify/oracle_run.h"
#include "verify/requests.h"

namespace fgx {
namespace {

struct Judged {
  int cases = 0;
  int noticed = 0;
};

// Scales every expected value by 1 + `error` and counts the cases in which that is noticed. Only
// normally distributed float inputs: elsewhere results may be all zero or not finite.
Judged judge_scaled(Context& context, const OperatorDef& op, DType dtype, double error) {
  CaseOptions options;
  options.dtypes = {dtype};
  Judged judged;
  for (const VerifyCase& one : derive_cases(example_calls(context, op), {}, options)) {
    if (distribution_of(one.seed) != Distribution::kNormal || one.spec.in_place) continue;
    BoundValues values(one.spec);
    std::vector<GuardedTensor> inputs;
    inputs.reserve(values.tensor_count());
    for (size_t i = 0; i < values.tensor_count(); ++i) {
      const fgx_tensor& tensor = values.tensor(i);
      inputs.emplace_back(*from_code(tensor.dtype),
                          std::vector<int64_t>(tensor.shape, tensor.shape + tensor.ndim),
                          std::vector<int64_t>(tensor.strides, tensor.strides + tensor.ndim), 0, 0);
      fill_input(op, values.argument_of(i), values.place_of(i), inputs[i].view(),
                 values.first_shapes(), one.seed);
      values.set_data(i, inputs[i].data());
    }
    Call call;
    call.bind(op, values.values(), {});
    const auto oracle = oracle_inputs(call);
    const OracleTensor expected = run_oracle(call, oracle)[0];
    if (!is_float(expected.dtype) || largest_magnitude(expected) == 0) continue;
    ++judged.cases;
    GuardedTensor actual(expected.dtype, expected.shape, contiguous_strides(expected.shape), 0, 0);
    for_each_element(actual.view(), [&](void* element, int64_t i) {
      store_real(element, expected.dtype, expected.reals[static_cast<size_t>(i)] * (1 + error));
    });
    judged.noticed +=
        compare(actual.view(), expected, error_model(call, oracle, expected)).passed() ? 0 : 1;
  }
  return judged;
}

class Sensitivity : public ::testing::TestWithParam<std::string> {};

TEST_P(Sensitivity, NoticesSmallErrors) {
  Context::Options options;
  options.read_environment = false;
  const std::shared_ptr<Context> context = Context::create(Catalogue::builtin(), options);
  const OperatorDef& op = *Catalogue::builtin().find(GetParam());
  const struct {
    DType dtype;
    double error;
  } trials[] = {{DType::kFloat32, 1e-3}, {DType::kFloat16, 0.02}, {DType::kBFloat16, 0.05}};
  for (const auto& trial : trials) {
    const Judged judged = judge_scaled(*context, op, trial.dtype, trial.error);
    EXPECT_EQ(judged.noticed, judged.cases)
        << info(trial.dtype).name << " results off by " << trial.error << " pass";
    const Judged right = judge_scaled(*context, op, trial.dtype, 0);
    EXPECT_EQ(right.noticed, 0) << info(trial.dtype).name << ": rounded oracle results fail";
  }
}

std::vector<std::string> operators() {
  std::vector<std::string> names;
  for (const auto& op : Catalogue::builtin().operators()) {
    names.push_back(op->schema.qualified_name());
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(Operators, Sensitivity, ::testing::ValuesIn(operators()),
                         [](const ::testing::TestParamInfo<std::string>& tested) {
                           return Catalogue::builtin().find(tested.param)->schema.name;
                         });

}  // namespace
}  // namespace fgx
