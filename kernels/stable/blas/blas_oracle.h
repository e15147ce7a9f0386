// SPDX-License-Identifier: Apache-2.0
// Plain references of the matrix products.
#pragma once

#include <vector>

#include "schema/operator.h"

namespace fgx {

void mm_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
               std::vector<OracleTensor>& outputs);
void linear_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                   std::vector<OracleTensor>& outputs);
void bmm_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                std::vector<OracleTensor>& outputs);
void addmm_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                  std::vector<OracleTensor>& outputs);

}  // namespace fgx
