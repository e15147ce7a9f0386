// SPDX-License-Identifier: Apache-2.0
// Geometry of one attention call.
#pragma once

#include <cstdint>

#include "kernels/stable/attention/attention_kernels.h"
#include "schema/call.h"

namespace fgx {

// A unit of work is a group: the query heads that share one head of keys and one of values. Its rows,
// group_heads x queries of them, are computed together, so that keys and values are read once for all.
struct AttentionPlan {
  GemmType type;
  GemmMode mode;
  DType dtype;
  DType mask_type;
  bool has_mask;
  bool causal;
  bool few_rows;  // rows read keys and values unpacked (decoding)
  int32_t batch_dims;
  int32_t slots;
  int32_t parts;  // pieces of the keys that few rows are split into, to occupy all threads
  double scale;
  int64_t queries, keys, size, value_size;  // L, S, E, Ev
  int64_t groups;                           // over all batches
  int64_t head_groups;                      // of one batch
  int64_t group_heads;
  int64_t rows;        // of a group
  int64_t block_rows;  // taken at once
  // Query heads per head of keys and of values.
  int64_t heads_per_key, heads_per_value;
  // Strides in elements: of the head dimension, of rows, along the last dimension.
  struct Strides {
    int64_t head, row, element;
    int64_t batch[FGX_MAX_RANK];
  };
  Strides query, key, value, mask, out;
  int64_t batch_sizes[FGX_MAX_RANK];
};

AttentionPlan plan_attention(const Call& call);

// Bytes of scratch that each slot, and the partial results of split keys, take.
struct AttentionScratch {
  int64_t dense_query, packed_query, scores, weights, panel, sums, state;
  int64_t slot;      // all of the above
  int64_t partials;  // of the whole call
};
AttentionScratch attention_scratch(const AttentionPlan& plan);

inline constexpr int64_t kKeyBlock = 256;  // keys taken at once

}  // namespace fgx
