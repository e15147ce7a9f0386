// SPDX-License-Identifier: Apache-2.0
// Elementwise kernels over dense arrays of one type, from the formulas that the CPU kernels and the oracle
// compile: fgx_<formula>_<dtype>(out, x, y, z, count, p0, p1).
//
// A block covers blockDim.x vectors of 16 bytes, one access per operand and thread; the last thread's
// remainder goes element by element. Pointers are 16-byte aligned. `out` may be an operand.
#include "kernels/gpu/device_math.h"

namespace fgx::device {

template <typename Formula, typename Storage, typename Compute>
FGX_DEVICE_INLINE void apply_dense(Storage* out, const Storage* x, const Storage* y,
                                   const Storage* z, int64_t count, Compute p0, Compute p1) {
  using Elements = Vector<Storage>;
  const int64_t first =
      (static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) * Elements::kSize;
  const DeviceMath m;
  const auto compute = [&](Storage a, Storage b, Storage c) {
    return store_as<Storage>(
        Formula::apply(m, load_as<Compute>(a), load_as<Compute>(b), load_as<Compute>(c), p0, p1));
  };
  if (first + Elements::kSize <= count) {
    Elements operands[3] = {*reinterpret_cast<const Elements*>(x + first)};
    if (Formula::kArity > 1) operands[1] = *reinterpret_cast<const Elements*>(y + first);
    if (Formula::kArity > 2) operands[2] = *reinterpret_cast<const Elements*>(z + first);
    Elements result;
#pragma unroll
    for (int i = 0; i < Elements::kSize; ++i) {
      result.at[i] = compute(operands[0].at[i], operands[1].at[i], operands[2].at[i]);
    }
    *reinterpret_cast<Elements*>(out + first) = result;
    return;
  }
  for (int64_t i = first; i < count; ++i) {
    const Storage zero{};
    out[i] = compute(x[i], Formula::kArity > 1 ? y[i] : zero, Formula::kArity > 2 ? z[i] : zero);
  }
}

}  // namespace fgx::device

#define FGX_KERNEL(name, type, Storage, Compute)                                               \
  extern "C" __global__ void fgx_##name##_##type(                                              \
      fgx::device::Storage* out, const fgx::device::Storage* x, const fgx::device::Storage* y, \
      const fgx::device::Storage* z, int64_t count, Compute p0, Compute p1) {                  \
    fgx::device::apply_dense<fgx::device::name##_formula>(out, x, y, z, count, p0, p1);        \
  }
#define FGX_KERNELS(name)                     \
  FGX_KERNEL(name, float32, Float32, float)   \
  FGX_KERNEL(name, float16, Float16, float)   \
  FGX_KERNEL(name, bfloat16, BFloat16, float) \
  FGX_KERNEL(name, float64, Float64, double)

namespace fgx::device {
using Float32 = float;
using Float64 = double;
}  // namespace fgx::device

#define FGX_UNARY(name, ...) FGX_KERNELS(name)
#define FGX_BINARY(name, ...) FGX_KERNELS(name)
#define FGX_TERNARY(name, ...) FGX_KERNELS(name)
#define FGX_LOSS(name, ...) FGX_KERNELS(name)
#define FGX_CHOICE_UNARY(name, argument, value, ...) FGX_KERNELS(name##_##value)
#define FGX_CHOICE_BINARY(name, argument, value, ...) FGX_KERNELS(name##_##value)
#define FGX_FORMULA_BINARY(name, ...) FGX_KERNELS(name)
#include "kernels/stable/pointwise/pointwise_formulas.inc"
