// SPDX-License-Identifier: Apache-2.0
// The kernels of softmax or log_softmax, whichever FGX_OPERATOR names; FGX_LOG says which it is. Two files, so that
// they compile beside each other.
#include "kernels/gpu/softmax_rows.h"

#define FGX_JOIN(op, rest) fgx_##op##_##rest
#define FGX_NAME(op, rest) FGX_JOIN(op, rest)
#define FGX_KERNEL(rest) FGX_NAME(FGX_OPERATOR, rest)
#define FGX_ROWS(name, In, Out, vectors, threads, access, aligned)                              \
  extern "C" __global__ void __launch_bounds__(threads, 1024 / threads)                         \
      FGX_KERNEL(name##_##vectors##access)(const FGX_IN_PLACE fgx::gpu::RowArguments arguments, \
                                           const fgx::device::In* x, fgx::device::Out* y) {     \
    fgx::device::softmax_rows<FGX_LOG, fgx::device::In, fgx::device::Out, vectors, aligned,     \
                              false>(arguments, x, y);                                          \
  }
#if defined(FGX_CLUSTERS)
#define FGX_CLUSTER(name, In, Out, vectors, access, aligned)                                       \
  extern "C" __global__ void __launch_bounds__(512, 2) FGX_KERNEL(                                 \
      name##_##vectors##_cluster##access)(const FGX_IN_PLACE fgx::gpu::RowArguments arguments,     \
                                          const fgx::device::In* x, fgx::device::Out* y) {         \
    fgx::device::softmax_rows<FGX_LOG, fgx::device::In, fgx::device::Out, vectors, aligned, true>( \
        arguments, x, y);                                                                          \
  }
#else
#define FGX_CLUSTER(name, In, Out, vectors, access, aligned)
#endif
#define FGX_ACCESS(name, In, Out, access, aligned)  \
  FGX_ROWS(name, In, Out, 1, 1024, access, aligned) \
  FGX_ROWS(name, In, Out, 2, 1024, access, aligned) \
  FGX_ROWS(name, In, Out, 4, 512, access, aligned)  \
  FGX_ROWS(name, In, Out, 8, 512, access, aligned)  \
  FGX_CLUSTER(name, In, Out, 4, access, aligned)    \
  FGX_CLUSTER(name, In, Out, 8, access, aligned)
#define FGX_SOFTMAX(name, In, Out)  \
  FGX_ACCESS(name, In, Out, , true) \
  FGX_ACCESS(name, In, Out, _any, false)
#define FGX_STRIDED(name, Out, same)                                                        \
  extern "C" __global__ void __launch_bounds__(512) FGX_KERNEL(strided_##name)(             \
      const FGX_IN_PLACE fgx::gpu::StridedRowArguments arguments, const void* x, void* y) { \
    fgx::device::softmax_strided<FGX_LOG, fgx::device::Out, same>(arguments, x, y);         \
  }

FGX_SOFTMAX(float32, Float32, Float32)
FGX_SOFTMAX(float16, Float16, Float16)
FGX_SOFTMAX(bfloat16, BFloat16, BFloat16)
FGX_SOFTMAX(float64, Float64, Float64)
FGX_SOFTMAX(float16_float32, Float16, Float32)
FGX_SOFTMAX(bfloat16_float32, BFloat16, Float32)
FGX_STRIDED(float32, Float32, true)
FGX_STRIDED(float16, Float16, true)
FGX_STRIDED(bfloat16, BFloat16, true)
FGX_STRIDED(float64, Float64, true)
FGX_STRIDED(to_float, Float32, false)
FGX_STRIDED(to_double, Float64, false)
