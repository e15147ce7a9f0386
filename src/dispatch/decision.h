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
  std::atomic<int64_t> refused_calls{0};  // for their arguments, before a decision
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
  bool profile = false;     // calls are timed now and then
  uint32_t warmup = 0;      // calls of an entry before the first that is timed
  uint32_t shadow = 0;      // every n-th call is compared with stable; 0: never
  bool every_call = false;  // the trace is on, or every pointer is to be checked
  bool trace = false;
  bool check_pointers = false;
};

// Immutable once published.
struct Cell {
  std::vector<std::shared_ptr<Implementation>> order;
  std::vector<Verdict> verdicts;  // all implementations: those of `order` first, in order
  const char* why = "";           // which rule put the first one first
  PerformanceKey key;
  Sampling sampling;
  fgx_device device{};
  bool in_place = false;  // an output aliases an input
  // Selection mode online: successive calls try the candidates in turn, then settle.
  bool exploring = false;
  // Selection mode tune: the candidates are to be measured before this is used.
  bool untuned = false;
  // Implementations that would come first but for an open breaker.
  std::vector<std::shared_ptr<Implementation>> broken;
  // The most trusted implementation of `order`, that others are compared with; nullptr when none.
  std::shared_ptr<Implementation> reference;
  std::shared_ptr<Counters> counters;
};

}  // namespace fgx
