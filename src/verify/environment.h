// SPDX-License-Identifier: Apache-2.0
// The circumstances of a measurement, stamped on every report: figures mean nothing without them.
#pragma once

#include <functional>
#include <string>

#include "backend/cpu/thread_pool.h"
#include "base/json.h"
#include "flaggems_exp.h"

namespace fgx {

// {"device", "cpu", "isa", "threads", "cores", "last_level_cache_bytes", "governor", "library_version",
// "compiler", "system", "measured_at"}, and "gpu" for a device; what the machine does not tell is null.
Json measurement_environment(const ThreadPool& pool, fgx_device device = {FGX_DEVICE_CPU, 0});

// The architecture that evidence is valid for: "x86_64-avx512" of the CPU, "cuda-9.0" of a GPU.
std::string architecture_name(fgx_device device = {FGX_DEVICE_CPU, 0});
// The processor that evidence was taken on: the CPU's name, or the GPU's.
std::string processor_name(fgx_device device);

// How many bytes the process's resident memory grew by, at its peak, while `work` ran; -1 where the
// system does not tell. Pages, so small growth may not show.
int64_t peak_memory_growth(const std::function<void()>& work);

}  // namespace fgx
