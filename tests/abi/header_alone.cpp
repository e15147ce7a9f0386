// SPDX-License-Identifier: Apache-2.0
// The header is C++17 too, and so is the wrapper.
#include "flaggems_exp.h"
#include "flaggems_exp.hpp"

int fgx_header_is_cxx17() { return FGX_ABI_VERSION_MAJOR; }
