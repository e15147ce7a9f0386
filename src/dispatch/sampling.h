// SPDX-License-Identifier: Apache-2.0
// Calls that leave the fast path: to be timed, compared with stable, traced, explored, or to probe.
#pragma once

#include <string>

#include "dispatch/level1.h"
#include "dispatch/run_cold.h"

namespace fgx {

// Sets how many calls of a new entry stay on the fast path.
void start_sampling(Level1Entry& entry, const Cell& cell) noexcept;

// Runs the decision's first candidate into scratch and the reference into the caller's outputs, and
// compares; disagreement quarantines. Returns who computed the caller's outputs.
const Implementation& run_shadowed(const ColdRun& run, Chain& chain);
// Selection mode online: lets the candidate whose turn it is compute the call, timed.
const Implementation& run_exploring(const ColdRun& run, Chain& chain);

// Throws InvalidArgument when an extent of a CPU tensor reaches memory that is not mapped.
void check_mapped(const fgx_op& op, const Call& call);

void trace_call(const ColdRun& run, const Chain& chain, const char* level, int64_t start_ns,
                const std::string& implementation, fgx_status status);

}  // namespace fgx
