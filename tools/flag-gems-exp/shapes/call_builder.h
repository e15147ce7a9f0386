// SPDX-License-Identifier: Apache-2.0
// Turns entries of a shapes file into call expressions.
#pragma once

#include <string>
#include <string_view>

#include "shapes/shapes_file.h"

namespace cli {

struct BuiltCall {
  std::string expression;  // "" when skipped
  std::string skipped;     // the reason
};

// `schema` is the operator's, in ATen's notation; `dtype` is "f32" or the like, for tensors of
// floating point.
BuiltCall build_call(const ShapeCase& entry, std::string_view schema, const std::string& dtype);

// "float32" and "f32" -> "f32"; "" if unknown.
std::string short_dtype(std::string_view name);

}  // namespace cli
