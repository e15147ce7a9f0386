// SPDX-License-Identifier: Apache-2.0
// Decisions: which implementations may run a call, and in what order.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dispatch/context.h"

namespace fgx {

// The wish of one invocation.
struct CallWish {
  bool deterministic = false;
  bool batch_invariant = false;
  bool in_place = false;    // an output aliases an input
  bool has_outputs = true;  // false: explain and infer without outputs
};

CallWish make_wish(const Settings& settings, uint32_t invoke_flags, const Call& call);

// The outcome of every distinct constraint for a call, one byte each.
void evaluate_constraints(const ImplementationList& list, const Call& call,
                          std::vector<uint8_t>& outcomes);

// Writes the key of the call's cell: what every candidate check depends on besides the context's
// state. Allocates only until `key` has grown to its size.
void build_cell_key(const fgx_op& op, const Call& call, const CallWish& wish,
                    const Settings& settings, const std::vector<uint8_t>& outcomes,
                    std::string& key);

// Filters and orders the candidates.
std::shared_ptr<Cell> decide(const fgx_op& op, const Call& call, const CallWish& wish,
                             const ImplementationList& list, const Settings& settings,
                             const std::vector<uint8_t>& outcomes);

// Throws NoValidImplementation or ShapeNotSupported, naming why each candidate was rejected.
[[noreturn]] void fail_without_candidates(const fgx_op& op, const Call& call, const Cell& cell);

// A rejection in words, e.g. "rows of self in 1..64" for a constraint.
std::string verdict_detail(const Context& context, const Call& call, const Verdict& verdict);

}  // namespace fgx
