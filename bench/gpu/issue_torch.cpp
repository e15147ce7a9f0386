// SPDX-License-Identifier: Apache-2.0
// The only file of the benchmark that includes PyTorch.
#include "issue_torch.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/add.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/randn.h>
#include <c10/core/InferenceMode.h>
#include <c10/cuda/CUDAStream.h>

namespace {

struct Operands {
  at::Tensor x, y, out;
};
Operands& operands() {
  static Operands instance;
  return instance;
}

}  // namespace

void* torch_add_prepare(int64_t rows, int64_t columns) {
  const auto options = at::TensorOptions().device(at::kCUDA, 0).dtype(at::kFloat);
  operands() = {at::randn({rows, columns}, options), at::randn({rows, columns}, options), {}};
  operands().out = at::empty_like(operands().x);
  const c10::cuda::CUDAStream stream = c10::cuda::getStreamFromPool();
  c10::cuda::setCurrentCUDAStream(stream);
  return stream.stream();
}

void torch_add_run() {
  Operands& all = operands();
  at::add_out(all.out, all.x, all.y);
}
