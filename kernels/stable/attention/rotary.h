// SPDX-License-Identifier: Apache-2.0
// Geometry of one call of the rotary position embedding.
#pragma once

#include "schema/call.h"

namespace fgx {

struct RotaryPlan {
  struct Side {  // q, then k
    DType type;
    int64_t heads;
    int64_t in_head, in_element, out_head, out_element;
    int64_t in_token[FGX_MAX_RANK];
    int64_t out_token[FGX_MAX_RANK];
  };
  struct Table {  // cosine, then sine
    DType type;
    int64_t row, element;
  };
  Side sides[2];
  Table tables[2];
  int64_t table_rows;
  int32_t token_dims;
  int64_t token_sizes[FGX_MAX_RANK];
  int64_t position_strides[FGX_MAX_RANK];
  int64_t tokens;
  int64_t half;  // pairs per head: (i * step, i * step + partner)
  int64_t step, partner;
  bool has_positions;
  bool wide_positions;
};

RotaryPlan plan_rotary(const Call& call);

}  // namespace fgx
