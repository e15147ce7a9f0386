// SPDX-License-Identifier: Apache-2.0
// C++17 over the C ABI: handles that free themselves, errors as exceptions. Header-only; no ABI of
// its own.
//
//   fgx::Context context;
//   fgx::Op gelu = context.op("gelu");
//   float x[4] = {...}, y[4];
//   fgx::TensorView in(x, {4}), out(y, {4});
//   gelu({in, fgx::Value("tanh")}, {out});
#ifndef FLAGGEMS_EXP_HPP_
#define FLAGGEMS_EXP_HPP_

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flaggems_exp.h"

namespace fgx {

// A failed call: status, operator, argument, and what() with the message.
class ExperimentalError : public std::runtime_error {
 public:
  ExperimentalError(fgx_status status, const fgx_error* error)
      : std::runtime_error(fgx_error_message(error)),
        status_(status),
        operator_(fgx_error_operator(error)),
        argument_(fgx_error_argument(error)) {}
  fgx_status status() const noexcept { return status_; }
  const std::string& operator_name() const noexcept { return operator_; }
  int32_t argument() const noexcept { return argument_; }

 private:
  fgx_status status_;
  std::string operator_;
  int32_t argument_;
};

// The same tree as the status codes.
struct MetadataError : ExperimentalError {
  using ExperimentalError::ExperimentalError;
};
struct MetadataNotFoundError : MetadataError {
  using MetadataError::MetadataError;
};
struct MetadataInvalidError : MetadataError {
  using MetadataError::MetadataError;
};
struct MetadataCorruptedError : MetadataError {
  using MetadataError::MetadataError;
};
struct DispatchError : ExperimentalError {
  using ExperimentalError::ExperimentalError;
};
struct NoValidImplementationError : DispatchError {
  using DispatchError::DispatchError;
};
struct FallbackFailedError : DispatchError {
  using DispatchError::DispatchError;
};
struct ShapeNotSupportedError : DispatchError {
  using DispatchError::DispatchError;
};
struct GraduationError : ExperimentalError {
  using ExperimentalError::ExperimentalError;
};
struct NotEligibleError : GraduationError {
  using GraduationError::GraduationError;
};
struct ValidationFailedError : GraduationError {
  using GraduationError::GraduationError;
};
struct InvalidArgumentError : ExperimentalError {
  using ExperimentalError::ExperimentalError;
};
struct UnsupportedError : ExperimentalError {
  using ExperimentalError::ExperimentalError;
};

// Throws the exception that belongs to `status`, with this thread's last error; nothing for FGX_OK.
inline void check(fgx_status status) {
  if (status == FGX_OK) return;
  const fgx_error* error = fgx_last_error();
  switch (status) {
    case FGX_OUT_OF_MEMORY:
      throw std::bad_alloc();
    case FGX_INVALID_ARGUMENT:
      throw InvalidArgumentError(status, error);
    case FGX_UNSUPPORTED:
      throw UnsupportedError(status, error);
    case FGX_METADATA_NOT_FOUND:
      throw MetadataNotFoundError(status, error);
    case FGX_METADATA_INVALID:
      throw MetadataInvalidError(status, error);
    case FGX_METADATA_CORRUPTED:
      throw MetadataCorruptedError(status, error);
    case FGX_NO_VALID_IMPLEMENTATION:
      throw NoValidImplementationError(status, error);
    case FGX_FALLBACK_FAILED:
      throw FallbackFailedError(status, error);
    case FGX_SHAPE_NOT_SUPPORTED:
      throw ShapeNotSupportedError(status, error);
    case FGX_NOT_ELIGIBLE:
      throw NotEligibleError(status, error);
    case FGX_VALIDATION_FAILED:
      throw ValidationFailedError(status, error);
    default:
      throw ExperimentalError(status, error);
  }
}

// Takes the text of an fgx_string and frees it.
inline std::string take_string(fgx_string* string) {
  std::unique_ptr<fgx_string, decltype(&fgx_string_destroy)> owner(string, &fgx_string_destroy);
  return {fgx_string_data(string), fgx_string_size(string)};
}

// The dtype code of a C++ element type.
template <typename T>
constexpr fgx_dtype dtype_of() {
  if constexpr (std::is_same_v<T, bool>) {
    return {FGX_DTYPE_BOOL, 8, 1};
  } else if constexpr (std::is_floating_point_v<T>) {
    return {FGX_DTYPE_FLOAT, static_cast<uint8_t>(8 * sizeof(T)), 1};
  } else if constexpr (std::is_unsigned_v<T>) {
    return {FGX_DTYPE_UINT, static_cast<uint8_t>(8 * sizeof(T)), 1};
  } else {
    static_assert(std::is_signed_v<T>, "no dtype for this element type");
    return {FGX_DTYPE_INT, static_cast<uint8_t>(8 * sizeof(T)), 1};
  }
}

// A tensor over memory of the caller, with its own copy of shape and strides.
class TensorView {
 public:
  template <typename T>
  TensorView(T* data, std::vector<int64_t> shape, std::vector<int64_t> strides = {})
      : TensorView(const_cast<std::remove_const_t<T>*>(data), dtype_of<std::remove_const_t<T>>(),
                   std::move(shape), std::move(strides)) {}
  TensorView(void* data, fgx_dtype dtype, std::vector<int64_t> shape,
             std::vector<int64_t> strides = {}, fgx_device device = {FGX_DEVICE_CPU, 0})
      : shape_(std::move(shape)), strides_(std::move(strides)) {
    tensor_ = {data, device, static_cast<int32_t>(shape_.size()), dtype, nullptr, nullptr, 0};
    point();
  }
  TensorView(const TensorView& other)
      : shape_(other.shape_), strides_(other.strides_), tensor_(other.tensor_) {
    point();
  }
  TensorView& operator=(const TensorView& other) {
    shape_ = other.shape_;
    strides_ = other.strides_;
    tensor_ = other.tensor_;
    point();
    return *this;
  }
  const fgx_tensor* get() const { return &tensor_; }
  fgx_tensor* get() { return &tensor_; }
  const std::vector<int64_t>& shape() const { return shape_; }

 private:
  void point() {
    tensor_.shape = shape_.data();
    tensor_.strides = strides_.empty() ? nullptr : strides_.data();
  }
  std::vector<int64_t> shape_;
  std::vector<int64_t> strides_;
  fgx_tensor tensor_{};
};

// One argument; borrows tensors, strings and lists. Conversions are implicit, so that calls read like
// PyTorch's.
class Value {
 public:
  Value() = default;  // none
  Value(std::nullptr_t) : Value() {}
  Value(bool b) {
    value_.tag = FGX_TAG_BOOL;
    value_.as.boolean = b;
  }
  Value(int i) : Value(static_cast<int64_t>(i)) {}
  Value(int64_t i) {
    value_.tag = FGX_TAG_INT;
    value_.as.integer = i;
  }
  Value(double d) {
    value_.tag = FGX_TAG_FLOAT;
    value_.as.real = d;
  }
  Value(const char* s) : Value(std::string_view(s)) {}
  Value(std::string_view s) {
    value_.tag = FGX_TAG_STRING;
    value_.size = static_cast<uint32_t>(s.size());
    value_.as.string = s.data();
  }
  Value(const TensorView& t) {
    value_.tag = FGX_TAG_TENSOR;
    value_.as.tensor = t.get();
  }
  Value(const std::vector<int64_t>& list) {
    value_.tag = FGX_TAG_INT_LIST;
    value_.size = static_cast<uint32_t>(list.size());
    value_.as.ints = list.data();
  }
  Value(fgx_dtype dtype) {
    value_.tag = FGX_TAG_DTYPE;
    value_.as.dtype = dtype;
  }
  Value(const fgx_value& value) : value_(value) {}
  const fgx_value& get() const { return value_; }

 private:
  fgx_value value_{};
};

// An operator; borrowed from its context.
class Op {
 public:
  explicit Op(fgx_op* op) : op_(op) {}
  fgx_op* get() const { return op_; }
  std::string name() const { return fgx_op_name(op_); }
  std::string schema() const { return fgx_op_schema(op_); }

  void operator()(std::initializer_list<Value> args, std::initializer_list<TensorView> outs,
                  void* stream = nullptr) const {
    const std::vector<fgx_value> values = raw(args);
    const std::vector<fgx_tensor*> pointers = raw(outs);
    check(fgx_op_call(op_, values.data(), static_cast<int32_t>(values.size()), pointers.data(),
                      static_cast<int32_t>(pointers.size()), stream));
  }
  std::vector<fgx_tensor_desc> infer(std::initializer_list<Value> args) const {
    const std::vector<fgx_value> values = raw(args);
    int32_t count = 0;
    check(fgx_op_infer(op_, values.data(), static_cast<int32_t>(values.size()), nullptr, &count));
    std::vector<fgx_tensor_desc> descs(static_cast<size_t>(count));
    for (fgx_tensor_desc& desc : descs) desc.struct_size = sizeof desc;
    check(fgx_op_infer(op_, values.data(), static_cast<int32_t>(values.size()), descs.data(),
                       &count));
    return descs;
  }
  std::string explain(std::initializer_list<Value> args) const {
    const std::vector<fgx_value> values = raw(args);
    fgx_string* text = nullptr;
    check(
        fgx_op_explain(op_, values.data(), static_cast<int32_t>(values.size()), nullptr, 0, &text));
    return take_string(text);
  }

  static std::vector<fgx_value> raw(std::initializer_list<Value> args) {
    std::vector<fgx_value> values;
    values.reserve(args.size());
    for (const Value& arg : args) values.push_back(arg.get());
    return values;
  }
  static std::vector<fgx_tensor*> raw(std::initializer_list<TensorView> outs) {
    std::vector<fgx_tensor*> pointers;
    pointers.reserve(outs.size());
    for (const TensorView& out : outs) pointers.push_back(const_cast<fgx_tensor*>(out.get()));
    return pointers;
  }

 private:
  fgx_op* op_;
};

// A decision bound once.
class Plan {
 public:
  Plan(const Op& op, std::initializer_list<Value> args, std::initializer_list<TensorView> outs) {
    const std::vector<fgx_value> values = Op::raw(args);
    const std::vector<fgx_tensor*> pointers = Op::raw(outs);
    fgx_plan* plan = nullptr;
    check(fgx_plan_create(op.get(), values.data(), static_cast<int32_t>(values.size()),
                          pointers.data(), static_cast<int32_t>(pointers.size()), &plan));
    plan_.reset(plan);
  }
  void run(std::initializer_list<void*> data, void* stream = nullptr) const {
    check(fgx_plan_run(plan_.get(), data.begin(), static_cast<int32_t>(data.size()), stream));
  }
  void refresh() { check(fgx_plan_refresh(plan_.get())); }
  std::string implementation() const { return fgx_plan_implementation(plan_.get()); }
  fgx_plan* get() const { return plan_.get(); }

 private:
  struct Destroy {
    void operator()(fgx_plan* p) const { fgx_plan_destroy(p); }
  };
  std::unique_ptr<fgx_plan, Destroy> plan_;
};

// Metadata records.
class Registry {
 public:
  explicit Registry(const std::string& path) {
    fgx_registry* registry = nullptr;
    check(fgx_registry_open(path.c_str(), &registry));
    registry_.reset(registry);
  }
  std::string get(const std::string& key) const {
    fgx_string* text = nullptr;
    check(fgx_registry_get(registry_.get(), key.c_str(), &text));
    return take_string(text);
  }
  std::string query(const std::string& filter = "{}") const {
    fgx_string* text = nullptr;
    check(fgx_registry_query(registry_.get(), filter.c_str(), &text));
    return take_string(text);
  }
  fgx_registry* handle() const { return registry_.get(); }

 private:
  struct Destroy {
    void operator()(fgx_registry* r) const { fgx_registry_close(r); }
  };
  std::unique_ptr<fgx_registry, Destroy> registry_;
};

// Configuration, implementations, decisions.
class Context {
 public:
  explicit Context(const fgx_context_options* options = nullptr) {
    fgx_context* context = nullptr;
    check(fgx_context_create(options, &context));
    context_.reset(context);
  }
  Op op(const std::string& name) const {
    fgx_op* op = nullptr;
    check(fgx_context_get_op(context_.get(), name.c_str(), &op));
    return Op(op);
  }
  void enable(const char* groups = nullptr) { check(fgx_context_enable(context_.get(), groups)); }
  void disable() { check(fgx_context_disable(context_.get())); }
  void set(const std::string& key, const std::string& value) {
    check(fgx_context_set_config(context_.get(), key.c_str(), value.c_str()));
  }
  std::string get(const std::string& key) const {
    fgx_string* text = nullptr;
    check(fgx_context_get_config(context_.get(), key.c_str(), &text));
    return take_string(text);
  }
  fgx_context* handle() const { return context_.get(); }

 private:
  struct Destroy {
    void operator()(fgx_context* c) const { fgx_context_destroy(c); }
  };
  std::unique_ptr<fgx_context, Destroy> context_;
};

}  // namespace fgx

#endif  // FLAGGEMS_EXP_HPP_
