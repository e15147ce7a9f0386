// SPDX-License-Identifier: Apache-2.0
// Fuzz target of the schema parser: it refuses or it gives a schema whose printed form is stable.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "schema/schema.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  fgx::Schema schema;
  try {
    schema = fgx::parse_schema(text);
  } catch (const fgx::Error& error) {
    if (error.code() != FGX_METADATA_INVALID || error.message().empty()) std::abort();
    return 0;
  }
  // What was accepted is printed in a form that is accepted again.
  if (fgx::parse_schema(schema.text).text != schema.text) std::abort();
  return 0;
}
