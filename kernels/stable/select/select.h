// SPDX-License-Identifier: Apache-2.0
// Launchers and oracles of the family that moves elements: copy, cat, embedding.
#pragma once

#include "kernels/stable/select/strided_copy.h"
#include "schema/operator.h"

namespace fgx {

enum CopyArgument { kCopySelf, kCopySource };
enum EmbeddingArgument { kWeight, kIndices };

// Rows of a table by index; the call has indices.
struct EmbeddingPlan {
  int64_t rows;        // of the weight
  int64_t width;       // elements of a row
  int64_t row_stride;  // of the weight, in elements
  int64_t element_stride;
  int64_t out_stride;  // along a row
  int64_t bytes;       // of an element
  bool wide_indices;   // int64
  bool flat;           // rows are contiguous in weight and result, indices and result row after row
  CopyPlan walk;       // indices -> result rows; its type is the indices'
};
EmbeddingPlan plan_embedding(const Call& call);

RunFn prepare_copy(const Call& call, KernelState& state);
RunFn prepare_cat(const Call& call, KernelState& state);
RunFn prepare_embedding(const Call& call, KernelState& state);
RunFn prepare_copy_gpu(const Call& call, KernelState& state);
RunFn prepare_cat_gpu(const Call& call, KernelState& state);
RunFn prepare_embedding_gpu(const Call& call, KernelState& state);

// The dimension that cat joins, non-negative, and whether a tensor takes part: 1-d tensors without
// elements are skipped, whatever the rank of the others (an old habit of PyTorch).
int cat_dim(const Call& call);
bool cat_skips(const TensorView& tensor);

void copy_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                 std::vector<OracleTensor>& outputs);
void cat_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                std::vector<OracleTensor>& outputs);
void embedding_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                      std::vector<OracleTensor>& outputs);

}  // namespace fgx
