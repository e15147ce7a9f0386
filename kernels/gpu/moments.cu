// SPDX-License-Identifier: Apache-2.0
// var_mean: over rows, columns and any strides.
#include "kernels/gpu/reduce_rows.h"
#include "kernels/gpu/reduce_tiles.h"

#define FGX_TYPE(name, T)                         \
  FGX_ROW_TYPE(Moments, var_mean, name, T, Order) \
  FGX_TILE_TYPE(Moments, var_mean, name, T, Order)
#define FGX_FINISH(name, Work)                  \
  FGX_ROW_FINISH(Moments, var_mean, name, Work) \
  FGX_TILE_FINISH(Moments, var_mean, name, Work)

FGX_TYPE(float32, Float32)
FGX_TYPE(float16, Float16)
FGX_TYPE(bfloat16, BFloat16)
FGX_TYPE(float64, Float64)
FGX_FINISH(float, float)
FGX_FINISH(double, double)
