// SPDX-License-Identifier: Apache-2.0
// Private operators for tests of verification: twice (pointwise) and rowsum (reduction).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "backend/cpu/thread_pool.h"
#include "base/error.h"
#include "dispatch/implementation.h"
#include "schema/catalogue.h"
#include "verify/call_spec.h"
#include "verify/cases.h"

namespace fgx::test {

inline ArgumentSpec tensor(DType dtype, std::vector<int64_t> shape,
                           std::vector<int64_t> strides = {}) {
  ArgumentSpec argument;
  argument.tag = FGX_TAG_TENSOR;
  argument.tensors.push_back({dtype, std::move(shape), std::move(strides)});
  return argument;
}

inline CallSpec call(const OperatorDef& op, std::vector<ArgumentSpec> arguments,
                     bool in_place = false) {
  return {&op, std::move(arguments), in_place};
}

inline void same_type_and_shape(const Call& call, std::vector<OutputSpec>& outputs) {
  const TensorView& self = call.inputs()[0];
  OutputSpec spec;
  spec.dtype = self.dtype;
  spec.shape.assign(self.shape, self.shape + self.ndim);
  outputs.push_back(spec);
}

inline void without_last_dim(const Call& call, std::vector<OutputSpec>& outputs) {
  const TensorView& self = call.inputs()[0];
  if (self.ndim == 0) fail_argument(FGX_INVALID_ARGUMENT, 0, "rowsum needs a dimension");
  if (!is_float(self.dtype)) fail_argument(FGX_INVALID_ARGUMENT, 0, "rowsum needs a float type");
  OutputSpec spec;
  spec.dtype = self.dtype;
  spec.shape.assign(self.shape, self.shape + self.ndim - 1);
  outputs.push_back(spec);
}

// A catalogue whose operators have an oracle and no implementation; tests bring their own.
inline Catalogue& catalogue() {
  static Catalogue* const made = [] {
    auto* result = new Catalogue;
    OperatorDef twice;
    twice.schema_text = "test::twice(Tensor self, *, bool flag=False, str mode='a') -> Tensor";
    twice.family = Family::kPointwise;
    twice.infer = same_type_and_shape;
    twice.choices = {{"mode", {"a", "b"}}};
    twice.oracle = [](const Call&, const std::vector<OracleTensor>& inputs,
                      std::vector<OracleTensor>& outputs) {
      for (size_t i = 0; i < inputs[0].reals.size(); ++i) {
        outputs[0].reals[i] = 2 * inputs[0].reals[i];
      }
      for (size_t i = 0; i < inputs[0].integers.size(); ++i) {
        const auto bits = static_cast<uint64_t>(inputs[0].integers[i]);
        outputs[0].integers[i] = static_cast<int64_t>(2 * bits);
      }
    };
    twice.in_place_arguments = {"self"};
    result->add(std::move(twice));
    OperatorDef rowsum;
    rowsum.schema_text = "test::rowsum(Tensor self) -> Tensor";
    rowsum.family = Family::kReduction;
    rowsum.infer = without_last_dim;
    rowsum.reduce_length = [](const Call& call) { return call.inputs()[0].dim(-1); };
    rowsum.oracle = [](const Call&, const std::vector<OracleTensor>& inputs,
                       std::vector<OracleTensor>& outputs) {
      const auto length = static_cast<size_t>(inputs[0].shape.back());
      for (size_t row = 0; row < outputs[0].reals.size(); ++row) {
        for (size_t i = 0; i < length; ++i) {
          outputs[0].reals[row] += inputs[0].reals[row * length + i];
        }
      }
    };
    result->add(std::move(rowsum));
    return result;
  }();
  return *made;
}

inline const OperatorDef& op(const char* name) {
  const OperatorDef* const found = catalogue().find(name);
  return *found;
}

inline std::shared_ptr<Implementation> make_implementation(const OperatorDef& op_def,
                                                           const char* name, PrepareFn prepare,
                                                           Group group = Group::kCustom) {
  ImplementationDef def;
  def.name = name;
  def.group = group;
  def.tier = group == Group::kStable ? Tier::kStable : Tier::kGeneral;
  def.prepare = prepare;
  return std::make_shared<Implementation>(op_def, def);
}

}  // namespace fgx::test
