// SPDX-License-Identifier: Apache-2.0
// cross_entropy_loss of class indices.
#pragma once

#include "schema/operator.h"

namespace fgx {

void infer_cross_entropy_loss(const Call& call, std::vector<OutputSpec>& outputs);
// Elements that go into one result.
int64_t cross_entropy_length(const Call& call);
// What a call asks for.
struct CrossEntropyOptions {
  int class_dim;             // of self
  const TensorView* weight;  // null: absent
  int64_t reduction;         // 0: none, 1: mean, 2: sum
  int64_t ignore_index;
  double smoothing;
};
CrossEntropyOptions cross_entropy_options(const Call& call);
RunFn prepare_cross_entropy_loss(const Call& call, KernelState& state);
void cross_entropy_loss_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                               std::vector<OracleTensor>& outputs);

}  // namespace fgx
