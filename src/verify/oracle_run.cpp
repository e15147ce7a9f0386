// SPDX-License-Identifier: Apache-2.0
// Conversion to oracle tensors, inference of the outputs, and the run.
#include "verify/oracle_run.h"

#include "base/error.h"
#include "verify/call_spec.h"
#include "verify/elements.h"

namespace fgx {

OracleTensor to_oracle(const TensorView& tensor) {
  OracleTensor result;
  result.dtype = tensor.dtype;
  result.shape.assign(tensor.shape, tensor.shape + tensor.ndim);
  const auto count = static_cast<size_t>(tensor.numel);
  if (is_float(tensor.dtype)) {
    result.reals.resize(count);
    for_each_element(tensor, [&](void* element, int64_t i) {
      result.reals[static_cast<size_t>(i)] = load_real(element, tensor.dtype);
    });
  } else {
    result.integers.resize(count);
    for_each_element(tensor, [&](void* element, int64_t i) {
      result.integers[static_cast<size_t>(i)] = load_integer(element, tensor.dtype);
    });
  }
  return result;
}

std::vector<OracleTensor> oracle_inputs(const Call& call) {
  std::vector<OracleTensor> inputs;
  for (const TensorView& input : call.inputs()) inputs.push_back(to_oracle(input));
  return inputs;
}

std::vector<OracleTensor> run_oracle(const Call& call, const std::vector<OracleTensor>& inputs) {
  std::vector<OutputSpec> specs;
  call.op().infer(call, specs);
  std::vector<OracleTensor> outputs;
  for (const OutputSpec& spec : specs) {
    OracleTensor& output = outputs.emplace_back();
    output.dtype = spec.dtype;
    output.shape = spec.shape;
    const auto count = static_cast<size_t>(product(spec.shape));
    if (is_float(spec.dtype)) {
      output.reals.assign(count, 0.0);
    } else {
      output.integers.assign(count, 0);
    }
  }
  call.op().oracle(call, inputs, outputs);
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto count = static_cast<size_t>(product(specs[i].shape));
    const size_t filled =
        is_float(specs[i].dtype) ? outputs[i].reals.size() : outputs[i].integers.size();
    if (outputs[i].dtype != specs[i].dtype || outputs[i].shape != specs[i].shape ||
        filled != count) {
      fail(FGX_INTERNAL, "the oracle of %s changed the type or size of output %zu",
           call.op().schema.qualified_name().c_str(), i);
    }
    // Integers wrap to their type, as the kernels' do.
    for (int64_t& value : outputs[i].integers) {
      alignas(8) unsigned char bytes[8];
      store_integer(bytes, outputs[i].dtype, value);
      value = load_integer(bytes, outputs[i].dtype);
    }
  }
  return outputs;
}

}  // namespace fgx
