// SPDX-License-Identifier: Apache-2.0
// The C face of the importer: performance data in, validation report or selection out.
#include "abi/abi.h"
#include "importer/perf_report.h"

extern "C" {

fgx_status fgx_data_validate(const char* yours, size_t yours_size, const char* flaggems,
                             size_t flaggems_size, fgx_string** out) {
  return fgx::abi_guard([&] {
    fgx::require(yours, "yours");
    fgx::require(out, "out");
    *out = nullptr;
    const std::string_view mine = fgx::text_argument(yours, yours_size, "yours");
    const std::string_view other = fgx::text_argument(flaggems, flaggems_size, "flaggems");
    const fgx::Json report = fgx::validate_perf_data(mine, flaggems == nullptr ? nullptr : &other);
    fgx::give_string(report.dump(), out);
  });
}

fgx_status fgx_data_filter(const char* yours, size_t yours_size, const char* flaggems,
                           size_t flaggems_size, const char* options, fgx_string** out) {
  return fgx::abi_guard([&] {
    fgx::require(yours, "yours");
    fgx::require(options, "options");
    fgx::require(out, "out");
    *out = nullptr;
    const std::string_view mine = fgx::text_argument(yours, yours_size, "yours");
    const std::string_view other = fgx::text_argument(flaggems, flaggems_size, "flaggems");
    const fgx::Json result =
        fgx::filter_perf_data(mine, flaggems == nullptr ? nullptr : &other, options);
    fgx::give_string(result.dump(), out);
  });
}

}  // extern "C"
