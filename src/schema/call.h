// SPDX-License-Identifier: Apache-2.0
// A call with its arguments bound to the schema: checked, defaults filled in, tensors normalized.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "flaggems_exp.h"
#include "schema/arena.h"
#include "schema/output_spec.h"
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
  static Scalar of_bool(bool value) {
    Scalar scalar;
    scalar.kind = Kind::kBool;
    scalar.integer = value ? 1 : 0;
    return scalar;
  }
  static Scalar of_int(int64_t value) {
    Scalar scalar;
    scalar.kind = Kind::kInt;
    scalar.integer = value;
    return scalar;
  }
  static Scalar of_float(double value) {
    Scalar scalar;
    scalar.kind = Kind::kFloat;
    scalar.real = value;
    return scalar;
  }
  bool present() const { return kind != Kind::kNone; }
  // The value converted; a float becomes an integer by truncation (NaN 0, what is out of range the
  // nearest end).
  double as_double() const { return kind == Kind::kFloat ? real : static_cast<double>(integer); }
  int64_t as_int() const { return kind == Kind::kFloat ? truncated(real) : integer; }
  // The type it promotes as: bool, int64 or float64 (a wrapped number's).
  DType dtype() const {
    if (kind == Kind::kBool) return DType::kBool;
    return kind == Kind::kInt ? DType::kInt64 : DType::kFloat64;
  }

 private:
  static int64_t truncated(double value) {
    if (value != value) return 0;
    if (value >= 0x1p63) return INT64_MAX;
    return value < -0x1p63 ? INT64_MIN : static_cast<int64_t>(value);
  }
};

// One schema argument of a call.
struct Argument {
  bool present = false;        // false: None
  Scalar scalar;               // Scalar, int, float, bool; layout and memory format as int
  int32_t choice = -1;         // string: index in the operator's list of legal values
  std::optional<DType> dtype;  // ScalarType
  int32_t first_tensor = 0;    // tensors: range in Call::inputs()
  int32_t tensor_count = 0;
  // int[]; bool[] as 0 and 1; generator as seed and offset; Tensor?[]: for each entry its index in
  // Call::inputs(), or -1.
  std::span<const int64_t> ints;
  std::span<const double> reals;         // float[], Scalar[]
  std::string_view text;                 // string
  fgx_device device{FGX_DEVICE_CPU, 0};  // Device
};

// Not copyable or movable: views point into it. Reusable through bind(), which allocates nothing once
// the call has seen arguments as large.
class Call {
 public:
  Call() = default;
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Binds arguments and outputs. Checks tags, presence, dtypes, ranks, dims, strides, extents, devices
  // and NULL data; with `outs` also the overlap rules and that each output has the inferred dtype and
  // shape. Throws InvalidArgument or Unsupported naming operator and argument. `outs` empty: none are
  // bound. What it is given is borrowed until the next bind.
  // `run` false: nothing will be computed (inference, explain), so that tensors may have no data.
  void bind(const OperatorDef& op, std::span<const fgx_value> args,
            std::span<fgx_tensor* const> outs, bool run);
  // With outputs, they are to be computed.
  void bind(const OperatorDef& op, std::span<const fgx_value> args,
            std::span<fgx_tensor* const> outs) {
    bind(op, args, outs, !outs.empty());
  }

  // Runs the operator's type and shape rule on the bound inputs and checks what it says. bind() with
  // outputs has done so already. The result stays valid until the next bind or infer.
  const std::vector<OutputSpec>& infer();
  // What the last infer() gave.
  const std::vector<OutputSpec>& inferred() const { return specs_; }

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
  std::vector<OutputSpec> specs_;
  CallArena arena_;  // made-up strides, values of wrapped numbers, converted lists
};

}  // namespace fgx
