// SPDX-License-Identifier: Apache-2.0
// The loss family: the FGX_LOSS lines of pointwise_formulas.inc, with their reductions.
#include "kernels/families.h"
#include "kernels/stable/pointwise/pointwise_operator.h"

namespace fgx {
namespace {

int64_t reduce_length(const Call& call) {
  const int64_t reduction = call.integer(call.op().schema.find("reduction"));
  return reduction == 0 ? 1 : call.tensor(0).numel;
}

}  // namespace

void add_loss_operators(Catalogue& catalogue) {
  for (int i = 0; i < static_cast<int>(PointwiseIndex::kCount); ++i) {
    if (!kPointwiseOperators[i].is_loss) continue;
    OperatorDef op = define_pointwise(static_cast<PointwiseIndex>(i));
    op.reduce_length = &reduce_length;
    catalogue.add(std::move(op));
  }
}

}  // namespace fgx
