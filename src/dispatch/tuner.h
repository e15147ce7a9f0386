// SPDX-License-Identifier: Apache-2.0
// Selection mode tune: measures all candidates of a call before its first decision.
#pragma once

#include "dispatch/run_cold.h"

namespace fgx {

// Runs all candidates of the decision interleaved in random order into scratch outputs, compares each
// with the reference (disagreement quarantines), and records the ratios. The caller's outputs are
// untouched. A candidate that fails is left out.
void tune_call(const ColdRun& run);

}  // namespace fgx
