// SPDX-License-Identifier: Apache-2.0
// The trace of decisions: a ring of the newest events, exported as Chrome trace JSON.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "dispatch/chain.h"

namespace fgx {

struct TraceEvent {
  int64_t start_ns = 0;
  int64_t duration_ns = 0;
  int64_t thread = 0;
  std::string op;
  std::string implementation;  // who computed it; "" when nobody
  std::string level;           // "level1", "level2", "cold", "plan"
  std::string signature;
  fgx_status status = FGX_OK;
  struct Step {
    std::string implementation;
    std::string error;
  };
  std::vector<Step> chain;  // who failed or refused before
};

class Trace {
 public:
  static constexpr int32_t kMaxCapacity = 1 << 20;

  // Starts anew with room for `capacity` events; 0 stops and keeps what was recorded.
  void start(int32_t capacity);
  void add(TraceEvent event);
  // {"traceEvents": [...], "displayTimeUnit": "ns", "otherData": {...}}
  std::string to_json() const;

 private:
  mutable std::mutex mutex_;
  std::vector<TraceEvent> events_;
  size_t capacity_ = 0;
  size_t next_ = 0;
  int64_t recorded_ = 0;
};

// The event of a call that `chain` went through.
TraceEvent make_trace_event(const fgx_op& op, const Chain* chain, const char* level);
// The calling thread's number in traces.
int64_t trace_thread_id();

}  // namespace fgx
