// SPDX-License-Identifier: Apache-2.0
// A driver without a GPU: two devices, contexts that are numbers, "device" memory that must never be touched; it
// records launches and fails the n-th call when told to.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "backend/gpu/driver.h"

namespace fgx::testing_support {

struct FakeLaunch {
  std::string kernel;
  void* context;
  unsigned grid;
  unsigned block;
  void* stream;
  unsigned cluster = 1;
  std::vector<void*> parameters;  // the first eight bytes of the first three arguments
};

struct FakeGpu {
  static constexpr int kDevices = 2;
  std::vector<FakeLaunch> launches;
  void* current = nullptr;
  int fail_at = -1;  // calls until the one that fails; negative: none
  int fail_status = 2;
  int calls = 0;
  int capturing = 0;                     // what streams answer
  std::vector<size_t> allocations = {};  // bytes; addresses are 0x40000000 times the number of each
  int clusters_at_once = 100;
  // Kernel names; a handle is an index + 1, times 16, plus 1 when it serves any context.
  std::vector<std::string> kernels;
};
inline FakeGpu g_gpu;

// Context of device i: 0x1000 + i. A context of the caller's own: 0x2000 + i.
inline void* fake_context(int device, bool own = false) {
  return reinterpret_cast<void*>(uintptr_t{own ? 0x2000u : 0x1000u} +
                                 static_cast<unsigned>(device));
}

inline int step() {
  ++g_gpu.calls;
  if (g_gpu.fail_at < 0) return 0;
  return g_gpu.fail_at-- == 0 ? g_gpu.fail_status : 0;
}

inline const gpu::Driver& fake_driver() {
  static constexpr int kAttributes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  static const gpu::Driver driver = [] {
    gpu::Driver made{};
    made.name = "cuda";
    made.device_type = FGX_DEVICE_CUDA;
    made.attributes = kAttributes;
    made.needs_images = false;
    made.driver_version = [](int* version) { return *version = 13000, step(); };
    made.device_count = [](int* count) { return *count = FakeGpu::kDevices, step(); };
    made.device_get = [](int* device, int ordinal) { return *device = 40 + ordinal, step(); };
    made.device_name = [](char* name, int size, int) {
      std::strncpy(name, "Fake GPU", static_cast<size_t>(size));
      return step();
    };
    made.device_memory = [](size_t* bytes, int) { return *bytes = size_t{1} << 34, step(); };
    made.device_attribute = [](int* value, int attribute, int) {
      constexpr int kValues[] = {132, 9, 0, 50 << 20, 1755000, 3201000, 32, 49152, 232448};
      return *value = kValues[attribute], step();
    };
    made.context_retain = [](void** context, int device) {
      return *context = fake_context(device - 40), step();
    };
    made.context_current = [](void** context) { return *context = g_gpu.current, step(); };
    made.context_set = [](void* context) { return g_gpu.current = context, 0; };
    made.context_device = [](int* device) {
      *device = 40 + static_cast<int>(reinterpret_cast<uintptr_t>(g_gpu.current) & 0xf);
      return step();
    };
    made.library_load = [](void** library, const void*, int*, void**, unsigned, int*, void**,
                           unsigned) {
      return *library = reinterpret_cast<void*>(uintptr_t{0x77}), step();
    };
    made.library_kernel = [](void** kernel, void*, const char* name) {
      g_gpu.kernels.push_back(name);
      *kernel = reinterpret_cast<void*>(g_gpu.kernels.size() * 16 + 1);
      return step();
    };
    made.kernel_function = [](void** function, void* kernel) {
      *function = reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(kernel) - 1);
      return step();
    };
    made.launch = [](void* function, unsigned grid, unsigned, unsigned, unsigned block, unsigned,
                     unsigned, unsigned, void* stream, void** parameters, void**) {
      const int status = step();
      if (status != 0) return status;
      const uintptr_t handle = reinterpret_cast<uintptr_t>(function);
      FakeLaunch launch{
          g_gpu.kernels.at(handle / 16 - 1), g_gpu.current, grid, block, stream, 1, {}};
      // A kernel for the primary context is launched nowhere else.
      if ((handle & 1) == 0 && (reinterpret_cast<uintptr_t>(g_gpu.current) & 0x1000) == 0)
        return 201;
      for (int i = 0; i < 3; ++i) launch.parameters.push_back(*static_cast<void**>(parameters[i]));
      g_gpu.launches.push_back(launch);
      return 0;
    };
    made.stream_capture_status = [](void*, int* status) {
      return *status = g_gpu.capturing, step();
    };
    made.memory_allocate = [](void** address, size_t bytes) {
      const int status = step();
      if (status != 0) return status;
      g_gpu.allocations.push_back(bytes);
      *address = reinterpret_cast<void*>(0x40000000 * g_gpu.allocations.size());
      return 0;
    };
    made.launch_clusters = [](const gpu::LaunchConfig* config, void* function, void** parameters,
                              void** extra) {
      const int status =
          fake_driver().launch(function, config->grid[0], config->grid[1], config->grid[2],
                               config->block[0], config->block[1], config->block[2],
                               config->shared_bytes, config->stream, parameters, extra);
      if (status == 0) {
        g_gpu.launches.back().cluster =
            static_cast<const gpu::ClusterAttribute*>(config->attributes)->size[0];
      }
      return status;
    };
    made.function_set = [](void*, int, int) { return step(); };
    made.kernel_set = [](int, int, void*, int) { return step(); };
    made.clusters_at_once = [](int* count, void*, const gpu::LaunchConfig*) {
      return *count = g_gpu.clusters_at_once, step();
    };
    made.error_name = [](int, const char** name) { return *name = "FAKE_ERROR", 0; };
    return made;
  }();
  return driver;
}

}  // namespace fgx::testing_support
