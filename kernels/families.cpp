// SPDX-License-Identifier: Apache-2.0
// The list of families.
#include "kernels/families.h"

namespace fgx {

void add_all_operators(Catalogue& catalogue) {
  add_pointwise_operators(catalogue);
  add_loss_operators(catalogue);
  add_reduction_operators(catalogue);
  add_norm_operators(catalogue);
  add_softmax_operators(catalogue);
  add_moe_operators(catalogue);
  add_blas_operators(catalogue);
  add_attention_operators(catalogue);
  add_select_operators(catalogue);
}

}  // namespace fgx
