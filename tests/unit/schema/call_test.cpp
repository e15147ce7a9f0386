// SPDX-License-Identifier: Apache-2.0
// Call::bind: what is accepted, what is refused, and how refusals are worded.
#include "schema/call.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "test_operators.h"

namespace fgx::testing {
namespace {

class CallTest : public ::testing::Test {
 protected:
  CallTest() {
    OperatorDef add = operator_of(
        "aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor", infer_promoted);
    add.in_place_arguments = {"self"};
    add.dynamic_attributes = {"alpha"};
    catalogue_.add(std::move(add));
    OperatorDef gelu = operator_of("aten::gelu(Tensor self, *, str approximate='none') -> Tensor",
                                   infer_like_self);
    gelu.choices = {{"approximate", {"none", "tanh"}}};
    gelu.in_place_arguments = {"self"};
    catalogue_.add(std::move(gelu));
    catalogue_.add(operator_of(
        "aten::sum.dim_IntList(Tensor self, int[1]? dim, bool keepdim=False, *, "
        "ScalarType? dtype=None) -> Tensor",
        [](const Call& call, std::vector<OutputSpec>& outputs) {
          const TensorView& self = call.tensor(0);
          add_output(outputs, call.arguments()[3].dtype.value_or(self.dtype),
                     reduced_shape(self.dims(), reduced_dims(call, 1, self.ndim), call.flag(2)));
        }));
    catalogue_.add(operator_of("aten::cat(Tensor[] tensors, int dim=0) -> Tensor",
                               [](const Call& call, std::vector<OutputSpec>& outputs) {
                                 add_output(outputs, promote(call), call.inputs()[0].dims());
                                 call.normalized_dim(1, call.inputs()[0].ndim);
                               }));
    catalogue_.add(operator_of(
        "fgx::many(Tensor self, Tensor? weight, float eps=1e-05, bool[2] mask=[True, False], "
        "int[2] stride=1, float[]? scales=None, Tensor?[] indices=[]) -> (Tensor, Tensor)",
        [](const Call& call, std::vector<OutputSpec>& outputs) {
          add_output(outputs, call.tensor(0).dtype, call.tensor(0).dims());
          add_output(outputs, DType::kFloat32, std::vector<int64_t>{});
          outputs[1].optional = true;
        }));
  }

  const OperatorDef& op(const char* name) { return *catalogue_.find(name); }

  void bind(const char* name, std::vector<fgx_value> args, std::vector<fgx_tensor*> outs = {}) {
    args_ = std::move(args);
    outs_ = std::move(outs);
    call_.bind(op(name), args_, outs_);
  }

  // Binds and expects a refusal that blames `argument` and says `words`.
  void refuse(fgx_status code, int argument, const char* words, const char* name,
              std::vector<fgx_value> args, std::vector<fgx_tensor*> outs = {}) {
    try {
      bind(name, std::move(args), std::move(outs));
      ADD_FAILURE() << "accepted, expected: " << words;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.message();
      EXPECT_EQ(error.argument(), argument) << error.message();
      EXPECT_NE(error.message().find(words), std::string::npos) << error.message();
      EXPECT_EQ(error.op(), op(name).schema.qualified_name());
    }
  }

  Catalogue catalogue_;
  Call call_;
  std::vector<fgx_value> args_;
  std::vector<fgx_tensor*> outs_;
};

TEST_F(CallTest, FillsDefaultsAndStrides) {
  TestTensor x(DType::kFloat32, {2, 3, 4});
  TestTensor y(DType::kFloat32, {2, 3, 4});
  bind("gelu", {value_of(x)}, {y.get()});
  EXPECT_EQ(call_.arguments()[1].choice, 0);
  EXPECT_EQ(call_.tensor(0).numel, 24);
  EXPECT_EQ(call_.tensor(0).stride(0), 12);
  EXPECT_EQ(call_.tensor(0).stride(-1), 1);
  EXPECT_TRUE(call_.outputs()[0].contiguous);
  bind("gelu", {value_of(x), value_of("tanh")}, {y.get()});
  EXPECT_EQ(call_.arguments()[1].choice, 1);
  bind("gelu", {value_of(x), none()}, {y.get()});
  EXPECT_EQ(call_.arguments()[1].choice, 0);
}

TEST_F(CallTest, ChecksTagsAsPyTorchDoes) {
  TestTensor x(DType::kFloat32, {2, 3});
  refuse(FGX_INVALID_ARGUMENT, 1, "must be int, not bool", "cat",
         {[&] {
            static const fgx_tensor* list[1];
            list[0] = x.get();
            fgx_value value{};
            value.tag = FGX_TAG_TENSOR_LIST;
            value.size = 1;
            value.as.tensors = list;
            return value;
          }(),
          value_of(true)});
  refuse(FGX_INVALID_ARGUMENT, 2, "must be bool, not int", "sum",
         {value_of(x), none(), value_of(1)});
  refuse(FGX_INVALID_ARGUMENT, 1, "must be str, not int", "gelu", {value_of(x), value_of(1)});
  refuse(FGX_INVALID_ARGUMENT, 1, "'approximate': 'erf' is not legal, legal are 'none', 'tanh'",
         "gelu", {value_of(x), value_of("erf")});
  refuse(FGX_INVALID_ARGUMENT, 1, "'a\\x1b\\n' is not legal", "gelu",
         {value_of(x), value_of("a\x1b\n")});
  const std::string endless(1000, 'y');
  refuse(FGX_INVALID_ARGUMENT, 1, ("'" + endless.substr(0, 80) + "' is not legal").c_str(), "gelu",
         {value_of(x), value_of(endless.c_str())});
  refuse(FGX_INVALID_ARGUMENT, 0, "must be Tensor, not None", "add", {none(), value_of(x)});
  refuse(FGX_INVALID_ARGUMENT, 1, "missing", "add", {value_of(x)});
  refuse(FGX_INVALID_ARGUMENT, 3, "takes 3 arguments", "add",
         {value_of(x), value_of(x), value_of(1), value_of(1)});
  fgx_value complex{};
  complex.tag = FGX_TAG_COMPLEX;
  refuse(FGX_UNSUPPORTED, 2, "complex", "add", {value_of(x), value_of(x), complex});
  fgx_value strange{};
  strange.tag = 99;
  refuse(FGX_INVALID_ARGUMENT, 2, "unknown tag", "add", {value_of(x), value_of(x), strange});
  bind("many", {value_of(x), none(), value_of(true)});
  EXPECT_EQ(call_.scalar(2).as_double(), 1.0);
}

TEST_F(CallTest, KeepsKindsOfNumbers) {
  TestTensor x(DType::kFloat32, {2});
  bind("add", {value_of(x), value_of(2)});
  EXPECT_EQ(call_.tensor(1).dtype, DType::kInt64);
  EXPECT_TRUE(call_.tensor(1).wrapped_number);
  EXPECT_EQ(*static_cast<const int64_t*>(call_.tensor(1).data), 2);
  EXPECT_EQ(call_.scalar(2).kind, Scalar::Kind::kInt);
  bind("add", {value_of(2.5), value_of(true), value_of(0.5)});
  EXPECT_EQ(*static_cast<const double*>(call_.tensor(0).data), 2.5);
  EXPECT_EQ(*static_cast<const uint8_t*>(call_.tensor(1).data), 1);
  EXPECT_EQ(call_.scalar(2).as_double(), 0.5);
  EXPECT_EQ(call_.infer()[0].dtype, DType::kFloat32);
}

TEST_F(CallTest, FillsListsAndFlattensTensorLists) {
  TestTensor x(DType::kFloat32, {2, 3});
  bind("many", {value_of(x), none()});
  EXPECT_EQ(call_.scalar(2).as_double(), 1e-05);
  EXPECT_EQ(std::vector<int64_t>(call_.ints(3).begin(), call_.ints(3).end()),
            (std::vector<int64_t>{1, 0}));
  EXPECT_EQ(std::vector<int64_t>(call_.ints(4).begin(), call_.ints(4).end()),
            (std::vector<int64_t>{1, 1}));
  EXPECT_FALSE(call_.has(1));
  EXPECT_FALSE(call_.has(5));
  const fgx_tensor* list[3] = {nullptr, x.get(), nullptr};
  fgx_value holes{};
  holes.tag = FGX_TAG_OPTIONAL_TENSOR_LIST;
  holes.size = 3;
  holes.as.tensors = list;
  const std::vector<int64_t> scales = {2, 3};
  refuse(FGX_INVALID_ARGUMENT, 3, "must be bool[2], not None", "many",
         {value_of(x), none(), value_of(1e-3), none(), value_of(7)});
  bind("many", {value_of(x), value_of(x), value_of(1e-3), value_of(true), value_of(7),
                value_of(scales), holes});
  EXPECT_EQ(call_.ints(4)[1], 7);
  EXPECT_EQ(call_.arguments()[5].reals[1], 3.0);
  EXPECT_EQ(std::vector<int64_t>(call_.ints(6).begin(), call_.ints(6).end()),
            (std::vector<int64_t>{-1, 2, -1}));
  EXPECT_EQ(call_.inputs().size(), 3u);
}

TEST_F(CallTest, RefusesBrokenTensors) {
  TestTensor x(DType::kFloat32, {2, 3});
  const auto broken = [&](auto change, fgx_status code, const char* words) {
    TestTensor t(DType::kFloat32, {2, 3}, {3, 1});
    change(*t.get());
    TestTensor out(DType::kFloat32, {2, 3});
    refuse(code, 0, words, "gelu", {value_of(t)}, {out.get()});
  };
  const auto invalid = FGX_INVALID_ARGUMENT;
  broken([](fgx_tensor& t) { t.dtype.lanes = 2; }, FGX_UNSUPPORTED, "dtype code 2 of 32 bits x 2");
  broken([](fgx_tensor& t) { t.dtype.code = FGX_DTYPE_COMPLEX; }, FGX_UNSUPPORTED, "dtype");
  broken([](fgx_tensor& t) { t.ndim = 17; }, invalid, "legal are 0 to 16");
  broken([](fgx_tensor& t) { t.ndim = -1; }, invalid, "legal are 0 to 16");
  broken([](fgx_tensor& t) { t.shape = nullptr; }, invalid, "shape is NULL");
  broken([](fgx_tensor& t) { t.shape[0] = -2; }, invalid, "negative");
  broken([](fgx_tensor& t) { t.strides[1] = -1; }, invalid, "negative");
  broken([](fgx_tensor& t) { t.shape[0] = t.shape[1] = int64_t{1} << 32; }, invalid, "overflow");
  broken([](fgx_tensor& t) { t.strides[0] = INT64_MAX; }, invalid, "overflow");
  broken([](fgx_tensor& t) { t.byte_offset = UINT64_MAX; }, invalid, "overflow");
  broken([](fgx_tensor& t) { t.data = nullptr; }, invalid, "data is NULL");
  broken([](fgx_tensor& t) { t.byte_offset = 2; }, invalid, "misaligned");
  broken([](fgx_tensor& t) { t.device.type = 77; }, invalid, "unknown device type 77");
  broken([](fgx_tensor& t) { t.device = {FGX_DEVICE_CUDA, -1}; }, invalid, "negative");
  fgx_value null_tensor{};
  null_tensor.tag = FGX_TAG_TENSOR;
  refuse(invalid, 0, "NULL", "gelu", {null_tensor});
}

TEST_F(CallTest, ReadsNoDataForInference) {
  TestTensor x(DType::kFloat32, {2, 3});
  x->data = nullptr;
  bind("gelu", {value_of(x)});
  EXPECT_EQ(call_.infer()[0].shape, (Dims{2, 3}));
  TestTensor empty(DType::kFloat32, {0, 3});
  empty->data = nullptr;
  TestTensor out(DType::kFloat32, {0, 3});
  out->data = nullptr;
  bind("gelu", {value_of(empty)}, {out.get()});
  EXPECT_EQ(call_.tensor(0).numel, 0);
}

TEST_F(CallTest, RefusesMixedDevices) {
  TestTensor x(DType::kFloat32, {2, 3});
  TestTensor y(DType::kFloat32, {2, 3});
  y->device = {FGX_DEVICE_CUDA, 1};
  refuse(FGX_INVALID_ARGUMENT, 1, "cuda:1", "add", {value_of(x), value_of(y)});
  TestTensor scalar(DType::kFloat32, {});
  bind("add", {value_of(y), value_of(scalar)});
  EXPECT_EQ(call_.device().type, FGX_DEVICE_CUDA);
  TestTensor pinned(DType::kFloat32, {2, 3});
  pinned->device = {FGX_DEVICE_CUDA_HOST, 0};
  bind("add", {value_of(x), value_of(pinned)});
  EXPECT_EQ(call_.device().type, FGX_DEVICE_CPU);
}

TEST_F(CallTest, ChecksOutputsAgainstTheRule) {
  TestTensor x(DType::kFloat32, {2, 3});
  TestTensor wrong_type(DType::kFloat64, {2, 3});
  TestTensor wrong_shape(DType::kFloat32, {3, 2});
  TestTensor folded(DType::kFloat32, {2, 3}, {0, 1});
  TestTensor good(DType::kFloat32, {2, 3}, {1, 2});
  const auto invalid = FGX_INVALID_ARGUMENT;
  refuse(invalid, 2, "dtype float64, the result is float32", "gelu", {value_of(x)},
         {wrong_type.get()});
  refuse(invalid, 2, "shape [3,2], the result is [2,3]", "gelu", {value_of(x)},
         {wrong_shape.get()});
  refuse(invalid, 2, "overlaps itself", "gelu", {value_of(x)}, {folded.get()});
  refuse(invalid, 2, "NULL", "gelu", {value_of(x)}, {nullptr});
  refuse(invalid, 3, "gives 1 outputs", "gelu", {value_of(x)}, {good.get(), good.get()});
  bind("gelu", {value_of(x)}, {good.get()});
  EXPECT_FALSE(call_.outputs()[0].contiguous);
  bind("many", {value_of(x), none()}, {good.get(), nullptr});
  EXPECT_FALSE(call_.outputs()[1].present);
  bind("many", {value_of(x), none()}, {good.get()});
  EXPECT_EQ(call_.outputs().size(), 2u);
}

TEST_F(CallTest, AllowsOnlyExactAliasesOfInPlaceArguments) {
  TestTensor x(DType::kFloat32, {2, 3});
  TestTensor y(DType::kFloat32, {2, 3});
  bind("add", {value_of(x), value_of(y)}, {x.get()});
  refuse(FGX_INVALID_ARGUMENT, 3, "may not be computed in place of argument 'other'", "add",
         {value_of(x), value_of(y)}, {y.get()});
  TestTensor shifted(DType::kFloat32, {2, 3});
  shifted->data = x->data;
  shifted->byte_offset = 4;
  refuse(FGX_INVALID_ARGUMENT, 3, "partially overlaps argument 'self'", "add",
         {value_of(x), value_of(y)}, {shifted.get()});
  TestTensor row(DType::kFloat32, {3});
  row->data = x->data;
  refuse(FGX_INVALID_ARGUMENT, 3, "partially overlaps argument 'other'", "add",
         {value_of(y), value_of(row)}, {x.get()});
}

TEST_F(CallTest, NormalizesDimensions) {
  TestTensor x(DType::kFloat32, {2, 3});
  const std::vector<int64_t> last = {-1};
  bind("sum", {value_of(x), value_of(last)});
  EXPECT_EQ(call_.infer()[0].shape, (Dims{2}));
  bind("sum", {value_of(x), value_of(0), value_of(true)});
  EXPECT_EQ(call_.infer()[0].shape, (Dims{1, 3}));
  bind("sum", {value_of(x), none()});
  EXPECT_EQ(call_.infer()[0].shape, Dims{});
  bind("sum", {value_of(x), value_of(2)});
  EXPECT_THROW(call_.infer(), Error);
  TestTensor scalar(DType::kFloat32, {});
  bind("sum", {value_of(scalar), value_of(-1)});
  EXPECT_EQ(call_.infer()[0].shape, Dims{});
}

}  // namespace
}  // namespace fgx::testing
