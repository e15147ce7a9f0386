// SPDX-License-Identifier: Apache-2.0
// The work of Call::bind, one argument at a time.
#pragma once

#include <span>

#include "schema/call.h"
#include "schema/operator.h"

namespace fgx {

class CallBinder {
 public:
  // `run`: whether the tensors' data will be read and written.
  CallBinder(Call& call, const OperatorDef& op, bool run) : call_(call), op_(op), run_(run) {}

  void bind_arguments(std::span<const fgx_value> args);
  void bind_outputs(std::span<fgx_tensor* const> outs);
  // All tensors on one device; host scalars may join the others.
  void settle_device();

 private:
  // Attributes (call_attributes.cpp).
  void bind_argument(int index, const fgx_value& value);
  void bind_default(int index, bool given_none);
  void bind_single(int index, const fgx_value& value);
  void bind_list(int index, const fgx_value& value);
  void bind_string(int index, std::string_view text);
  void bind_repeated(int index, const fgx_value& value);
  Scalar number(int index, const fgx_value& value) const;
  [[noreturn]] void fail_tag(int index, int32_t tag) const;

  // Tensors (call_tensors.cpp). `position` is the argument's index, outputs counted after inputs.
  void bind_tensor(int index, const fgx_value& value);
  void bind_tensor_list(int index, const fgx_value& value);
  void add_wrapped_number(int index, const fgx_value& value);
  void add_tensor(int index, const fgx_tensor& tensor);
  TensorView view_of(int position, const fgx_tensor& tensor);
  fgx_device device_of(int position, fgx_device device) const;
  void measure(int position, const fgx_tensor& tensor, TensorView& view);
  void check_memory(int position, const fgx_tensor& tensor, int64_t bytes, TensorView& view) const;

  // Outputs (call_outputs.cpp).
  void check_output(int output, const OutputSpec& spec);
  void check_overlap(int output);

  // "argument 'self'" or "output 0", for messages.
  std::string label(int position) const;
  const SchemaArgument& schema(int index) const { return op_.schema.arguments[index]; }

  Call& call_;
  const OperatorDef& op_;
  const bool run_;
};

}  // namespace fgx
