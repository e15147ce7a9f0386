// SPDX-License-Identifier: Apache-2.0
// What dispatch decided for a cell of calls: the implementations that may run it, best first.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dispatch/implementation.h"
#include "dispatch/performance_key.h"
#include "dispatch/reason.h"

namespace fgx {

// Counters of one context, shared with the level-1 entries that report to it.
struct Counters {
  std::atomic<int64_t> level1_hits{0};
  std::atomic<int64_t> level2_hits{0};
  std::atomic<int64_t> cold_decisions{0};
  std::atomic<int64_t> uncacheable_calls{0};
  std::atomic<int64_t> failed_calls{0};  // refused before a decision
  std::atomic<int64_t> fallbacks{0};
  std::atomic<int64_t> failures{0};  // of implementations
  std::atomic<int64_t> breaker_openings{0};
  std::atomic<int64_t> breaker_probes{0};
  std::atomic<int64_t> quarantines{0};
  std::atomic<int64_t> shadow_checks{0};
  std::atomic<int64_t> shadow_disagreements{0};
  std::atomic<int64_t> profiled_calls{0};
  std::atomic<int64_t> slow_results{0};
  std::atomic<int64_t> plan_binds{0};
};

// One implementation's fate in a decision.
struct Verdict {
  std::shared_ptr<Implementation> implementation;
  Reason reason = Reason::kAccepted;
  int32_t constraint = -1;  // of kConstraint: index in the implementation's list
  std::string evidence;     // what the order rests on, when it is more than the tier
};

// How often warm calls of a cell leave the fast path.
struct Sampling {
  uint32_t profile = 0;     // every n-th call is timed; 0: never
  uint32_t shadow = 0;      // every n-th call is compared with stable; 0: never
  bool every_call = false;  // trace, check_pointers=always, online exploration
};

// Immutable once published, but for the atomics.
struct Cell {
  std::vector<std::shared_ptr<Implementation>> order;
  std::vector<Verdict> verdicts;  // all implementations: those of `order` first, in order
  const char* why = "";           // which rule put the first one first
  PerformanceKey key;
  Sampling sampling;
  bool in_place = false;  // an output aliases an input
  // The calls of this cell compare shapes exactly, for there is evidence per exact shape.
  bool exact = false;
  // Implementations that would come first but for an open breaker.
  std::vector<std::shared_ptr<Implementation>> broken;
  // The most trusted implementation of `order`, that others are compared with; nullptr when none.
  std::shared_ptr<Implementation> reference;
  std::shared_ptr<Counters> counters;
  // Set when a result proved slow: later calls avoid `order`'s first.
  mutable std::atomic<int32_t> rounds{0};  // of online exploration
};

}  // namespace fgx
