// SPDX-License-Identifier: Apache-2.0
// Derives the cases that an operator is verified with from its example calls: element types, shapes,
// layouts, attributes, in-place use, and the corners of its implementations' constraints.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "schema/operator.h"
#include "verify/call_spec.h"
#include "verify/inputs.h"

namespace fgx {

// One run of the oracle: a call, and the seed that fixes its values (inputs.h) and its storage.
struct VerifyCase {
  CallSpec spec;
  uint64_t seed = 0;
};

// Seeds of an odd group put inputs and outputs at addresses aligned to the element only, and give
// outputs strides with gaps.
constexpr bool has_loose_storage(uint64_t seed) { return seed / kDistributionCount % 2 == 1; }

enum class CaseTier : uint8_t { kQuick, kFull };

struct CaseOptions {
  CaseTier tier = CaseTier::kQuick;
  std::vector<uint64_t> seeds = {0};  // bases: each gives a fresh set of values
  DTypeSet dtypes = kAllTypes;        // of the first tensor
};

// Cases that are legal for the operator, without duplicates, in an order that depends on nothing but
// the arguments. `constraints` holds one list per implementation to be reached.
std::vector<VerifyCase> derive_cases(std::span<const CallSpec> examples,
                                     std::span<const std::vector<Constraint>* const> constraints,
                                     const CaseOptions& options);

// Gives dimensions of the first tensor that are equal without need different sizes: what is equal by
// chance could not be changed apart.
CallSpec untie(CallSpec spec);

// Whether the operator accepts the call; fills `outputs` when not null.
bool is_legal(const CallSpec& spec, std::vector<OutputSpec>* outputs = nullptr);
// Terms that the oracle works through: elements read and written, and products summed.
int64_t work_of(const CallSpec& spec, const std::vector<OutputSpec>& outputs);
// The first tensor argument that output 0 may be when the call is in place; -1 when there is none.
int in_place_argument(const OperatorDef& op);

}  // namespace fgx
