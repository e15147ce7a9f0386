// SPDX-License-Identifier: Apache-2.0
// sum, mean and amax over columns, and over any strides and types.
#include "kernels/gpu/reduce_tiles.h"

#define FGX_TYPE FGX_TILE_TYPE

FGX_NUMBERS(Sum, sum, Sum)
FGX_TILE_TYPE(Sum, sum, bool, Bool, Sum)
FGX_STRIDED(Sum, sum, to_double, void, double, 1)
FGX_STRIDED(Sum, sum, to_int64, void, int64_t, 1)
FGX_TILE_FINISH(Sum, sum, float, float)
FGX_TILE_FINISH(Sum, sum, double, double)
FGX_TILE_FINISH(Sum, sum, int64, int64_t)
FGX_NUMBERS(Max, amax, Order)
FGX_TILE_TYPE(Max, amax, bool, Bool, Order)
FGX_TILE_FINISH(Max, amax, float, float)
FGX_TILE_FINISH(Max, amax, double, double)
FGX_TILE_FINISH(Max, amax, int32, int32_t)
FGX_TILE_FINISH(Max, amax, int64, int64_t)
