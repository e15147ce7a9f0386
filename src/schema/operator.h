// SPDX-License-Identifier: Apache-2.0
// An operator: schema, type and shape rule, float64 oracle, and implementations, best first.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "schema/kernel.h"
#include "schema/output_spec.h"
#include "schema/schema.h"

namespace fgx {

enum class Family : uint8_t {
  kPointwise,
  kReduction,
  kNorm,
  kSoftmax,
  kBlas,
  kSelect,
  kMoe,
  kAttention,
  kLoss,
};
const char* family_name(Family family);
// The plan's category: pointwise, reduction, blas or custom.
const char* category_name(Family family);

// Type and shape rule: fills one spec per output from shapes, dtypes and attributes (`outputs` arrives
// empty); throws InvalidArgument (with the argument's index) for illegal combinations. Reads no data.
// src/schema/type_rules.h has the usual ones.
using InferFn = void (*)(const Call& call, std::vector<OutputSpec>& outputs);

// A tensor of the oracle: contiguous, in float64, or in int64 where the dtype is integer or bool
// (so that integer arithmetic is exact and wraps).
struct OracleTensor {
  DType dtype = DType::kFloat32;
  std::vector<int64_t> shape;
  std::vector<double> reals;      // of float types
  std::vector<int64_t> integers;  // of integer types and bool
  bool present = true;
  int64_t numel() const;
  // Element as double, whatever the kind.
  double at(int64_t i) const { return reals.empty() ? static_cast<double>(integers[i]) : reals[i]; }
};
// The plain reference. Inputs are the (already rounded) inputs of the call in Call::inputs() order;
// outputs have dtype and shape set and are to be filled. Attributes come from the call. Written for
// clarity, not speed; shares no code with any kernel.
using OracleFn = void (*)(const Call& call, const std::vector<OracleTensor>& inputs,
                          std::vector<OracleTensor>& outputs);

// What the tolerance of design section 9 scales with: how many terms go into one output element.
using WorkFn = int64_t (*)(const Call& call);

struct OperatorDef {
  // In ATen's notation, "fgx::" for operators ATen lacks.
  std::string schema_text;
  Family family = Family::kPointwise;
  InferFn infer = nullptr;
  OracleFn oracle = nullptr;
  WorkFn reduce_length = nullptr;  // nullptr: 1
  // Attributes whose value is a launch argument, not part of a decision (their kind still is).
  std::vector<std::string> dynamic_attributes = {};
  // Attributes that performance statistics are kept apart by.
  std::vector<std::string> speed_attributes = {};
  // Legal values of string attributes.
  std::vector<std::pair<std::string, std::vector<std::string>>> choices = {};
  // Input arguments that output 0 (and only output 0) may alias exactly.
  std::vector<std::string> in_place_arguments = {};
  // Other names it goes by ("clip" for clamp), beside "aten::" and the trailing "_".
  std::vector<std::string> aliases = {};
  // Call expressions that show typical use: verify, benchmark and the tests start from them.
  std::vector<std::string> examples = {};
  std::vector<ImplementationDef> implementations = {};

  // Filled in by the catalogue.
  Schema schema = {};
  std::vector<int> dynamic_arguments = {};  // schema index of each dynamic attribute, in order
  std::vector<int> dynamic_slot = {};       // per schema argument: its slot, or -1
  uint32_t in_place_mask = 0;               // bit per schema argument
  std::vector<int> choice_list = {};        // per schema argument: its entry in `choices`, or -1
  // Index of `value` among the legal values of string argument `argument`; -1 when illegal.
  int choice_index(int argument, std::string_view value) const;
};

}  // namespace fgx
