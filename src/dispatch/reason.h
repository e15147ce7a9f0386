// SPDX-License-Identifier: Apache-2.0
// Why dispatch rejected an implementation: one printable code per reason.
#pragma once

#include <cstdint>

namespace fgx {

enum class Reason : uint8_t {
  kAccepted,
  kGroupDisabled,
  kStatusBelowMinimum,
  kUntrusted,
  kQuarantined,
  kBreakerOpen,
  kWrongBackend,
  kNotAvailable,  // detail: why, from the implementation
  kConstraint,    // detail: the constraint's own code and text
  kNotDeterministic,
  kNotBatchInvariant,
  kInPlaceNotSupported,
  kPrepareRefused,  // detail: the implementation's message
  kStrategyExcludes,
  kSlower,          // accepted, but evidence puts another one first
  kRecentFailures,  // accepted, but failures put it behind the others
};

// The code that explain shows, e.g. "group_disabled". Static storage.
const char* reason_code(Reason reason);

}  // namespace fgx
