// SPDX-License-Identifier: Apache-2.0
// Runs an operator's float64 oracle on the inputs of a bound call.
#pragma once

#include <vector>

#include "schema/operator.h"

namespace fgx {

// The elements of a tensor, exactly, in row-major order.
OracleTensor to_oracle(const TensorView& tensor);
// The inputs of a call as the oracle takes them.
std::vector<OracleTensor> oracle_inputs(const Call& call);
// Expected outputs, not rounded to the output's type: judging needs both.
std::vector<OracleTensor> run_oracle(const Call& call, const std::vector<OracleTensor>& inputs);

}  // namespace fgx
