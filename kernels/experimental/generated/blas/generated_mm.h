// SPDX-License-Identifier: Apache-2.0
// Generated implementations of mm, for the list of its family.
#pragma once

#include "schema/kernel.h"

namespace fgx {

// At most 4 rows; the lines of mat2 that come next are fetched into the second cache meanwhile.
ImplementationDef mm_skinny_prefetch();
// 17 to 448 rows; the panel that is packed next is fetched while a tile computes.
ImplementationDef mm_tile_prefetch();

}  // namespace fgx
