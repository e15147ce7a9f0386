// SPDX-License-Identifier: Apache-2.0
// Embeds the shipped index. The build defines FGX_BUILTIN_RECORDS as its path where it exists.
#include "registry/builtin_records.h"

#ifdef FGX_BUILTIN_RECORDS
// The assembler copies the file as it is: no size limit, no escaping.
asm(".pushsection .rodata\n"
    ".local fgx_builtin_records_begin\n"
    ".local fgx_builtin_records_end\n"
    "fgx_builtin_records_begin:\n"
    ".incbin \"" FGX_BUILTIN_RECORDS
    "\"\n"
    "fgx_builtin_records_end:\n"
    ".byte 0\n"
    ".popsection\n");
extern "C" {
extern const char fgx_builtin_records_begin[] __attribute__((visibility("hidden")));
extern const char fgx_builtin_records_end[] __attribute__((visibility("hidden")));
}
#endif

namespace fgx {
namespace {

std::string_view g_replaced;

}  // namespace

std::string_view builtin_records() noexcept {
  if (!g_replaced.empty()) return g_replaced;
#ifdef FGX_BUILTIN_RECORDS
  return {fgx_builtin_records_begin,
          static_cast<size_t>(fgx_builtin_records_end - fgx_builtin_records_begin)};
#else
  return {};
#endif
}

void set_builtin_records_for_test(std::string_view text) noexcept { g_replaced = text; }

}  // namespace fgx
