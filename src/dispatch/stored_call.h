// SPDX-License-Identifier: Apache-2.0
// A deep copy of a call's arguments and outputs, to bind it again later: shapes and attributes are
// owned, data addresses are kept as numbers and never followed.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "flaggems_exp.h"

namespace fgx {

class StoredCall {
 public:
  // Checks what it must read; everything else is left to binding. Throws InvalidArgument.
  explicit StoredCall(const fgx_invocation& invocation);
  StoredCall(const StoredCall&) = delete;
  StoredCall& operator=(const StoredCall&) = delete;

  // Borrowed from this object.
  fgx_invocation invocation() const;

 private:
  const fgx_tensor* store(const fgx_tensor& tensor);
  fgx_value store(const fgx_value& value);

  uint32_t flags_;
  fgx_device device_;
  std::vector<fgx_value> args_;
  std::vector<fgx_tensor*> outs_;
  // Deques: addresses stay when they grow.
  std::deque<fgx_tensor> tensors_;
  std::deque<std::vector<int64_t>> integers_;
  std::deque<std::vector<uint8_t>> bytes_;
  std::deque<std::vector<const fgx_tensor*>> lists_;
};

}  // namespace fgx
