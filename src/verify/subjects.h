// SPDX-License-Identifier: Apache-2.0
// Implementations prepared for timing on one rotated call: what benchmark and tune share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dispatch/context.h"
#include "verify/measure.h"
#include "verify/rotation.h"
#include "verify/runner.h"

namespace fgx {

struct TimedSubject {
  std::shared_ptr<Implementation> implementation;
  std::string error;  // why it does not run here; "" when it does
  std::unique_ptr<PreparedRun> run;
  int64_t overhead_bytes = 0;  // workspace and what it allocated while it ran
  std::vector<double> times;   // microseconds per round

  Group group() const { return implementation->def.group; }
};

// Checks, prepares, and runs it twice, so that no timed run is the first one.
TimedSubject start_subject(std::shared_ptr<Implementation> implementation,
                           const RotatedCall& rotated, bool in_place, const ThreadPool& pool);

// Times those that run, interleaved, and keeps their times.
void time_subjects(std::vector<TimedSubject>& subjects, const RotatedCall& rotated,
                   const MeasureOptions& options);

// Name of the implementation that dispatch would choose now; "" when there is none.
std::string chosen_implementation(fgx_op& op, const CallSpec& spec, const RotatedCall& rotated);

// The first of a group that runs; nullptr when there is none.
const TimedSubject* first_of(const std::vector<TimedSubject>& subjects, Group group);

}  // namespace fgx
