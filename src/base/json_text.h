// SPDX-License-Identifier: Apache-2.0
// Escaping and number formatting for JSON text that is written piece by piece.
#pragma once

#include <string>
#include <string_view>

namespace fgx {

// Appends `text` in double quotes. Control characters, DEL and the C1 range (what terminals obey)
// become \u escapes; other UTF-8 is kept; bytes that are no UTF-8 become U+FFFD.
void append_json_string(std::string_view text, std::string* out);
std::string quote_json(std::string_view text);

// Appends the shortest text that reads back as the same double; null when it is not finite.
void append_json_double(double value, std::string* out);

// One segment of a JSON pointer (RFC 6901): ~ and / become ~0 and ~1.
std::string escape_json_pointer(std::string_view segment);

}  // namespace fgx
