// SPDX-License-Identifier: Apache-2.0
// The order that evidence puts candidates in.
#pragma once

#include <vector>

#include "dispatch/context.h"

namespace fgx {

// Reorders `accepted` (in tier order) by what is known of their speed for this call, and writes into
// the verdicts and `cell` what the order rests on.
void order_by_evidence(const fgx_op& op, const Call& call, const ImplementationList& list,
                       const Settings& settings, std::vector<Verdict>& accepted, Cell& cell);

}  // namespace fgx
