// SPDX-License-Identifier: Apache-2.0
// The list of families.
#include "kernels/families.h"

#include <memory>

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

const Catalogue& Catalogue::builtin() {
  static const Catalogue* const catalogue = [] {
    auto made = std::make_unique<Catalogue>();
    add_all_operators(*made);
    return made.release();  // lives as long as the process: threads may outlast static destruction
  }();
  return *catalogue;
}

}  // namespace fgx
