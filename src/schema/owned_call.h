// SPDX-License-Identifier: Apache-2.0
// A call expression made into arguments and outputs that own their memory.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "flaggems_exp.h"
#include "schema/call.h"
#include "schema/call_expression.h"
#include "schema/operator.h"

namespace fgx {

// Writes the values of one input of a bound call: `view` has data for all it reaches; `argument` is the
// schema index, `place` the position in that argument's list (0 for a single tensor).
using FillFn = std::function<void(const Call& call, int argument, int place, const TensorView& view,
                                  uint64_t seed)>;

struct OwnedCallOptions {
  bool allocate = false;  // false: tensors have no data, only shapes
  uint64_t seed = 0;
  FillFn fill = nullptr;  // nullptr: fill_uniform
};

// Not copyable or movable: the values point into it.
class OwnedCall {
 public:
  // Matches the expression's arguments to the schema, makes the tensors, and infers the outputs.
  // Throws InvalidArgument (naming the column or the argument), Unsupported, OutOfMemory.
  OwnedCall(const OperatorDef& op, const CallExpression& expression,
            const OwnedCallOptions& options);
  OwnedCall(const OwnedCall&) = delete;
  OwnedCall& operator=(const OwnedCall&) = delete;

  const OperatorDef& op() const { return op_; }
  // In schema order, up to the last one that is given.
  std::span<const fgx_value> args() const { return args_; }
  // All inferred outputs, contiguous; zeroed when there is data.
  std::span<fgx_tensor* const> outs() const { return out_pointers_; }

 private:
  struct Tensor {
    Dims shape;
    Dims strides;
    fgx_tensor tensor{};
  };
  struct Free {
    void operator()(void* memory) const;
  };

  void place_arguments(const CallExpression& expression);
  fgx_value value_of(const SchemaArgument& argument, const CallLiteral& literal);
  fgx_value list_of(const SchemaArgument& argument, const std::vector<CallLiteral>& entries,
                    size_t column);
  fgx_value default_of(const SchemaArgument& argument);
  fgx_tensor* make_tensor(DType dtype, const Dims& shape, const Dims& strides);
  void allocate_inputs(const OwnedCallOptions& options);
  void make_outputs(bool allocate);
  void* allocate(int64_t bytes);
  [[noreturn]] void fail_at(size_t column, const std::string& message) const;

  const OperatorDef& op_;
  Call call_;
  std::vector<fgx_value> args_;
  std::vector<fgx_tensor*> out_pointers_;
  // Deques: addresses stay when they grow.
  std::deque<Tensor> tensors_;
  std::deque<std::string> strings_;
  std::deque<std::vector<int64_t>> ints_;
  std::deque<std::vector<double>> reals_;
  std::deque<std::vector<uint8_t>> flags_;
  std::deque<std::vector<const fgx_tensor*>> lists_;
  std::vector<std::unique_ptr<void, Free>> memory_;
  int64_t bytes_ = 0;
};

// The default values: floats uniform in [-2, 2), bools even. Integers beside float tensors may be
// indices, so they stay in [0, smallest dimension of those); otherwise they lie in [-10, 10] (uint8:
// [0, 20]). The same seed gives the same values on every machine.
void fill_uniform(const TensorView& view, uint64_t seed, int64_t index_limit);

}  // namespace fgx
