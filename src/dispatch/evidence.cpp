// SPDX-License-Identifier: Apache-2.0
// Reorders candidates by measured speed.
#include "dispatch/evidence.h"

namespace fgx {

void order_by_evidence(const fgx_op&, const Call&, const ImplementationList&, const Settings&,
                       std::vector<Verdict>&, Cell&) {}

}  // namespace fgx
