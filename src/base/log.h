// SPDX-License-Identifier: Apache-2.0
// Log lines to a sink that the host set; without one, silence.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "flaggems_exp.h"

namespace fgx {

// Hands lines of at least `level` to the host's sink and to `file` (where one is set), one at a
// time. Lines are escaped, so that no name can smuggle terminal sequences. Never prints by itself,
// never throws. All functions may run at once, on any thread.
class Logger {
 public:
  Logger() = default;
  // Takes over the sink: its destroy runs when the logger ends.
  explicit Logger(const fgx_log_sink& sink) : sink_(sink) {}
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  void set_level(int32_t level) noexcept { level_.store(level, std::memory_order_relaxed); }
  int32_t level() const noexcept { return level_.load(std::memory_order_relaxed); }
  // Appends lines to a file too; "" stops that. Throws Io when it cannot be opened.
  void set_file(const std::string& path);

  bool enabled(int32_t level) const noexcept {
    return level >= level_.load(std::memory_order_relaxed) &&
           (sink_.write != nullptr || file_.load(std::memory_order_relaxed) >= 0);
  }
  void write(int32_t level, std::string_view message) noexcept;
  // printf; costs two loads when the level is off.
  [[gnu::format(printf, 3, 4)]] void log(int32_t level, const char* format, ...) noexcept;

 private:
  fgx_log_sink sink_{};
  std::atomic<int32_t> level_{FGX_LOG_INFO};
  std::atomic<int> file_{-1};
  std::mutex mutex_;
};

// "DEBUG", "INFO", "WARNING" or "ERROR".
const char* log_level_name(int32_t level) noexcept;

}  // namespace fgx
