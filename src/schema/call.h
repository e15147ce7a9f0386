// SPDX-License-Identifier: Apache-2.0
// A call with its arguments bound to the schema: checked, defaults filled in, tensors normalized.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "flaggems_exp.h"
#include "tensor/tensor_view.h"

namespace fgx {

struct OperatorDef;

// A number that keeps its kind. kNone: an absent optional.
struct Scalar {
  enum class Kind : uint8_t { kNone, kBool, kInt, kFloat };
  Kind kind = Kind::kNone;
  union {
    int64_t integer = 0;
    double real;
  };
  static Scalar none() { return {}; }
  static Scalar of_bool(bool value);
  static Scalar of_int(int64_t value);
  static Scalar of_float(double value);
  bool present() const { return kind != Kind::kNone; }
  // The value converted; a float becomes an integer by truncation.
  double as_double() const { return kind == Kind::kFloat ? real : static_cast<double>(integer); }
  int64_t as_int() const { return kind == Kind::kFloat ? static_cast<int64_t>(real) : integer; }
};

// One schema argument of a call.
struct Argument {
  bool present = false;        // false: None
  Scalar scalar;               // Scalar, int, float, bool
  int32_t choice = -1;         // string: index in the operator's list of legal values
  std::optional<DType> dtype;  // ScalarType
  std::span<const int64_t> ints;
  std::span<const double> reals;
  int32_t first_tensor = 0;  // tensors: range in Call::inputs()
  int32_t tensor_count = 0;
};

// Not copyable or movable: views point into it. Reusable through bind().
class Call {
 public:
  Call() = default;
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Binds arguments and outputs. Checks tags, presence, dtypes, ranks, dims, strides, extents,
  // devices and NULL data; with `outs` also the overlap rules and that each output has the inferred
  // dtype and shape. Throws InvalidArgument or Unsupported naming operator and argument. `outs`
  // empty: none are bound (inference, explain).
  void bind(const OperatorDef& op, std::span<const fgx_value> args,
            std::span<fgx_tensor* const> outs);

  const OperatorDef& op() const { return *op_; }
  std::span<const Argument> arguments() const { return arguments_; }
  // Input tensors in schema order; lists flattened, absent ones skipped; wrapped numbers are 0-d
  // tensors of dtype bool, int64 or float64 whose data points into this call.
  std::span<const TensorView> inputs() const { return inputs_; }
  std::span<const TensorView> outputs() const { return outputs_; }

  // Accessors by argument index in the schema.
  bool has(int argument) const { return arguments_[argument].present; }
  const TensorView& tensor(int argument) const {
    return inputs_[arguments_[argument].first_tensor];
  }
  const TensorView* tensor_or_null(int argument) const {
    return has(argument) ? &tensor(argument) : nullptr;
  }
  std::span<const TensorView> tensors(int argument) const {
    const Argument& a = arguments_[argument];
    return std::span(inputs_).subspan(a.first_tensor, a.tensor_count);
  }
  const Scalar& scalar(int argument) const { return arguments_[argument].scalar; }
  int64_t integer(int argument) const { return scalar(argument).as_int(); }
  bool flag(int argument) const { return scalar(argument).as_int() != 0; }
  std::span<const int64_t> ints(int argument) const { return arguments_[argument].ints; }
  // A dimension argument made non-negative; throws InvalidArgument when out of range. 0-d tensors
  // have one dimension here, as in PyTorch.
  int normalized_dim(int argument, int ndim) const;
  fgx_device device() const { return device_; }

 private:
  friend class CallBinder;
  const OperatorDef* op_ = nullptr;
  fgx_device device_{FGX_DEVICE_CPU, 0};
  std::vector<Argument> arguments_;
  std::vector<TensorView> inputs_;
  std::vector<TensorView> outputs_;
  std::deque<int64_t> dims_;     // made-up strides of contiguous tensors; addresses are stable
  std::deque<int64_t> wrapped_;  // values of wrapped numbers
  std::deque<std::vector<int64_t>> default_ints_;
};

}  // namespace fgx
