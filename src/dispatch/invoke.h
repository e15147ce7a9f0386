// SPDX-License-Identifier: Apache-2.0
// Running a call: warm from level 1, else through the slow path.
#pragma once

#include "dispatch/cold.h"
#include "dispatch/level1.h"

namespace fgx {

// Runs the operator. Throws what the caller is to see.
void invoke(fgx_op& op, const fgx_invocation& invocation);

// Does the cold work of a call without running it.
void prepare_call(fgx_op& op, const fgx_invocation& invocation);

// Workspace bytes of the implementation that would be chosen now.
size_t call_workspace(fgx_op& op, const fgx_invocation& invocation);

namespace detail {
// The slow path: binds, decides, prepares, runs; keeps the decision under `key` unless it is null.
void run_cold(fgx_op& op, const fgx_invocation& invocation, const CallKey* key, uint64_t stamp);
// A warm call that leaves the fast path, to be measured, compared, traced or probed.
void run_sampled(fgx_op& op, const fgx_invocation& invocation, CallKey& key, Level1Entry& entry,
                 uint64_t stamp);
// A warm call whose implementation failed with the exception that is being handled.
void recover(fgx_op& op, const fgx_invocation& invocation, Level1Entry& entry, uint64_t stamp);
}  // namespace detail

}  // namespace fgx
