// SPDX-License-Identifier: Apache-2.0
// Log lines to the host's sink and to a file.
#include "base/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdarg>
#include <cstdio>

#include "base/clock.h"
#include "base/file.h"
#include "base/strings.h"

namespace fgx {

const char* log_level_name(int32_t level) noexcept {
  if (level >= FGX_LOG_ERROR) return "ERROR";
  if (level >= FGX_LOG_WARNING) return "WARNING";
  if (level >= FGX_LOG_INFO) return "INFO";
  return "DEBUG";
}

Logger::~Logger() {
  const int file = file_.load(std::memory_order_relaxed);
  if (file >= 0) ::close(file);
  if (sink_.destroy != nullptr) sink_.destroy(sink_.user_data);
}

void Logger::set_file(const std::string& path) {
  int file = -1;
  if (!path.empty()) file = open_for_append(path).release();
  const std::lock_guard<std::mutex> lock(mutex_);
  const int old = file_.exchange(file, std::memory_order_relaxed);
  if (old >= 0) ::close(old);
}

void Logger::write(int32_t level, std::string_view message) noexcept {
  if (!enabled(level)) return;
  try {
    const std::string text = escape_for_display(message);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (sink_.write != nullptr) sink_.write(sink_.user_data, level, text.c_str());
    const int file = file_.load(std::memory_order_relaxed);
    if (file >= 0) {
      const std::string line =
          current_timestamp() + " " + log_level_name(level) + " " + text + "\n";
      // A log that cannot be written must not fail the call that it is about.
      if (::write(file, line.data(), line.size()) < 0) errno = 0;
    }
  } catch (...) {
    // Out of memory while logging: the line is lost, the call goes on.
  }
}

void Logger::log(int32_t level, const char* format, ...) noexcept {
  if (!enabled(level)) return;
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  const int size = std::vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  if (size >= 0) write(level, text);
}

}  // namespace fgx
