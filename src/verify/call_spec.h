// SPDX-License-Identifier: Apache-2.0
// A call as data: which operator, tensors of which dtype, shape and strides, which attributes. It can
// be changed, printed as a call expression, and turned into arguments.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "schema/operator.h"
#include "tensor/device.h"

namespace fgx {

struct TensorSpec {
  DType dtype = DType::kFloat32;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;  // empty: contiguous
};

// One argument; `tag` (FGX_TAG_*) says which members count.
struct ArgumentSpec {
  int32_t tag = FGX_TAG_NONE;
  int64_t integer = 0;  // bool, int, layout, memory format
  double real = 0.0;
  std::string text;
  std::vector<int64_t> ints;
  std::vector<double> reals;
  std::vector<uint8_t> booleans;
  std::vector<TensorSpec> tensors;  // one, or a list
  std::vector<uint8_t> absent;      // per entry of an optional tensor list
  DType dtype = DType::kFloat32;

  bool is_tensor() const {
    return tag == FGX_TAG_TENSOR || tag == FGX_TAG_TENSOR_LIST ||
           tag == FGX_TAG_OPTIONAL_TENSOR_LIST;
  }
};

struct CallSpec {
  const OperatorDef* op = nullptr;
  std::vector<ArgumentSpec> arguments;
  bool in_place = false;  // output 0 is the first of the operator's in-place arguments
  fgx_device device{FGX_DEVICE_CPU, 0};

  // E.g. "gelu(f16[4096,4096], approximate='tanh')"; "gelu_(...)" when in place.
  std::string expression() const;
};

// Copies arguments (tensors: dtype, shape and strides; never data) into a spec.
CallSpec spec_from_values(const OperatorDef& op, std::span<const fgx_value> values, bool in_place);

// Strides of a contiguous tensor; the number of elements that a strided tensor spans.
std::vector<int64_t> contiguous_strides(const std::vector<int64_t>& shape);
int64_t span_of(const std::vector<int64_t>& shape, const std::vector<int64_t>& strides);
int64_t product(std::span<const int64_t> values);

// The fgx_values of a spec with addresses that the caller sets; fixed in memory.
class BoundValues {
 public:
  explicit BoundValues(const CallSpec& spec);
  BoundValues(const BoundValues&) = delete;
  BoundValues& operator=(const BoundValues&) = delete;

  std::span<const fgx_value> values() const { return values_; }
  // Tensors in Call::inputs() order, without wrapped numbers. Their data points at a byte that must
  // not be read until set_data is called.
  size_t tensor_count() const { return tensors_.size(); }
  const fgx_tensor& tensor(size_t i) const { return tensors_[i]; }
  void set_data(size_t i, void* data, fgx_device device = {FGX_DEVICE_CPU, 0}) {
    tensors_[i].data = data;
    tensors_[i].device = device;
  }
  // Schema argument of tensor i, and its place in that argument's list.
  int argument_of(size_t i) const { return places_[i].argument; }
  int place_of(size_t i) const { return places_[i].place; }
  // Per schema argument, the shape of its first tensor (empty without one).
  std::span<const std::vector<int64_t>> first_shapes() const { return first_shapes_; }

 private:
  struct Place {
    int argument;
    int place;
  };
  CallSpec spec_;
  std::vector<fgx_value> values_;
  std::deque<fgx_tensor> tensors_;
  std::vector<Place> places_;
  std::deque<std::vector<const fgx_tensor*>> lists_;
  std::deque<std::vector<int64_t>> strides_;
  std::vector<std::vector<int64_t>> first_shapes_;
};

}  // namespace fgx
