// SPDX-License-Identifier: Apache-2.0
// Calls on tensors of a device that is not there.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "fake_driver.h"
#include "flaggems_exp.h"

namespace fgx::testing_support {

// A tensor of device memory that nothing may read.
struct DeviceTensor {
  DeviceTensor(std::vector<int64_t> dims, fgx_dtype dtype, uintptr_t address,
               std::vector<int64_t> steps = {}, int device = 0)
      : shape(std::move(dims)), strides(std::move(steps)) {
    tensor.data = reinterpret_cast<void*>(address);
    tensor.device = {FGX_DEVICE_CUDA, device};
    tensor.ndim = static_cast<int32_t>(shape.size());
    tensor.dtype = dtype;
    tensor.shape = shape.data();
    tensor.strides = strides.empty() ? nullptr : strides.data();
  }
  fgx_value value() {
    fgx_value made{};
    made.tag = FGX_TAG_TENSOR;
    made.as.tensor = &tensor;
    return made;
  }
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;
  fgx_tensor tensor{};
};

inline fgx_value number(double real) {
  fgx_value made{};
  made.tag = FGX_TAG_FLOAT;
  made.as.real = real;
  return made;
}
inline fgx_value integer(int64_t value) {
  fgx_value made{};
  made.tag = FGX_TAG_INT;
  made.as.integer = value;
  return made;
}
inline fgx_value flag(bool value) {
  fgx_value made{};
  made.tag = FGX_TAG_BOOL;
  made.as.boolean = value ? 1 : 0;
  return made;
}
inline fgx_value none() { return fgx_value{}; }
// Borrows the list.
inline fgx_value integers(const std::vector<int64_t>& list) {
  fgx_value made{};
  made.tag = FGX_TAG_INT_LIST;
  made.size = static_cast<uint32_t>(list.size());
  made.as.ints = list.data();
  return made;
}

inline constexpr fgx_dtype kFloat32{FGX_DTYPE_FLOAT, 32, 1};
inline constexpr fgx_dtype kBFloat16{FGX_DTYPE_BFLOAT, 16, 1};
inline constexpr fgx_dtype kInt32{FGX_DTYPE_INT, 32, 1};
inline constexpr fgx_dtype kInt64{FGX_DTYPE_INT, 64, 1};
inline constexpr fgx_dtype kFloat64{FGX_DTYPE_FLOAT, 64, 1};
inline constexpr uintptr_t kA = 0x10000000, kB = 0x20000000, kOut = 0x30000000;
inline constexpr uintptr_t kC = 0x40000000, kD = 0x50000000, kOut2 = 0x60000000;
inline void* const kStream = reinterpret_cast<void*>(uintptr_t{0xabc0});

class FakeGpuTest : public ::testing::Test {
 protected:
  FakeGpuTest() {
    g_gpu = FakeGpu{.launches = {}, .current = nullptr, .kernels = std::move(g_gpu.kernels)};
    gpu::set_fake_driver(FGX_DEVICE_CUDA, &fake_driver());
    fgx_context_options options{};
    options.struct_size = sizeof options;
    options.flags = FGX_CONTEXT_IGNORE_ENVIRONMENT;
    EXPECT_EQ(fgx_context_create(&options, &context_), FGX_OK);
  }
  ~FakeGpuTest() override {
    fgx_context_destroy(context_);
    gpu::set_fake_driver(FGX_DEVICE_CUDA, nullptr);
  }

  fgx_status call(const char* name, std::vector<fgx_value> args, DeviceTensor& out,
                  void* stream = kStream) {
    fgx_op* op = nullptr;
    EXPECT_EQ(fgx_context_get_op(context_, name, &op), FGX_OK);
    fgx_tensor* outs[] = {&out.tensor};
    return fgx_op_call(op, args.data(), static_cast<int32_t>(args.size()), outs, 1, stream);
  }
  fgx_status call_two(const char* name, std::vector<fgx_value> args, DeviceTensor& first,
                      DeviceTensor& second) {
    fgx_op* op = nullptr;
    EXPECT_EQ(fgx_context_get_op(context_, name, &op), FGX_OK);
    fgx_tensor* outs[] = {&first.tensor, &second.tensor};
    return fgx_op_call(op, args.data(), static_cast<int32_t>(args.size()), outs, 2, kStream);
  }
  const FakeLaunch& last() { return g_gpu.launches.back(); }

  fgx_context* context_ = nullptr;
};

}  // namespace fgx::testing_support
