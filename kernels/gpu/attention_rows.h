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

// The same for FlatAttention.
struct FlatOffsets {
  int64_t query, key, value, mask, out;

  FGX_DEVICE_INLINE FlatOffsets(const gpu::FlatAttention& a, int group) {
    const int batch = group / a.head_groups;
    const int head = (group - batch * a.head_groups) * a.group_heads;
    const int outer = batch / a.inner_batches;
    const int inner = batch - outer * a.inner_batches;
    const auto offset = [&](const gpu::FlatAttention::Strides& strides, int own_head) {
      return own_head * strides.head + outer * strides.batch[0] + inner * strides.batch[1];
    };
    key = offset(a.key, head / a.heads_per_key);
    value = offset(a.value, head / a.heads_per_value);
    query = offset(a.query, head);
    out = offset(a.out, head);
    mask = a.has_mask != 0 ? offset(a.mask, head) : 0;
  }
};

struct FlatRow {
  int head, query;
  FGX_DEVICE_INLINE FlatRow(const gpu::FlatAttention& a, int row)
      : head(row / a.queries), query(row - head * a.queries) {}
  FGX_DEVICE_INLINE void move(const gpu::FlatAttention& a, int rows) {
    query += rows;
    while (query >= a.queries) {
      query -= a.queries;
      ++head;
    }
  }
  FGX_DEVICE_INLINE int64_t offset(const gpu::FlatAttention::Strides& strides) const {
    return head * strides.head + query * strides.row;
  }
  FGX_DEVICE_INLINE int visible(const gpu::FlatAttention& a) const {
    return a.causal != 0 && query + 1 < a.keys ? query + 1 : a.keys;
  }
};

// Keys that any, and that all, of a tile's rows see.
struct SeenKeys {
  int any, all;
  FGX_DEVICE_INLINE SeenKeys(const gpu::FlatAttention& a, int first_row, int rows)
      : any(a.keys), all(a.keys) {
    if (a.causal == 0) return;
    const int first = first_row % a.queries;
    const int last = first + rows - 1;
    const bool one_head = last < a.queries;
    any = min(a.keys, one_head ? last + 1 : a.queries);
    all = min(a.keys, one_head ? first + 1 : 1);
  }
};

// A scaled score with its mask; `at` is the mask's element.
template <typename Compute, typename Arguments>
FGX_DEVICE_INLINE Compute masked(const Arguments& a, const void* mask, int64_t at, Compute score) {
  if (a.has_mask == 0) return score;
  if (a.mask_type == 0) {
    return static_cast<const Bool*>(mask)[at].byte != 0 ? score
                                                        : -static_cast<Compute>(__builtin_inf());
  }
  return score + load_real<Compute>(mask, a.mask_type, at);
}

}  // namespace fgx::device
