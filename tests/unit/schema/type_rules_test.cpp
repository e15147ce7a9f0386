// SPDX-License-Identifier: Apache-2.0
// Building blocks of type rules, and the rules of all built-in operators under random arguments.
#include "schema/type_rules.h"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <random>
#include <string>

#include "base/error.h"
#include "test_operators.h"

namespace fgx::testing {
namespace {

class TypeRulesTest : public ::testing::Test {
 protected:
  TypeRulesTest() {
    OperatorDef op = operator_of(
        "aten::f(Tensor self, Tensor? other, Scalar? low=None, int[1]? dim=None, bool "
        "keepdim=False)"
        " -> Tensor",
        infer_like_self);
    catalogue_.add(std::move(op));
  }
  const Call& bind(std::vector<fgx_value> args) {
    args_ = std::move(args);
    call_.bind(*catalogue_.find("f"), args_, {});
    return call_;
  }
  int blamed(const std::function<void()>& action) {
    try {
      action();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), FGX_INVALID_ARGUMENT);
      return error.argument();
    }
    return -2;
  }

  Catalogue catalogue_;
  Call call_;
  std::vector<fgx_value> args_;
};

TEST_F(TypeRulesTest, PromotesTensorsAndScalars) {
  TestTensor halves(DType::kFloat16, {2, 3}), integers(DType::kInt32, {3});
  const Call& call = bind({value_of(integers), value_of(halves), value_of(2.5)});
  EXPECT_EQ(promote(call), DType::kFloat16);
  EXPECT_EQ(promote(call, {0}), DType::kInt32);
  EXPECT_EQ(promote(call, {0, 2}), DType::kFloat32);
  EXPECT_EQ(promote(call, {0, 1, 2}), DType::kFloat16);
  EXPECT_EQ(broadcast(call), (Dims{2, 3}));
  EXPECT_EQ(broadcast(call, {0}), (Dims{3}));
  std::vector<OutputSpec> outputs;
  infer_promoted(call, outputs);
  infer_promoted_float(call, outputs);
  infer_predicate(call, outputs);
  infer_like_self(call, outputs);
  EXPECT_EQ(outputs[0].dtype, DType::kFloat16);
  EXPECT_EQ(outputs[1].dtype, DType::kFloat16);
  EXPECT_EQ(outputs[2].dtype, DType::kBool);
  EXPECT_EQ(outputs[3].shape, (Dims{3}));
}

TEST_F(TypeRulesTest, BlamesTheArgument) {
  TestTensor a(DType::kFloat16, {2, 3}), b(DType::kInt32, {4});
  const Call& call = bind({value_of(a), value_of(b)});
  EXPECT_EQ(blamed([&] { broadcast(call); }), 1);
  EXPECT_EQ(blamed([&] { require_dtype(call, 1, kFloatTypes); }), 1);
  EXPECT_EQ(blamed([&] { require_rank(call, 0, 1, 1); }), 0);
  EXPECT_EQ(blamed([&] { require_rank(call, 0, 3); }), 0);
  EXPECT_EQ(blamed([&] { require_rank(call, 0, 2, 2); }), -2);
  EXPECT_EQ(blamed([&] { require_dtype(call, 0, kHalfTypes); }), -2);
}

TEST_F(TypeRulesTest, ReducesDimensions) {
  TestTensor a(DType::kFloat32, {2, 3, 4});
  const auto reduced = [&](std::vector<int64_t> dims) {
    return reduced_dims(bind({value_of(a), none(), none(), value_of(dims)}), 3, 3);
  };
  EXPECT_EQ(reduced({}), 7u);
  EXPECT_EQ(reduced({0, -1}), 5u);
  EXPECT_EQ(reduced_dims(bind({value_of(a), none()}), 3, 3), 7u);
  EXPECT_EQ(reduced_dims(bind({value_of(a), none(), none(), value_of(1)}), 3, 3), 2u);
  EXPECT_EQ(blamed([&] { reduced({0, -3}); }), 3);
  EXPECT_EQ(blamed([&] { reduced({3}); }), 3);
  EXPECT_EQ(blamed([&] { reduced({INT64_MIN}); }), 3);
  EXPECT_EQ(reduced_dims(bind({value_of(a), none(), none(), value_of(0)}), 3, 0), 0u);
  EXPECT_EQ(reduced_shape(Dims{2, 3, 4}, 5, false), (Dims{3}));
  EXPECT_EQ(reduced_shape(Dims{2, 3, 4}, 5, true), (Dims{1, 3, 1}));
}

// Random values for any schema argument: mostly plausible, sometimes absurd. Nothing has data.
class RandomArguments {
 public:
  explicit RandomArguments(uint32_t seed) : random_(seed) {}

  std::vector<fgx_value> of(const OperatorDef& op) {
    tensors_.clear();
    ints_.clear();
    lists_.clear();
    // One shape that the tensors of a call vary on, so that many calls are legal.
    common_.clear();
    for (int64_t i = pick(0, 4); i > 0; --i) common_.push_back(size());
    std::vector<fgx_value> values;
    for (size_t i = 0; i < op.schema.arguments.size(); ++i) {
      values.push_back(value(op, static_cast<int>(i)));
    }
    return values;
  }

 private:
  struct Tensor {
    std::vector<int64_t> shape, strides;
    fgx_tensor tensor{};
  };

  int64_t pick(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random_);
  }
  bool rarely() { return pick(0, 15) == 0; }
  int64_t size() {
    constexpr int64_t kOdd[] = {0, int64_t{1} << 31, int64_t{1} << 32, int64_t{1} << 62, INT64_MAX};
    return rarely() ? kOdd[pick(0, 4)] : pick(1, 4);
  }
  int64_t integer() {
    constexpr int64_t kOdd[] = {INT64_MIN, INT64_MAX, -100, 1 << 30};
    return rarely() ? kOdd[pick(0, 3)] : pick(-4, 4);
  }

  const fgx_tensor* tensor() {
    Tensor& made = tensors_.emplace_back();
    made.shape = common_;
    if (pick(0, 2) == 0) {
      made.shape.clear();
      for (int64_t i = pick(0, rarely() ? 16 : 4); i > 0; --i) made.shape.push_back(size());
    } else if (!made.shape.empty() && rarely()) {
      made.shape[static_cast<size_t>(pick(0, static_cast<int64_t>(made.shape.size()) - 1))] =
          size();
    }
    for (size_t i = 0; i < made.shape.size(); ++i) made.strides.push_back(pick(0, 9));
    made.tensor.device = {FGX_DEVICE_CPU, 0};
    made.tensor.dtype = kDTypeInfo[rarely() ? pick(0, 9) : pick(5, 8)].code;
    made.tensor.ndim = static_cast<int32_t>(made.shape.size());
    made.tensor.shape = made.shape.data();
    made.tensor.strides = pick(0, 1) == 0 ? nullptr : made.strides.data();
    return &made.tensor;
  }

  fgx_value value(const OperatorDef& op, int index) {
    const SchemaArgument& argument = op.schema.arguments[static_cast<size_t>(index)];
    fgx_value value{};
    if (rarely() || (argument.optional && pick(0, 1) == 0)) return value;
    if (argument.is_list && argument.type == ArgumentType::kTensor) {
      std::vector<const fgx_tensor*>& list = lists_.emplace_back();
      for (int64_t i = pick(0, 3); i > 0; --i) list.push_back(tensor());
      value.tag = FGX_TAG_TENSOR_LIST;
      value.size = static_cast<uint32_t>(list.size());
      value.as.tensors = list.data();
    } else if (argument.is_list) {
      std::vector<int64_t>& list = ints_.emplace_back();
      for (int64_t i = pick(0, 4); i > 0; --i) list.push_back(integer());
      value.tag = FGX_TAG_INT_LIST;
      value.size = static_cast<uint32_t>(list.size());
      value.as.ints = list.data();
    } else if (argument.type == ArgumentType::kTensor && pick(0, 9) != 0) {
      value.tag = FGX_TAG_TENSOR;
      value.as.tensor = tensor();
    } else if (argument.type == ArgumentType::kBool) {
      value = value_of(pick(0, 1) == 0);
    } else if (argument.type == ArgumentType::kFloat) {
      value = value_of(static_cast<double>(integer()) / 2);
    } else if (argument.type == ArgumentType::kDType) {
      value.tag = FGX_TAG_DTYPE;
      value.as.dtype = kDTypeInfo[pick(0, 9)].code;
    } else if (argument.type == ArgumentType::kString) {
      const auto& choices = op.choices[static_cast<size_t>(op.choice_list[index])].second;
      value = value_of(
          choices[static_cast<size_t>(pick(0, static_cast<int64_t>(choices.size()) - 1))].c_str());
    } else {
      value = value_of(integer());
    }
    return value;
  }

  std::mt19937 random_;
  std::vector<int64_t> common_;
  std::deque<Tensor> tensors_;
  std::deque<std::vector<int64_t>> ints_;
  std::deque<std::vector<const fgx_tensor*>> lists_;
};

// Whatever the arguments, a rule answers or refuses as InvalidArgument or Unsupported; the shapes it
// gives are countable. (Sanitizer builds see every overflow on the way.)
TEST(BuiltinTypeRulesTest, AnswerOrRefuseAnything) {
  for (const auto& op : Catalogue::builtin().operators()) {
    RandomArguments random(20260101);
    Call call;
    int answered = 0;
    for (int round = 0; round < 4000; ++round) {
      const std::vector<fgx_value> args = random.of(*op);
      try {
        call.bind(*op, args, {});
        call.infer();
        ++answered;
      } catch (const Error& error) {
        EXPECT_TRUE(error.code() == FGX_INVALID_ARGUMENT || error.code() == FGX_UNSUPPORTED)
            << op->schema.name << ": " << error.message();
        EXPECT_EQ(error.op(), op->schema.qualified_name());
        EXPECT_FALSE(error.message().empty());
      }
    }
    RecordProperty(op->schema.name, answered);
  }
}

}  // namespace
}  // namespace fgx::testing
