// SPDX-License-Identifier: Apache-2.0
// Fuzzes the reader of YAML shapes files, and what becomes of its cases.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "shapes/call_builder.h"
#include "shapes/shapes_file.h"
#include "support/failure.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr std::string_view kSchema =
      "aten::any(Tensor self, Tensor[] others, int[1]? dim, int[] normalized_shape, Scalar value, "
      "*, str mode='a,b(') -> Tensor";
  try {
    const cli::ShapesFile file =
        cli::parse_shapes(std::string_view(reinterpret_cast<const char*>(data), size));
    for (const cli::ShapeCase& entry : file.cases) {
      const cli::BuiltCall built = cli::build_call(entry, kSchema, "f32");
      // A case becomes a call or says why not, never both and never neither.
      if (built.expression.empty() == built.skipped.empty()) __builtin_trap();
    }
  } catch (const cli::Failure&) {
  }
  return 0;
}
