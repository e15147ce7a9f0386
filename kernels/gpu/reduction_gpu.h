// SPDX-License-Identifier: Apache-2.0
// sum, mean, amax, argmax, max and var_mean on a GPU.
#pragma once

#include "schema/operator.h"

namespace fgx {

// Throw Unsupported where this build has no code for the device.
RunFn prepare_sum_gpu(const Call& call, KernelState& state);
RunFn prepare_mean_gpu(const Call& call, KernelState& state);
RunFn prepare_amax_gpu(const Call& call, KernelState& state);
RunFn prepare_argmax_gpu(const Call& call, KernelState& state);
RunFn prepare_max_gpu(const Call& call, KernelState& state);
RunFn prepare_var_mean_gpu(const Call& call, KernelState& state);

// Scratch bytes on the device.
size_t sum_workspace_gpu(const Call& call);
size_t amax_workspace_gpu(const Call& call);
size_t argmax_workspace_gpu(const Call& call);
size_t max_workspace_gpu(const Call& call);
size_t var_mean_workspace_gpu(const Call& call);

}  // namespace fgx
