// SPDX-License-Identifier: Apache-2.0
// Fuzzes performance data: reading never throws, and a file without fault can be filtered.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "importer/perf_data.h"
#include "importer/perf_report.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // A NUL separates the two files.
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t middle = text.find('\0');
  const std::string_view mine = text.substr(0, middle);
  const std::string_view other = middle == std::string_view::npos ? mine : text.substr(middle + 1);
  const fgx::Json report = fgx::validate_perf_data(mine, &other);
  if (report.get_bool("valid")) {
    fgx::filter_perf_data(mine, &other, "{\"batch\":1}");
    fgx::filter_perf_data(mine, nullptr, "{\"batch\":2}");
  }
  return 0;
}
