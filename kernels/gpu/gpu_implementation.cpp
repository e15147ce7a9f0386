// SPDX-License-Identifier: Apache-2.0
// The entries of GPU implementations, available where the build has code and the machine a driver.
#include "kernels/gpu/gpu_implementation.h"

#include "backend/gpu/device.h"

namespace fgx {
namespace {

const char* cuda_unavailable() { return gpu::unavailable(FGX_DEVICE_CUDA); }
const char* rocm_unavailable() { return gpu::unavailable(FGX_DEVICE_ROCM); }

}  // namespace

void add_gpu_implementations(OperatorDef& op, const ImplementationDef& cpu, PrepareFn prepare,
                             WorkspaceFn workspace) {
  const std::string operator_name = cpu.name.substr(cpu.name.rfind('.') + 1);
  for (const int32_t type : {FGX_DEVICE_CUDA, FGX_DEVICE_ROCM}) {
    ImplementationDef implementation = cpu;
    implementation.name =
        std::string(type == FGX_DEVICE_CUDA ? "stable.cuda." : "stable.rocm.") + operator_name;
    implementation.device_type = type;
    implementation.prepare = prepare;
    implementation.workspace = workspace;
    implementation.available = type == FGX_DEVICE_CUDA ? &cuda_unavailable : &rocm_unavailable;
    op.implementations.push_back(std::move(implementation));
  }
}

OperatorDef with_gpu_implementations(OperatorDef op, PrepareFn prepare, WorkspaceFn workspace) {
  const ImplementationDef cpu = op.implementations.back();
  add_gpu_implementations(op, cpu, prepare, workspace);
  return op;
}

}  // namespace fgx
