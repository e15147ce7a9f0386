// SPDX-License-Identifier: Apache-2.0
// Weighted sums of rows.
#include "kernels/stable/loss/cross_entropy_kernels.h"

#include "kernels/common/tile.h"

namespace fgx::FGX_ISA {
namespace {

double weighted_sum(const void* x, DType dtype, int64_t count, const double* weights,
                    double centre) {
  constexpr int64_t kTile = 256;
  constexpr int64_t kLanes = 8;  // partial sums, so that additions do not wait for one another
  const int64_t bytes = kDTypeInfo[static_cast<int>(dtype)].size;
  alignas(64) double tile[kTile];
  double sums[kLanes] = {};
  for (int64_t first = 0; first < count; first += kTile) {
    const int64_t here = count - first < kTile ? count - first : kTile;
    load_tile(tile, static_cast<const char*>(x) + first * bytes, dtype, 1, here);
    for (int64_t i = 0; i < here; ++i) tile[i] -= centre;
    if (weights != nullptr) {
      for (int64_t i = 0; i < here; ++i) tile[i] *= weights[first + i];
    }
    for (int64_t i = here; i % kLanes != 0; ++i) tile[i] = 0;
    for (int64_t i = 0; i < here; i += kLanes) {
      for (int64_t lane = 0; lane < kLanes; ++lane) sums[lane] += tile[i + lane];
    }
  }
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

}  // namespace

extern const CrossEntropyKernels cross_entropy_kernels = {weighted_sum};

}  // namespace fgx::FGX_ISA
