// SPDX-License-Identifier: Apache-2.0
// The one exception type that cold paths throw; src/abi turns it into a status and, unless errors are
// muted, into fgx_last_error().
#pragma once

#include <exception>
#include <memory>
#include <string>

#include "flaggems_exp.h"

namespace fgx {

// An error on its way to the caller. Everything that fails inside the library throws this (or
// std::bad_alloc); nothing but a status leaves through the ABI.
class Error : public std::exception {
 public:
  Error(fgx_status code, std::string message) : code_(code), message_(std::move(message)) {}

  fgx_status code() const noexcept { return code_; }
  const std::string& message() const noexcept { return message_; }
  const char* what() const noexcept override { return message_.c_str(); }

  // The operator whose call failed ("" when no operator is involved).
  const std::string& op() const noexcept { return op_; }
  // Index of the offending argument in schema order, outputs counted after inputs; -1 when none.
  int32_t argument() const noexcept { return argument_; }
  // The error beneath this one, or nullptr.
  const std::shared_ptr<const Error>& cause() const noexcept { return cause_; }

  // Whether nothing will run on this device any more in this process: no implementation is to blame, none can take
  // over.
  bool device_lost() const noexcept { return device_lost_; }

  Error& with_op(std::string op) {
    if (op_.empty()) op_ = std::move(op);
    return *this;
  }
  Error& with_argument(int32_t index) {
    if (argument_ < 0) argument_ = index;
    return *this;
  }
  Error& with_cause(const Error& cause) {
    cause_ = std::make_shared<const Error>(cause);
    return *this;
  }
  Error& with_device_lost() {
    device_lost_ = true;
    return *this;
  }

 private:
  fgx_status code_;
  bool device_lost_ = false;
  int32_t argument_ = -1;
  std::string message_;
  std::string op_;
  std::shared_ptr<const Error> cause_;
};

// Formats like printf and throws Error(code, text).
[[noreturn, gnu::format(printf, 2, 3)]] void fail(fgx_status code, const char* format, ...);
// The same, naming the argument (schema order, outputs after inputs) that is to blame.
[[noreturn, gnu::format(printf, 3, 4)]] void fail_argument(fgx_status code, int32_t argument,
                                                           const char* format, ...);
// Throws InvalidArgument when `pointer` is null; `name` is the parameter's.
inline void require(const void* pointer, const char* name) {
  if (pointer == nullptr) fail(FGX_INVALID_ARGUMENT, "%s is NULL", name);
}

// While one lives, ABI functions called on this thread fail without touching its last error: put one
// around every callback into the host and around attempts that fallback recovers.
class MutedErrors {
 public:
  MutedErrors() noexcept { ++depth_; }
  ~MutedErrors() { --depth_; }
  MutedErrors(const MutedErrors&) = delete;
  MutedErrors& operator=(const MutedErrors&) = delete;
  static bool active() noexcept { return depth_ > 0; }

 private:
  static thread_local int depth_;
};

}  // namespace fgx
