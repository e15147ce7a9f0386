// SPDX-License-Identifier: Apache-2.0
// Overlap of strided tensors, by byte ranges and by the periods of their strides.
#include "tensor/overlap.h"

#include <algorithm>

#include "base/error.h"
#include "tensor/dims.h"

namespace fgx {
namespace {

// Dimensions of more than one element, in bytes, largest stride first.
struct Walk {
  int count = 0;
  int64_t size[FGX_MAX_RANK];
  int64_t stride[FGX_MAX_RANK];
  int64_t itemsize = 1;

  // Bytes that the dimensions from `first` on reach over.
  int64_t reach(int first) const {
    int64_t bytes = itemsize;
    for (int i = first; i < count; ++i) bytes += (size[i] - 1) * stride[i];
    return bytes;
  }
};

Walk walk_of(const TensorView& tensor) {
  Walk walk;
  walk.itemsize = size_of(tensor.dtype);
  for (int i = 0; i < tensor.ndim; ++i) {
    // Along a stride of 0 all elements are one.
    if (tensor.shape[i] == 1 || tensor.strides[i] == 0) continue;
    const int64_t stride = tensor.strides[i] * walk.itemsize;
    int at = walk.count++;
    for (; at > 0 && walk.stride[at - 1] < stride; --at) {
      walk.stride[at] = walk.stride[at - 1];
      walk.size[at] = walk.size[at - 1];
    }
    walk.stride[at] = stride;
    walk.size[at] = tensor.shape[i];
  }
  return walk;
}

// Whether the bytes that `a` (dimensions from `i` on) and `b` (from `j` on, starting `offset` bytes
// after a) visit may meet. Both walks lie in periods of the largest stride: when neither crosses the
// end of its period, only what lies within one period can meet.
// `budget` bounds the work on strides made to branch at every level.
bool may_meet(const Walk& a, int i, const Walk& b, int j, int64_t offset, int& budget) {
  if (offset >= a.reach(i) || -offset >= b.reach(j)) return false;
  const int64_t stride_a = i < a.count ? a.stride[i] : 0;
  const int64_t stride_b = j < b.count ? b.stride[j] : 0;
  const int64_t period = std::max(stride_a, stride_b);
  if (period == 0 || --budget < 0) return true;  // single elements that meet, or no end in sight
  const int next_i = stride_a == period ? i + 1 : i;
  const int next_j = stride_b == period ? j + 1 : j;
  if (a.reach(next_i) > period || b.reach(next_j) > period) return true;
  int64_t within = offset % period;
  if (within < 0) within += period;
  // b starts `within` bytes after an element of a's period, and `period - within` before the next.
  return may_meet(a, next_i, b, next_j, within, budget) ||
         may_meet(a, next_i, b, next_j, within - period, budget);
}

bool same_geometry(const TensorView& a, const TensorView& b) {
  if (a.ndim != b.ndim) return false;
  for (int i = 0; i < a.ndim; ++i) {
    if (a.shape[i] != b.shape[i]) return false;
    if (a.shape[i] != 1 && a.strides[i] != b.strides[i]) return false;
  }
  return true;
}

}  // namespace

Overlap overlap(const TensorView& a, const TensorView& b) {
  if (a.numel == 0 || b.numel == 0) return Overlap::kDisjoint;
  const auto begin_a = reinterpret_cast<uintptr_t>(a.data);
  const auto begin_b = reinterpret_cast<uintptr_t>(b.data);
  if (begin_a == begin_b && a.dtype == b.dtype && same_geometry(a, b)) return Overlap::kExact;
  if (begin_a <= begin_b) {
    if (begin_b - begin_a >= static_cast<uintptr_t>(extent_bytes(a))) return Overlap::kDisjoint;
  } else if (begin_a - begin_b >= static_cast<uintptr_t>(extent_bytes(b))) {
    return Overlap::kDisjoint;
  }
  if (a.contiguous && b.contiguous) return Overlap::kPartial;
  const int64_t offset = static_cast<int64_t>(begin_b - begin_a);
  int budget = 256;
  return may_meet(walk_of(a), 0, walk_of(b), 0, offset, budget) ? Overlap::kPartial
                                                                : Overlap::kDisjoint;
}

bool overlaps_itself(const TensorView& tensor) {
  if (tensor.numel <= 1 || tensor.contiguous) return false;
  for (int i = 0; i < tensor.ndim; ++i) {
    if (tensor.shape[i] > 1 && tensor.strides[i] == 0) return true;
  }
  const Walk walk = walk_of(tensor);
  for (int i = 0; i < walk.count; ++i) {
    if (walk.stride[i] < walk.reach(i + 1)) return true;
  }
  return false;
}

int64_t extent_bytes(const TensorView& tensor) {
  if (tensor.numel == 0) return 0;
  int64_t elements = 1;
  bool overflow = false;
  for (int i = 0; i < tensor.ndim; ++i) {
    int64_t step = 0;
    overflow |= __builtin_mul_overflow(tensor.shape[i] - 1, tensor.strides[i], &step);
    overflow |= __builtin_add_overflow(elements, step, &elements);
  }
  int64_t bytes = 0;
  overflow |= __builtin_mul_overflow(elements, size_of(tensor.dtype), &bytes);
  if (overflow) {
    fail(FGX_INVALID_ARGUMENT, "shape %s with strides %s reaches beyond 64-bit addresses",
         shape_text(tensor.dims()).c_str(),
         shape_text({tensor.strides, static_cast<size_t>(tensor.ndim)}).c_str());
  }
  return bytes;
}

}  // namespace fgx
