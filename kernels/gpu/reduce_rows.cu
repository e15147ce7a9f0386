// SPDX-License-Identifier: Apache-2.0
// sum, mean and amax over rows that are contiguous.
#include "kernels/gpu/reduce_rows.h"

#define FGX_TYPE FGX_ROW_TYPE

FGX_NUMBERS(Sum, sum, Sum)
FGX_ROW_TYPE(Sum, sum, bool, Bool, Sum)
FGX_ROW_FINISH(Sum, sum, float, float)
FGX_ROW_FINISH(Sum, sum, double, double)
FGX_ROW_FINISH(Sum, sum, int64, int64_t)
FGX_NUMBERS(Max, amax, Order)
FGX_ROW_TYPE(Max, amax, bool, Bool, Order)
FGX_ROW_FINISH(Max, amax, float, float)
FGX_ROW_FINISH(Max, amax, double, double)
FGX_ROW_FINISH(Max, amax, int32, int32_t)
FGX_ROW_FINISH(Max, amax, int64, int64_t)
