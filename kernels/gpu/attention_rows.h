// SPDX-License-Identifier: Apache-2.0
// What attention's kernels share: where a group's tensors lie, which keys a row sees, and its mask.
#pragma once

#include "kernels/gpu/attention_arguments.h"
#include "kernels/gpu/real_element.h"

namespace fgx::device {

struct GroupOffsets {
  int64_t query, key, value, mask, out;

  FGX_DEVICE_INLINE GroupOffsets(const gpu::AttentionArguments& a, int64_t group) {
    const int64_t head = group % a.head_groups * a.group_heads;
    int64_t rest = group / a.head_groups;
    query = head * a.query.head;
    key = head / a.heads_per_key * a.key.head;
    value = head / a.heads_per_value * a.value.head;
    mask = head * a.mask.head;
    out = head * a.out.head;
    for (int d = a.batch_dims - 1; d >= 0; --d) {
      const int64_t index = rest % a.batch_sizes[d];
      rest /= a.batch_sizes[d];
      query += index * a.query.batch[d];
      key += index * a.key.batch[d];
      value += index * a.value.batch[d];
      mask += index * a.mask.batch[d];
      out += index * a.out.batch[d];
    }
  }
};

// One row of a group: the rows of its first query head come first.
struct GroupRow {
  int64_t head, query;
  FGX_DEVICE_INLINE GroupRow(const gpu::AttentionArguments& a, int64_t row)
      : head(row / a.queries), query(row - head * a.queries) {}
  FGX_DEVICE_INLINE int64_t offset(const gpu::AttentionArguments::Strides& strides) const {
    return head * strides.head + query * strides.row;
  }
  // Keys from the first that causality lets it see.
  FGX_DEVICE_INLINE int64_t visible(const gpu::AttentionArguments& a) const {
    return a.causal != 0 && query + 1 < a.keys ? query + 1 : a.keys;
  }
};

// A scaled score with its mask; `at` is the mask's element.
template <typename Compute>
FGX_DEVICE_INLINE Compute masked(const gpu::AttentionArguments& a, const void* mask, int64_t at,
                                 Compute score) {
  if (a.has_mask == 0) return score;
  if (a.mask_type == 0) {
    return static_cast<const Bool*>(mask)[at].byte != 0 ? score
                                                        : -static_cast<Compute>(__builtin_inf());
  }
  return score + load_real<Compute>(mask, a.mask_type, at);
}

}  // namespace fgx::device
