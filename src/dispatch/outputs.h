// SPDX-License-Identifier: Apache-2.0
// Scratch outputs of a call, and the comparison of two results.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "schema/call.h"

namespace fgx {

// Memory for outputs of the same geometry as a bound call's. Throws std::bad_alloc.
class ScratchOutputs {
 public:
  explicit ScratchOutputs(const Call& call);
  ~ScratchOutputs();
  ScratchOutputs(const ScratchOutputs&) = delete;
  ScratchOutputs& operator=(const ScratchOutputs&) = delete;

  // RunArgs::data of the call, with the outputs replaced.
  void* const* data() const { return data_.data(); }
  // The first element of output `index`; nullptr when it is not wanted.
  void* output(size_t index) const { return data_[inputs_ + index]; }

 private:
  size_t inputs_;
  std::vector<void*> data_;
  std::vector<void*> memory_;
};

// Compares `results` with the call's own outputs, element by element. Returns "" when they agree
// within what two correct kernels may differ by, else where they do not. `reduce_length`: terms that
// go into one element.
std::string compare_outputs(const Call& call, const ScratchOutputs& results, int64_t reduce_length);
// The same for two scratch results; `expected` takes the place of the call's outputs.
std::string compare_outputs(const Call& call, const ScratchOutputs& results,
                            const ScratchOutputs& expected, int64_t reduce_length);

}  // namespace fgx
