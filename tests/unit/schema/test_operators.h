// SPDX-License-Identifier: Apache-2.0
// A small catalogue of made-up operators, and short ways to pass arguments, for the tests here.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "flaggems_exp.h"
#include "schema/call.h"
#include "schema/catalogue.h"
#include "schema/type_rules.h"

namespace fgx::testing {

inline RunFn prepare_nothing(const Call&, KernelState&) {
  return [](const KernelState&, const RunArgs&) {};
}

inline void oracle_of_nothing(const Call&, const std::vector<OracleTensor>&,
                              std::vector<OracleTensor>&) {}

inline OperatorDef operator_of(std::string schema, InferFn infer) {
  OperatorDef op;
  op.schema_text = std::move(schema);
  op.infer = infer;
  op.oracle = oracle_of_nothing;
  return op;
}

// A tensor with its own memory for shape and strides; data is made up unless given.
class TestTensor {
 public:
  TestTensor(DType dtype, std::vector<int64_t> shape, std::vector<int64_t> strides = {})
      : shape_(std::move(shape)), strides_(std::move(strides)), memory_(1 << 16) {
    tensor_.data = memory_.data();
    tensor_.device = {FGX_DEVICE_CPU, 0};
    tensor_.dtype = info(dtype).code;
    tensor_.ndim = static_cast<int32_t>(shape_.size());
    tensor_.shape = shape_.data();
    tensor_.strides = strides_.empty() ? nullptr : strides_.data();
  }
  TestTensor(const TestTensor&) = delete;
  TestTensor& operator=(const TestTensor&) = delete;

  fgx_tensor* get() { return &tensor_; }
  fgx_tensor* operator->() { return &tensor_; }

 private:
  std::vector<int64_t> shape_;
  std::vector<int64_t> strides_;
  std::vector<double> memory_;
  fgx_tensor tensor_{};
};

inline fgx_value none() { return {}; }
inline fgx_value value_of(TestTensor& tensor) {
  fgx_value value{};
  value.tag = FGX_TAG_TENSOR;
  value.as.tensor = tensor.get();
  return value;
}
inline fgx_value value_of(bool flag) {
  fgx_value value{};
  value.tag = FGX_TAG_BOOL;
  value.as.boolean = flag ? 1 : 0;
  return value;
}
inline fgx_value value_of(int64_t integer) {
  fgx_value value{};
  value.tag = FGX_TAG_INT;
  value.as.integer = integer;
  return value;
}
inline fgx_value value_of(int integer) { return value_of(static_cast<int64_t>(integer)); }
inline fgx_value value_of(double real) {
  fgx_value value{};
  value.tag = FGX_TAG_FLOAT;
  value.as.real = real;
  return value;
}
// The text must outlive the value.
inline fgx_value value_of(const char* text) {
  fgx_value value{};
  value.tag = FGX_TAG_STRING;
  value.size = static_cast<uint32_t>(std::char_traits<char>::length(text));
  value.as.string = text;
  return value;
}
inline fgx_value value_of(const std::vector<int64_t>& list) {
  fgx_value value{};
  value.tag = FGX_TAG_INT_LIST;
  value.size = static_cast<uint32_t>(list.size());
  value.as.ints = list.data();
  return value;
}

}  // namespace fgx::testing
