// SPDX-License-Identifier: Apache-2.0
// Call expressions: the grammar, its errors, and the calls that are made of them.
#include "schema/call_expression.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "schema/owned_call.h"
#include "tensor/half.h"
#include "test_operators.h"

namespace fgx::testing {
namespace {

std::string error_of(const std::string& text) {
  try {
    parse_call_expression(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), FGX_INVALID_ARGUMENT);
    return error.message();
  }
  return "accepted";
}

TEST(CallExpressionTest, ParsesEveryLiteral) {
  const CallExpression call = parse_call_expression(
      "aten::f ( f32[8,128]:[1,8], [f16[2,3], None], bool[], -3, 2.5, 1e-5, inf, 'a\\'b', True,"
      " [1, 2], float32, torch.int64, dim=[0.5], x=None )");
  EXPECT_EQ(call.op, "aten::f");
  ASSERT_EQ(call.arguments.size(), 14u);
  const auto& tensor = std::get<TensorLiteral>(call.arguments[0].literal.value);
  EXPECT_EQ(tensor.shape, (Dims{8, 128}));
  EXPECT_EQ(tensor.strides, (Dims{1, 8}));
  EXPECT_EQ(std::get<TensorLiteral>(call.arguments[2].literal.value).shape.size(), 0u);
  EXPECT_EQ(std::get<int64_t>(call.arguments[3].literal.value), -3);
  EXPECT_TRUE(std::isinf(std::get<double>(call.arguments[6].literal.value)));
  EXPECT_EQ(std::get<std::string>(call.arguments[7].literal.value), "a'b");
  EXPECT_EQ(std::get<DType>(call.arguments[11].literal.value), DType::kInt64);
  EXPECT_EQ(call.arguments[12].name, "dim");
}

TEST(CallExpressionTest, PrintsWhatItParses) {
  for (const char* text :
       {"gelu(f16[4096,4096], approximate='tanh')", "sum(f32[8,128], dim=[1], keepdim=True)",
        "cat([f32[2,3], f32[4,3]], dim=0)", "copy(f32[8,128]:[1,8])", "f()", "add(1, 2.5, -inf)",
        "g(None, False, [None, u8[0]], '\\x00\\\\', float64, bf16[])"}) {
    const std::string printed = print_call_expression(parse_call_expression(text));
    EXPECT_EQ(printed, text);
    EXPECT_EQ(print_call_expression(parse_call_expression(printed)), printed);
  }
}

TEST(CallExpressionTest, NamesTheColumnOfAnError) {
  const auto says = [](const std::string& text, const char* words) {
    EXPECT_NE(error_of(text).find(words), std::string::npos) << text << ": " << error_of(text);
  };
  says("", "column 1: expected an operator name, found the end");
  says("gelu", "column 5: expected '(', found the end");
  says("gelu(", "column 6");
  says("gelu(f32[2,3)", "column 13: expected ',' or ']', found ')'");
  says("gelu(f32[-1])", "column 10: a size must not be negative");
  says("gelu(f32[1.5])", "column 10");
  says("gelu(f32[99999999999999999999])", "column 10: integer beyond 64 bits");
  says("gelu(f32[2]:[1,1])", "column 12: 2 strides for 1 dimensions");
  says("gelu(f33[2])", "unknown name 'f33'");
  says("gelu(f32[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1])", "at most 16 dimensions");
  says("gelu(x=1, 2)", "column 11: an argument by position after one by name");
  says("gelu(x=1, x=2)", "column 11: argument 'x' twice");
  says("gelu(1) x", "column 9: expected the end, found 'x'");
  says("gelu('abc)", "string without closing quote");
  says("gelu(1e999)", "beyond the range");
  says("gelu([[[[[[1]]]]]])", "nest too deeply");
  says("gelu(\x01)", "found \\x01");
  says(std::string("gelu(\0)", 7), "found \\x00");
  says(std::string(100000, '['), "the limit is 65536");
}

class OwnedCallTest : public ::testing::Test {
 protected:
  OwnedCallTest() {
    OperatorDef softmax =
        operator_of("aten::softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor",
                    infer_like_self);
    catalogue_.add(std::move(softmax));
    catalogue_.add(operator_of("aten::cat(Tensor[] tensors, int dim=0) -> Tensor",
                               [](const Call& call, std::vector<OutputSpec>& outputs) {
                                 Dims shape = call.inputs()[0].dims();
                                 shape[0] *= 2;
                                 add_output(outputs, promote(call), shape);
                               }));
    catalogue_.add(
        operator_of("aten::embedding(Tensor weight, Tensor indices, int padding_idx=-1, "
                    "bool sparse=False, Device? device=None, bool[2] mask=[True, False]) -> Tensor",
                    [](const Call& call, std::vector<OutputSpec>& outputs) {
                      Dims shape = call.tensor(1).dims();
                      shape.push_back(call.tensor(0).dim(1));
                      add_output(outputs, call.tensor(0).dtype, shape);
                    }));
  }

  std::unique_ptr<OwnedCall> make(const std::string& text, bool allocate, uint64_t seed = 1) {
    const CallExpression expression = parse_call_expression(text);
    OwnedCallOptions options;
    options.allocate = allocate;
    options.seed = seed;
    return std::make_unique<OwnedCall>(*catalogue_.find(expression.op), expression, options);
  }
  std::string refusal(const std::string& text, bool allocate = false) {
    try {
      make(text, allocate);
    } catch (const Error& error) {
      return error.message();
    }
    return "accepted";
  }

  Catalogue catalogue_;
};

TEST_F(OwnedCallTest, InfersOutputsWithoutData) {
  const auto call = make("softmax(f32[2,3]:[1,2], dim=-1)", false);
  ASSERT_EQ(call->outs().size(), 1u);
  EXPECT_EQ(call->outs()[0]->shape[1], 3);
  EXPECT_EQ(call->outs()[0]->strides[0], 3);
  EXPECT_EQ(call->outs()[0]->data, nullptr);
  EXPECT_EQ(call->args()[0].as.tensor->strides[0], 1);
}

TEST_F(OwnedCallTest, FillsTensorsBySeed) {
  const auto a = make("cat([f32[2,3], f32[2,3]])", true, 7);
  const auto b = make("cat([f32[2,3], f32[2,3]])", true, 7);
  const auto c = make("cat([f32[2,3], f32[2,3]])", true, 8);
  const auto values = [](const OwnedCall& call, int entry) {
    const auto* data = static_cast<const float*>(call.args()[0].as.tensors[entry]->data);
    return std::vector<float>(data, data + 6);
  };
  EXPECT_EQ(values(*a, 0), values(*b, 0));
  EXPECT_NE(values(*a, 0), values(*c, 0));
  EXPECT_NE(values(*a, 0), values(*a, 1));
  for (float value : values(*a, 0)) EXPECT_LE(std::fabs(value), 2.0f);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(a->outs()[0]->data) % 64, 0u);
  EXPECT_EQ(*static_cast<const float*>(a->outs()[0]->data), 0.0f);
}

TEST_F(OwnedCallTest, MakesLegalIndices) {
  const auto call = make("embedding(bf16[5,7], i64[100], sparse=True, mask=[True, True])", true);
  const auto* indices = static_cast<const int64_t*>(call->args()[1].as.tensor->data);
  int64_t largest = 0;
  for (int i = 0; i < 100; ++i) {
    EXPECT_GE(indices[i], 0);
    largest = std::max(largest, indices[i]);
  }
  EXPECT_EQ(largest, 4);
  EXPECT_EQ(call->args()[2].as.integer, -1);
  EXPECT_EQ(call->outs()[0]->shape[1], 7);
  EXPECT_EQ(call->args()[4].tag, FGX_TAG_NONE);
}

TEST_F(OwnedCallTest, LetsTheCallerFill) {
  const CallExpression expression = parse_call_expression("cat([f32[2], f32[2]])");
  OwnedCallOptions options;
  options.allocate = true;
  int calls = 0;
  options.seed = 7;
  options.fill = [&](const Call& bound, int argument, int place, const TensorView& view,
                     uint64_t seed) {
    EXPECT_EQ(bound.op().schema.name, "cat");
    EXPECT_EQ(argument, 0);
    EXPECT_EQ(place, calls);
    EXPECT_EQ(seed, 7u);
    static_cast<float*>(view.data)[1] = static_cast<float>(++calls);
  };
  const OwnedCall call(*catalogue_.find("cat"), expression, options);
  EXPECT_EQ(static_cast<const float*>(call.args()[0].as.tensors[1]->data)[1], 2.0f);
}

TEST_F(OwnedCallTest, RefusesWhatDoesNotFitTheSchema) {
  const auto says = [&](const std::string& text, const char* words, bool allocate = false) {
    const std::string message = refusal(text, allocate);
    EXPECT_NE(message.find(words), std::string::npos) << text << ": " << message;
  };
  says("softmax(f32[2], dmi=1)", "did you mean 'dim'");
  says("softmax(f32[2], 0, None, 5)", "column 26: softmax takes 3 arguments");
  says("softmax(f32[2], 0, dim=0)", "column 24: argument 'dim' twice");
  says("softmax(f32[2], dtype=None)", "argument 'dim' (int) of softmax is missing");
  says("softmax(f32[2])", "argument 'dim' (int) is missing");
  says("softmax(f32[2], 'x')", "must be int, not string");
  says("cat([f32[2], 3])", "this list holds something else");
  says("cat([None])", "entry 0 is NULL");
  says("softmax(f32[4294967296,4294967296], 0)", "64-bit");
  says("softmax(f32[1000000,1000000,1000], 0)", "more memory than the machine has", true);
  says("embedding(f32[2,2], i64[1], device='gpu')", "a device such as");
}

}  // namespace
}  // namespace fgx::testing
