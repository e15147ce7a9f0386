// SPDX-License-Identifier: Apache-2.0
// Strings out of the library.
#include "abi/abi.h"

extern "C" {

const char* fgx_string_data(const fgx_string* string) {
  return string && string->text ? string->text->c_str() : "";
}
size_t fgx_string_size(const fgx_string* string) {
  return string && string->text ? string->text->size() : 0;
}
void fgx_string_destroy(fgx_string* string) { delete string; }

}  // extern "C"
