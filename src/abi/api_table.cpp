// SPDX-License-Identifier: Apache-2.0
// The function table for hosts that load the library with dlopen.
#include "flaggems_exp.h"

namespace {

// api_table.inc is generated from the header: scripts/generate_api_table.py.
const fgx_api kTable = {
    sizeof(fgx_api),
    FGX_ABI_VERSION,
#include "abi/api_table.inc"
};

}  // namespace

extern "C" const fgx_api* fgx_get_api(uint32_t version) {
  const uint32_t major = version >> 16;
  const uint32_t minor = version & 0xffff;
  if (major != FGX_ABI_VERSION_MAJOR || minor > FGX_ABI_VERSION_MINOR) return nullptr;
  return &kTable;
}
