// SPDX-License-Identifier: Apache-2.0
// Shapes, layouts and argument values that the row operators' tests share.
#pragma once

#include <memory>
#include <numeric>
#include <vector>

#include "tests/unit/kernels/operator_case.h"

namespace fgx::testing_support {

inline fgx_value int_list(const std::vector<int64_t>& values) {
  fgx_value v{};
  v.tag = FGX_TAG_INT_LIST;
  v.size = static_cast<uint32_t>(values.size());
  v.as.ints = values.data();
  return v;
}
inline fgx_value element_type(DType dtype) {
  fgx_value v{};
  v.tag = FGX_TAG_DTYPE;
  v.as.dtype = info(dtype).code;
  return v;
}

// Strides of a contiguous tensor, of a transposed one, of every second element, and of rows with a
// gap behind them.
inline std::vector<std::vector<int64_t>> layouts_of(const std::vector<int64_t>& shape) {
  const size_t ndim = shape.size();
  std::vector<int64_t> plain(ndim), transposed(ndim), spread(ndim), padded(ndim);
  int64_t plain_step = 1, transposed_step = 1, padded_step = 1;
  for (size_t back = 1; back <= ndim; ++back) {
    const size_t d = ndim - back;
    plain[d] = plain_step;
    spread[d] = 2 * plain_step;
    padded[d] = padded_step;
    transposed[back - 1] = transposed_step;
    plain_step *= shape[d];
    padded_step *= shape[d] + (back == 1 ? 3 : 0);
    transposed_step *= shape[back - 1];
  }
  return {plain, transposed, spread, padded};
}

// Instruction sets that this machine can run.
inline std::vector<Isa> usable_isas() {
  std::vector<Isa> isas;
  for (int i = 0; i <= static_cast<int>(best_isa()); ++i) isas.push_back(static_cast<Isa>(i));
  return isas;
}

// The bytes of output 0 of the stable implementation, run on `threads` threads.
inline std::vector<char> bytes_with_threads(const char* op_name, const std::vector<fgx_value>& args,
                                            int threads) {
  const OperatorDef& op = *Catalogue::builtin().find(op_name);
  Call inference;
  inference.bind(op, args, {});
  std::deque<TestTensor> outputs;
  std::vector<fgx_tensor*> pointers;
  for (const OutputSpec& spec : inference.infer()) {
    outputs.emplace_back(spec.dtype, spec.shape);
    pointers.push_back(outputs.back().tensor());
  }
  Call call;
  call.bind(op, args, pointers);
  KernelState state;
  const RunFn run = stable_on_cpu(op).prepare(call, state);
  std::vector<void*> data;
  for (const TensorView& input : call.inputs()) data.push_back(input.data);
  for (TestTensor& output : outputs) data.push_back(output.data());
  std::vector<Scalar> scalars;
  for (const int argument : op.dynamic_arguments) scalars.push_back(call.scalar(argument));
  const ThreadPool pool(threads);
  RunArgs run_args{};
  run_args.data = data.data();
  run_args.scalars = scalars.data();
  run_args.pool = &pool;
  run(state, run_args);
  const char* bytes = static_cast<const char*>(outputs[0].data());
  return {bytes, bytes + outputs[0].numel() * size_of(outputs[0].dtype())};
}

}  // namespace fgx::testing_support
