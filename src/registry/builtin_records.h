// SPDX-License-Identifier: Apache-2.0
// The records of the implementations that the library ships: the lowest layer of every registry.
#pragma once

#include <string_view>

namespace fgx {

// The text of kernels/experimental/generated/_metadata.json as it was when the library was built;
// empty when there was none.
std::string_view builtin_records() noexcept;

// Replaces them; an empty text restores the library's own. For tests.
void set_builtin_records_for_test(std::string_view text) noexcept;

}  // namespace fgx
