// SPDX-License-Identifier: Apache-2.0
// Running the candidates of a decision outside the warm path.
#pragma once

#include "dispatch/chain.h"
#include "dispatch/invoke.h"

namespace fgx {

// A bound call with its decision.
struct ColdRun {
  fgx_op& op;
  const fgx_invocation& invocation;
  ColdCall& cold;  // bound and collected
  std::shared_ptr<const Cell> cell;
  const Settings& settings;
  const CallKey* key;  // keep the decision under this key; nullptr: do not
  uint64_t stamp;
};

// Prepares one implementation for the call and runs it on `data` (inputs, then outputs); returns the
// microseconds that the run took. Throws what it throws.
double run_once(const ColdRun& run, const Implementation& implementation, void* const* data);

// Tries the candidates from `start` on until one succeeds; returns it. `execute` false: prepares the
// first that can be, and returns it. Throws what the caller is to see.
const Implementation& run_candidates(const ColdRun& run, Chain& chain, size_t start, bool execute);

// Runs the candidate at `first` in place of the decision's first, timed; falls back to the others.
// `us` receives the time, or a negative number when it failed.
const Implementation& run_timed(const ColdRun& run, Chain& chain, size_t first, double& us);

}  // namespace fgx
