// SPDX-License-Identifier: Apache-2.0
// One function per family of operators; each lives in kernels/stable/<family>/<family>_list.cpp.
#pragma once

#include "schema/catalogue.h"

namespace fgx {

void add_pointwise_operators(Catalogue& catalogue);
void add_loss_operators(Catalogue& catalogue);
void add_reduction_operators(Catalogue& catalogue);
void add_norm_operators(Catalogue& catalogue);
void add_softmax_operators(Catalogue& catalogue);
void add_moe_operators(Catalogue& catalogue);
void add_blas_operators(Catalogue& catalogue);
void add_attention_operators(Catalogue& catalogue);
void add_select_operators(Catalogue& catalogue);

// Every family, then the experimental implementations of kernels/experimental.
void add_all_operators(Catalogue& catalogue);

}  // namespace fgx
