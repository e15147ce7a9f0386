// SPDX-License-Identifier: Apache-2.0
// The rule that amax and argmax of nothing do not exist.
#include "base/error.h"
#include "kernels/stable/reduction/reduce.h"

namespace fgx {

void require_elements(const Call& call, int dim_argument, const TensorView& self,
                      uint32_t reduced) {
  if (self.numel != 0) return;
  const bool named = call.has(dim_argument) &&
                     (!call.ints(dim_argument).empty() || call.scalar(dim_argument).present());
  if (!named) {
    fail_argument(FGX_INVALID_ARGUMENT, dim_argument,
                  "reducing a tensor without elements needs a dim that is not empty");
  }
  for (int d = 0; d < self.ndim; ++d) {
    if (((reduced >> d) & 1u) != 0 && self.shape[d] == 0) {
      fail_argument(FGX_INVALID_ARGUMENT, dim_argument, "dim %d has size 0: nothing to reduce", d);
    }
  }
}

}  // namespace fgx
