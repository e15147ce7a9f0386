// SPDX-License-Identifier: Apache-2.0
// Builds the keys of performance statistics from a bound call.
#include "dispatch/performance_key.h"

#include <charconv>
#include <vector>

#include "backend/gpu/device.h"
#include "base/hash.h"
#include "base/json_text.h"
#include "base/strings.h"
#include "schema/operator.h"
#include "tensor/device.h"
#include "tensor/signature.h"

namespace fgx {
namespace {

// One kind of GPU is not another; the CPU stands in the identity of every row.
std::string device_of(fgx_device device) {
  std::string kind = device_kind(device.type);
  if (on_host(device) || device.id >= gpu::device_count(device.type)) return kind;
  return kind + " " + gpu::device_facts(device).name;
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
  key.device = device_of(call.device());
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

uint64_t shape_hash(const Call& call) {
  const Schema& schema = call.op().schema;
  uint64_t hash = hash_text(schema.name, hash_text(schema.name_space));
  for (const TensorView& view : call.inputs()) {
    hash = hash_bytes(view.shape, sizeof(int64_t) * static_cast<size_t>(view.ndim), hash);
  }
  return hash;
}

uint64_t shape_hash(std::string_view op, std::string_view exact_shape) {
  const size_t colons = op.find("::");
  const std::string_view name_space = colons == op.npos ? "" : op.substr(0, colons);
  const std::string_view name = colons == op.npos ? op : op.substr(colons + 2);
  uint64_t hash = hash_text(name, hash_text(name_space));
  for (const std::string_view tensor : split(exact_shape, 'x')) {
    std::vector<int64_t> dims;
    if (tensor != "s") {
      for (const std::string_view dim : split(tensor, '_')) {
        std::from_chars(dim.data(), dim.data() + dim.size(), dims.emplace_back(0));
      }
    }
    hash = hash_bytes(dims.data(), sizeof(int64_t) * dims.size(), hash);
  }
  return hash;
}

}  // namespace fgx
