// SPDX-License-Identifier: Apache-2.0
// Runs one operator's implementations on made-up tensors, without dispatch, and compares them with
// its oracle.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <deque>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "backend/cpu/isa.h"
#include "backend/cpu/thread_pool.h"
#include "base/error.h"
#include "schema/catalogue.h"
#include "tensor/broadcast.h"
#include "tensor/half.h"
#include "verify/accuracy.h"

namespace fgx::testing_support {

// One element of memory, as a double or an int64.
inline double read_real(const void* data, DType dtype, int64_t index) {
  switch (dtype) {
    case DType::kFloat16:
      return to_float(static_cast<const Float16*>(data)[index]);
    case DType::kBFloat16:
      return to_float(static_cast<const BFloat16*>(data)[index]);
    case DType::kFloat32:
      return static_cast<const float*>(data)[index];
    case DType::kFloat64:
      return static_cast<const double*>(data)[index];
    default:
      break;
  }
  ADD_FAILURE() << "not a float type";
  return 0.0;
}
inline int64_t read_integer(const void* data, DType dtype, int64_t index) {
  switch (dtype) {
    case DType::kBool:
      return static_cast<const uint8_t*>(data)[index] != 0;
    case DType::kUInt8:
      return static_cast<const uint8_t*>(data)[index];
    case DType::kInt8:
      return static_cast<const int8_t*>(data)[index];
    case DType::kInt16:
      return static_cast<const int16_t*>(data)[index];
    case DType::kInt32:
      return static_cast<const int32_t*>(data)[index];
    case DType::kInt64:
      return static_cast<const int64_t*>(data)[index];
    default:
      break;
  }
  ADD_FAILURE() << "not an integer type";
  return 0;
}
inline void write_element(void* data, DType dtype, int64_t index, double value) {
  const auto whole =
      static_cast<int64_t>(std::isfinite(value) && std::fabs(value) < 9e18 ? value : 0.0);
  switch (dtype) {
    case DType::kBool:
      static_cast<uint8_t*>(data)[index] = value != 0.0;
      break;
    case DType::kUInt8:
      static_cast<uint8_t*>(data)[index] = static_cast<uint8_t>(whole);
      break;
    case DType::kInt8:
      static_cast<int8_t*>(data)[index] = static_cast<int8_t>(whole);
      break;
    case DType::kInt16:
      static_cast<int16_t*>(data)[index] = static_cast<int16_t>(whole);
      break;
    case DType::kInt32:
      static_cast<int32_t*>(data)[index] = static_cast<int32_t>(whole);
      break;
    case DType::kInt64:
      static_cast<int64_t*>(data)[index] = whole;
      break;
    case DType::kFloat16:
      static_cast<Float16*>(data)[index] = to_float16(value);
      break;
    case DType::kBFloat16:
      static_cast<BFloat16*>(data)[index] = to_bfloat16(value);
      break;
    case DType::kFloat32:
      static_cast<float*>(data)[index] = static_cast<float>(value);
      break;
    case DType::kFloat64:
      static_cast<double*>(data)[index] = value;
      break;
  }
}

// Memory with a strided view of it. Guard bytes around the memory show writes out of bounds.
class TestTensor {
 public:
  TestTensor(DType dtype, std::vector<int64_t> shape, std::vector<int64_t> strides = {},
             int64_t offset = 0)
      : dtype_(dtype), shape_(std::move(shape)), strides_(std::move(strides)) {
    if (strides_.empty()) {
      strides_.resize(shape_.size());
      contiguous_strides(shape_, strides_.data());
    }
    int64_t last = offset;
    numel_ = 1;
    for (size_t i = 0; i < shape_.size(); ++i) {
      numel_ *= shape_[i];
      last += std::max<int64_t>(shape_[i] - 1, 0) * strides_[i];
    }
    memory_.assign(static_cast<size_t>((last + 1) * size_of(dtype)) + 2 * kGuard, kPoison);
    tensor_.data = memory_.data() + kGuard;
    tensor_.device = {FGX_DEVICE_CPU, 0};
    tensor_.ndim = static_cast<int32_t>(shape_.size());
    tensor_.dtype = info(dtype).code;
    tensor_.shape = shape_.data();
    tensor_.strides = strides_.data();
    tensor_.byte_offset = static_cast<uint64_t>(offset * size_of(dtype));
  }
  TestTensor(const TestTensor&) = delete;
  TestTensor& operator=(const TestTensor&) = delete;

  DType dtype() const { return dtype_; }
  int64_t numel() const { return numel_; }
  const std::vector<int64_t>& shape() const { return shape_; }
  fgx_tensor* tensor() { return &tensor_; }
  fgx_value value() const {
    fgx_value v{};
    v.tag = FGX_TAG_TENSOR;
    v.as.tensor = &tensor_;
    return v;
  }
  void* data() { return static_cast<char*>(tensor_.data) + tensor_.byte_offset; }

  // Where element `linear` (row-major) lies, in elements from data().
  int64_t position(int64_t linear) const {
    int64_t result = 0;
    for (size_t back = 1; back <= shape_.size(); ++back) {
      const size_t d = shape_.size() - back;
      result += linear % shape_[d] * strides_[d];
      linear /= shape_[d];
    }
    return result;
  }
  void set(int64_t linear, double value) { write_element(data(), dtype_, position(linear), value); }
  // Normal numbers of scale 3 with special values between them; integers over their range.
  TestTensor& randomize(uint32_t seed, bool specials = true) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal(0.0, 3.0);
    const double infinity = std::numeric_limits<double>::infinity();
    const double special[]{0.0,  -0.0,    infinity, -infinity, std::nan(""), 1e-40, 1.0,
                           -1.0, 65504.0, -3.0,     3.0,       100.0,        -100.0};
    for (int64_t i = 0; i < numel_; ++i) {
      if (is_float(dtype_)) {
        const bool take_special = specials && random() % 8 == 0;
        set(i, take_special ? special[random() % std::size(special)] : normal(random));
      } else if (specials && random() % 8 == 0) {
        const int64_t edge = dtype_ == DType::kInt64 ? 0 : int64_t{1} << (8 * size_of(dtype_) - 1);
        set(i, static_cast<double>(random() % 2 == 0 ? edge : edge - 1));
      } else {
        set(i, static_cast<double>(static_cast<int32_t>(random() % 41) - 20));
      }
    }
    return *this;
  }
  OracleTensor as_oracle() {
    OracleTensor oracle;
    oracle.dtype = dtype_;
    oracle.shape = shape_;
    for (int64_t i = 0; i < numel_; ++i) {
      if (is_float(dtype_))
        oracle.reals.push_back(read_real(data(), dtype_, position(i)));
      else
        oracle.integers.push_back(read_integer(data(), dtype_, position(i)));
    }
    return oracle;
  }
  bool guards_intact() const {
    for (size_t i = 0; i < kGuard; ++i) {
      if (memory_[i] != kPoison || memory_[memory_.size() - 1 - i] != kPoison) return false;
    }
    return true;
  }

 private:
  static constexpr size_t kGuard = 256;
  static constexpr unsigned char kPoison = 0xa5;

  DType dtype_;
  std::vector<int64_t> shape_;
  std::vector<int64_t> strides_;
  int64_t numel_;
  std::vector<unsigned char> memory_;
  fgx_tensor tensor_{};
};

inline fgx_value number(double value) {
  fgx_value v{};
  v.tag = FGX_TAG_FLOAT;
  v.as.real = value;
  return v;
}
inline fgx_value integer(int64_t value) {
  fgx_value v{};
  v.tag = FGX_TAG_INT;
  v.as.integer = value;
  return v;
}
inline fgx_value boolean(bool value) {
  fgx_value v{};
  v.tag = FGX_TAG_BOOL;
  v.as.boolean = value ? 1 : 0;
  return v;
}
inline fgx_value text(const char* value) {
  fgx_value v{};
  v.tag = FGX_TAG_STRING;
  v.size = static_cast<uint32_t>(std::strlen(value));
  v.as.string = value;
  return v;
}
inline fgx_value none() { return {}; }

inline const ThreadPool& test_pool() {
  static const ThreadPool pool(2);
  return pool;
}

// The stable implementation on the CPU, which every operator has.
inline const ImplementationDef& stable_on_cpu(const OperatorDef& op) {
  for (const ImplementationDef& implementation : op.implementations) {
    if (implementation.group == Group::kStable && implementation.device_type == FGX_DEVICE_CPU) {
      return implementation;
    }
  }
  ADD_FAILURE() << op.schema.name << " has no stable implementation";
  return op.implementations.front();
}

// Integer results wrap to their type.
inline void wrap_integers(OracleTensor& tensor) {
  for (int64_t& value : tensor.integers) {
    if (tensor.dtype == DType::kBool) {
      value = value != 0;
      continue;
    }
    const int unused = 64 - 8 * static_cast<int>(size_of(tensor.dtype));
    const auto shifted = static_cast<uint64_t>(value) << unused;
    value = tensor.dtype == DType::kUInt8 ? static_cast<int64_t>(shifted >> unused)
                                          : static_cast<int64_t>(shifted) >> unused;
  }
}

// Runs every implementation of `op_name` that takes the call, into outputs of the inferred shape, and
// compares with the oracle. `inputs` are the tensors among `args`, in order. Returns how many ran.
inline int check_operator(const char* op_name, const std::vector<fgx_value>& args,
                          const std::vector<TestTensor*>& inputs, const std::string& what = "",
                          const std::vector<int64_t>& output_strides = {}) {
  const OperatorDef* op = Catalogue::builtin().find(op_name);
  if (op == nullptr) {
    ADD_FAILURE() << "no operator " << op_name;
    return 0;
  }
  const std::string label = std::string(op_name) + " " + what;
  int ran = 0;
  try {
    Call inference;
    inference.bind(*op, args, {});
    std::vector<OutputSpec> specs = inference.infer();
    for (const ImplementationDef& implementation : op->implementations) {
      if (implementation.device_type != FGX_DEVICE_CPU) continue;
      if (implementation.available != nullptr && implementation.available() != nullptr) continue;
      std::deque<TestTensor> outputs;
      std::vector<fgx_tensor*> pointers;
      for (const OutputSpec& spec : specs) {
        outputs.emplace_back(spec.dtype, std::vector<int64_t>(spec.shape),
                             outputs.empty() ? output_strides : std::vector<int64_t>{});
        pointers.push_back(outputs.back().tensor());
      }
      Call call;
      call.bind(*op, args, pointers);
      bool takes = true;
      for (const Constraint& constraint : implementation.constraints) {
        takes = takes && constraint.holds(call);
      }
      if (!takes) continue;
      KernelState state;
      RunFn run = nullptr;
      try {
        run = implementation.prepare(call, state);
      } catch (const Error& error) {  // a refusal of this geometry; dispatch goes on to the next
        if (error.code() != FGX_SHAPE_NOT_SUPPORTED && error.code() != FGX_UNSUPPORTED) throw;
        continue;
      }
      std::vector<void*> data;
      for (const TensorView& input : call.inputs()) data.push_back(input.data);
      for (const TensorView& output : call.outputs()) data.push_back(output.data);
      std::vector<Scalar> scalars;
      for (int argument : op->dynamic_arguments) scalars.push_back(call.scalar(argument));
      std::vector<char> workspace(
          implementation.workspace != nullptr ? implementation.workspace(call) + 64 : 64);
      RunArgs run_args{};
      run_args.data = data.data();
      run_args.scalars = scalars.data();
      run_args.workspace =
          reinterpret_cast<void*>((reinterpret_cast<uintptr_t>(workspace.data()) + 63) / 64 * 64);
      run_args.workspace_size = workspace.size() - 64;
      run_args.pool = &test_pool();
      run(state, run_args);
      ++ran;

      std::vector<OracleTensor> oracle_inputs;
      size_t next = 0;
      for (const TensorView& view : call.inputs()) {
        if (!view.wrapped_number) {
          oracle_inputs.push_back(inputs.at(next++)->as_oracle());
          continue;
        }
        OracleTensor wrapped;
        wrapped.dtype = view.dtype;
        if (is_float(view.dtype))
          wrapped.reals = {read_real(view.data, view.dtype, 0)};
        else
          wrapped.integers = {read_integer(view.data, view.dtype, 0)};
        oracle_inputs.push_back(wrapped);
      }
      std::vector<OracleTensor> expected;
      for (const OutputSpec& spec : specs) {
        OracleTensor tensor;
        tensor.dtype = spec.dtype;
        tensor.shape = spec.shape;
        expected.push_back(tensor);
      }
      op->oracle(call, oracle_inputs, expected);
      for (size_t i = 0; i < outputs.size(); ++i) {
        wrap_integers(expected[i]);
        const Comparison result =
            compare(call.outputs()[i], expected[i], error_model(call, oracle_inputs, expected[i]));
        EXPECT_TRUE(result.passed())
            << label << " " << implementation.name << " output " << i << " element " << result.index
            << " " << fault_name(result.fault) << ": got " << result.actual << " want "
            << result.expected << " within " << result.tolerance;
        EXPECT_TRUE(outputs[i].guards_intact()) << label;
      }
    }
  } catch (const Error& error) {
    ADD_FAILURE() << label << ": " << error.message();
  }
  return ran;
}

// Whether binding or inferring the call throws InvalidArgument.
inline bool refuses(const char* op_name, const std::vector<fgx_value>& args) {
  try {
    Call call;
    call.bind(*Catalogue::builtin().find(op_name), args, {});
    call.infer();
  } catch (const Error& error) {
    return error.code() == FGX_INVALID_ARGUMENT;
  }
  return false;
}

}  // namespace fgx::testing_support
