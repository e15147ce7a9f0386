// SPDX-License-Identifier: Apache-2.0
// Merging of dimensions.
#include "kernels/common/row_walk.h"

namespace fgx {

int merge_dims(WalkDim* dims, int count) {
  int merged = 0;
  for (int d = 0; d < count; ++d) {
    const WalkDim next = dims[d];
    if (next.size == 1) continue;
    if (merged > 0 && dims[merged - 1].in_stride == next.in_stride * next.size &&
        dims[merged - 1].out_stride == next.out_stride * next.size) {
      dims[merged - 1] = {dims[merged - 1].size * next.size, next.in_stride, next.out_stride};
    } else {
      dims[merged++] = next;
    }
  }
  return merged;
}

bool RowWalk::assign(const WalkDim* merged, int merged_count) {
  if (merged_count > kMaxDims) return false;
  ndim = merged_count;
  count = 1;
  for (int d = 0; d < merged_count; ++d) {
    dims[d] = merged[d];
    count *= merged[d].size;
  }
  return true;
}

}  // namespace fgx
