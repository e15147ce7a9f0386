// SPDX-License-Identifier: Apache-2.0
// Which warm calls leave the fast path: to be timed, compared with stable, traced, or to probe.
#pragma once

#include "dispatch/level1.h"

namespace fgx {

// Sets how many calls of a new entry stay on the fast path.
void arm_sampling(Level1Entry& entry, const Cell& cell) noexcept;

}  // namespace fgx
