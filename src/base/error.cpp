// SPDX-License-Identifier: Apache-2.0
// Formatting of errors.
#include "base/error.h"

#include <cstdarg>
#include <cstdio>

namespace fgx {
namespace {

std::string format_message(const char* format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  const int size = std::vsnprintf(nullptr, 0, format, arguments);
  std::string text(size > 0 ? static_cast<size_t>(size) : 0, '\0');
  if (size > 0) std::vsnprintf(text.data(), text.size() + 1, format, again);
  va_end(again);
  return text;
}

}  // namespace

thread_local int MutedErrors::depth_ = 0;

void fail(fgx_status code, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  Error error(code, format_message(format, arguments));
  va_end(arguments);
  throw error;
}

void fail_argument(fgx_status code, int32_t argument, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  Error error(code, format_message(format, arguments));
  va_end(arguments);
  error.with_argument(argument);
  throw error;
}

}  // namespace fgx
