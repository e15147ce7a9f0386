// SPDX-License-Identifier: Apache-2.0
// The two parts of a schema argument that need a parser and a printer of their own.
#pragma once

#include <string>

#include "schema/schema.h"
#include "schema/text_cursor.h"

namespace fgx {

// "Tensor(a!)[]", "int[1]?", "Dict(str, Tensor)".
SchemaType parse_schema_type(TextCursor& cursor);

// "None", "1e-05", "[0, 1]", "'none'", "Mean": converted to what `type` wants.
DefaultValue parse_default(TextCursor& cursor, const SchemaType& type);
std::string print_default(const DefaultValue& value);

}  // namespace fgx
