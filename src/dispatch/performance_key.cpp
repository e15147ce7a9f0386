// SPDX-License-Identifier: Apache-2.0
// Builds the keys of performance statistics from a bound call.
#include "dispatch/performance_key.h"

#include <algorithm>

#include "base/json_text.h"
#include "schema/operator.h"
#include "tensor/signature.h"

namespace fgx {
namespace {

const char* device_name(int32_t type) {
  switch (type) {
    case FGX_DEVICE_CUDA:
      return "cuda";
    case FGX_DEVICE_ROCM:
      return "rocm";
    default:
      return "cpu";
  }
}

void append_attribute(const Call& call, int index, std::string& out) {
  const OperatorDef& op = call.op();
  const Argument& argument = call.arguments()[index];
  if (!out.empty()) out += ',';
  out += op.schema.arguments[index].name;
  out += '=';
  if (!argument.present) {
    out += "none";
  } else if (op.schema.arguments[index].type == ArgumentType::kString) {
    out += argument.text;
  } else if (op.schema.arguments[index].is_list) {
    for (const int64_t value : argument.ints) out += std::to_string(value) + '/';
    for (const double value : argument.reals) {
      append_json_double(value, &out);
      out += '/';
    }
  } else if (argument.dtype) {
    out += info(*argument.dtype).name;
  } else if (argument.scalar.kind == Scalar::Kind::kFloat) {
    append_json_double(argument.scalar.real, &out);
  } else {
    out += std::to_string(argument.scalar.integer);
  }
}

}  // namespace

std::string PerformanceKey::text() const {
  return op + '|' + device + '|' + signature + '|' + dtype + '|' + layout + '|' + attributes;
}

PerformanceKey performance_key(const Call& call) {
  PerformanceKey key;
  key.op = call.op().schema.qualified_name();
  key.device = device_name(call.device().type);
  key.signature = signature_of(call.inputs());
  bool same = true;
  for (const TensorView& view : call.inputs()) same &= view.dtype == call.inputs()[0].dtype;
  for (const TensorView& view : call.inputs()) {
    if (!key.dtype.empty() && same) break;
    if (!key.dtype.empty()) key.dtype += 'x';
    key.dtype += info(view.dtype).name;
  }
  for (const TensorView& view : call.inputs()) key.layout += view.contiguous ? 'c' : 's';
  for (const TensorView& view : call.outputs()) {
    if (view.present && !view.contiguous) {
      key.layout += "-s";
      break;
    }
  }
  for (const std::string& name : call.op().speed_attributes) {
    const int index = call.op().schema.find(name);
    if (index >= 0) append_attribute(call, index, key.attributes);
  }
  return key;
}

std::string exact_shape(const Call& call) {
  std::string text;
  for (const TensorView& view : call.inputs()) {
    if (&view != call.inputs().data()) text += 'x';
    if (view.ndim == 0) text += 's';
    for (int32_t i = 0; i < view.ndim; ++i) {
      if (i > 0) text += '_';
      text += std::to_string(view.shape[i]);
    }
  }
  return text;
}

}  // namespace fgx
