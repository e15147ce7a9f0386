// SPDX-License-Identifier: Apache-2.0
// The calls that leave the fast path.
#include "dispatch/sampling.h"

#include <limits>

#include "dispatch/invoke.h"
#include "dispatch/scratch.h"

namespace fgx {

void arm_sampling(Level1Entry& entry, const Cell&) noexcept {
  entry.arm(std::numeric_limits<uint32_t>::max());
}

namespace detail {

void run_sampled(fgx_op& op, const fgx_invocation& invocation, CallKey& key, Level1Entry& entry) {
  Level1Table::settle(entry, std::numeric_limits<uint32_t>::max());
  run_cold(op, invocation, nullptr, op.context->stamp());
  static_cast<void>(key);
}

}  // namespace detail
}  // namespace fgx
