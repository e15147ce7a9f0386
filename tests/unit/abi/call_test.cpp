// SPDX-License-Identifier: Apache-2.0
// Call expressions and allocated tensors through the C functions.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "flaggems_exp.h"

namespace {

class CallAbiTest : public ::testing::Test {
 protected:
  CallAbiTest() {
    fgx_context_options options{};
    options.struct_size = sizeof options;
    options.flags = FGX_CONTEXT_IGNORE_ENVIRONMENT;
    EXPECT_EQ(fgx_context_create(&options, &context_), FGX_OK);
  }
  ~CallAbiTest() override { fgx_context_destroy(context_); }

  fgx_status parse(const char* text, uint32_t flags, fgx_call** out) {
    return fgx_call_parse(context_, text, flags, 1, out);
  }

  fgx_context* context_ = nullptr;
};

TEST_F(CallAbiTest, ParsesShapesOnly) {
  fgx_call* call = nullptr;
  ASSERT_EQ(parse("gelu(f16[4,8]:[1,4], approximate='tanh')", 0, &call), FGX_OK)
      << fgx_error_message(fgx_last_error());
  EXPECT_STREQ(fgx_op_name(fgx_call_op(call)), "aten::gelu");
  int32_t count = 0;
  const fgx_value* args = fgx_call_args(call, &count);
  ASSERT_EQ(count, 2);
  EXPECT_EQ(args[0].as.tensor->data, nullptr);
  EXPECT_EQ(args[0].as.tensor->strides[1], 4);
  EXPECT_EQ(std::string(args[1].as.string, args[1].size), "tanh");
  fgx_tensor* const* outs = fgx_call_outs(call, &count);
  ASSERT_EQ(count, 1);
  EXPECT_EQ(outs[0]->shape[1], 8);
  EXPECT_EQ(outs[0]->data, nullptr);
  fgx_call_destroy(call);
}

TEST_F(CallAbiTest, AllocatesWhatCanBeCalled) {
  fgx_call* call = nullptr;
  ASSERT_EQ(parse("add(f32[3,5], f32[5], alpha=0)", FGX_CALL_ALLOCATE, &call), FGX_OK)
      << fgx_error_message(fgx_last_error());
  int32_t nargs = 0, nouts = 0;
  const fgx_value* args = fgx_call_args(call, &nargs);
  fgx_tensor* const* outs = fgx_call_outs(call, &nouts);
  ASSERT_EQ(fgx_op_call(fgx_call_op(call), args, nargs, outs, nouts, nullptr), FGX_OK)
      << fgx_error_message(fgx_last_error());
  EXPECT_EQ(std::memcmp(outs[0]->data, args[0].as.tensor->data, 15 * sizeof(float)), 0);
  fgx_call_destroy(call);
}

TEST_F(CallAbiTest, ReportsWhatIsWrong) {
  fgx_call* call = reinterpret_cast<fgx_call*>(this);
  EXPECT_EQ(parse("gelu(f32[2,3)", 0, &call), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(call, nullptr);
  EXPECT_NE(std::string(fgx_error_message(fgx_last_error())).find("column 13"), std::string::npos);
  EXPECT_EQ(parse("gelu(f32[2], approximate='x')", 0, &call), FGX_INVALID_ARGUMENT);
  EXPECT_STREQ(fgx_error_operator(fgx_last_error()), "aten::gelu");
  EXPECT_EQ(fgx_error_argument(fgx_last_error()), 1);
  EXPECT_EQ(parse("gleu(f32[2])", 0, &call), FGX_METADATA_NOT_FOUND);
  EXPECT_NE(std::string(fgx_error_message(fgx_last_error())).find("gelu"), std::string::npos);
  EXPECT_EQ(parse("gelu(f32[2])", 64, &call), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(parse(nullptr, 0, &call), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(fgx_call_parse(nullptr, "gelu(f32[2])", 0, 0, &call), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(parse("gelu(f32[2])", 0, nullptr), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(parse("gelu(f32[1000000,1000000,1000])", FGX_CALL_ALLOCATE, &call), FGX_OUT_OF_MEMORY);
  int32_t count = 7;
  EXPECT_EQ(fgx_call_args(nullptr, &count), nullptr);
  EXPECT_EQ(count, 0);
  EXPECT_EQ(fgx_call_outs(nullptr, nullptr), nullptr);
  EXPECT_EQ(fgx_call_op(nullptr), nullptr);
  fgx_call_destroy(nullptr);
}

fgx_tensor_desc desc_of(uint8_t code, uint8_t bits, std::initializer_list<int64_t> shape) {
  fgx_tensor_desc desc{};
  desc.struct_size = sizeof desc;
  desc.device = {FGX_DEVICE_CPU, 0};
  desc.dtype = {code, bits, 1};
  for (int64_t size : shape) desc.shape[desc.ndim++] = size;
  return desc;
}

TEST(TensorAllocateTest, GivesAlignedTensors) {
  fgx_tensor_desc desc = desc_of(FGX_DTYPE_BFLOAT, 16, {3, 5});
  fgx_managed_tensor* tensor = nullptr;
  ASSERT_EQ(fgx_tensor_allocate(&desc, &tensor), FGX_OK);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor->tensor.data) % 64, 0u);
  EXPECT_EQ(tensor->version_major, 1u);
  EXPECT_EQ(tensor->tensor.strides[0], 5);
  std::memset(tensor->tensor.data, 0x7f, 30);
  tensor->deleter(tensor);
  desc.strides[0] = 1;
  desc.strides[1] = 4;
  ASSERT_EQ(fgx_tensor_allocate(&desc, &tensor), FGX_OK);
  EXPECT_EQ(tensor->tensor.strides[1], 4);
  std::memset(tensor->tensor.data, 0x7f, (4 * 4 + 2 + 1) * 2);
  tensor->deleter(tensor);
  desc = desc_of(FGX_DTYPE_FLOAT, 64, {0, 4});
  ASSERT_EQ(fgx_tensor_allocate(&desc, &tensor), FGX_OK);
  tensor->deleter(tensor);
}

TEST(TensorAllocateTest, RefusesWhatCannotBe) {
  fgx_managed_tensor* tensor = nullptr;
  const auto status_of = [&](fgx_tensor_desc desc) {
    const fgx_status status = fgx_tensor_allocate(&desc, &tensor);
    EXPECT_EQ(tensor, nullptr);
    return status;
  };
  const int64_t big = int64_t{1} << 32;
  EXPECT_EQ(status_of(desc_of(FGX_DTYPE_FLOAT, 32, {big, big})), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(status_of(desc_of(FGX_DTYPE_FLOAT, 32, {-1})), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(status_of(desc_of(FGX_DTYPE_FLOAT, 32, {int64_t{1} << 60})), FGX_OUT_OF_MEMORY);
  EXPECT_EQ(status_of(desc_of(FGX_DTYPE_COMPLEX, 64, {1})), FGX_UNSUPPORTED);
  fgx_tensor_desc desc = desc_of(FGX_DTYPE_FLOAT, 32, {2, 2});
  desc.device.type = FGX_DEVICE_CUDA;
  EXPECT_EQ(status_of(desc), FGX_UNSUPPORTED);
  desc = desc_of(FGX_DTYPE_FLOAT, 32, {2, 2});
  desc.ndim = 17;
  EXPECT_EQ(status_of(desc), FGX_INVALID_ARGUMENT);
  desc.ndim = 2;
  desc.strides[0] = -1;
  EXPECT_EQ(status_of(desc), FGX_INVALID_ARGUMENT);
  desc.struct_size = 0;
  EXPECT_EQ(status_of(desc), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(fgx_tensor_allocate(nullptr, &tensor), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(fgx_tensor_allocate(&desc, nullptr), FGX_INVALID_ARGUMENT);
}

}  // namespace
