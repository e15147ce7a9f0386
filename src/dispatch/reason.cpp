// SPDX-License-Identifier: Apache-2.0
// Codes of the rejection reasons.
#include "dispatch/reason.h"

namespace fgx {

const char* reason_code(Reason reason) {
  switch (reason) {
    case Reason::kAccepted:
      return "accepted";
    case Reason::kGroupDisabled:
      return "group_disabled";
    case Reason::kStatusBelowMinimum:
      return "status_below_minimum";
    case Reason::kUntrusted:
      return "untrusted";
    case Reason::kQuarantined:
      return "quarantined";
    case Reason::kBreakerOpen:
      return "breaker_open";
    case Reason::kWrongBackend:
      return "wrong_backend";
    case Reason::kNotAvailable:
      return "not_available";
    case Reason::kConstraint:
      return "constraint";
    case Reason::kNotDeterministic:
      return "not_deterministic";
    case Reason::kNotBatchInvariant:
      return "not_batch_invariant";
    case Reason::kInPlaceNotSupported:
      return "in_place_not_supported";
    case Reason::kPrepareRefused:
      return "prepare_refused";
    case Reason::kStrategyExcludes:
      return "strategy_excludes";
    case Reason::kSlower:
      return "slower";
    case Reason::kRecentFailures:
      return "recent_failures";
  }
  return "unknown";
}

}  // namespace fgx
