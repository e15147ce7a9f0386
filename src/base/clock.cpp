// SPDX-License-Identifier: Apache-2.0
// Clocks and ISO 8601 timestamps.
#include "base/clock.h"

#include <ctime>

#include <atomic>

#include "base/strings.h"

namespace fgx {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

int64_t read_clock(clockid_t id) noexcept {
  timespec time{};
  clock_gettime(id, &time);
  return static_cast<int64_t>(time.tv_sec) * kSecond + time.tv_nsec;
}

std::atomic<int64_t (*)() noexcept> g_wall_clock{nullptr};

// Days since 1970-01-01 of a proleptic Gregorian date, counted in eras of 400 years that start in
// March so that the leap day comes last.
int64_t days_from_date(int64_t year, int64_t month, int64_t day) {
  if (month <= 2) --year;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

// Reads exactly `count` digits.
bool read_digits(std::string_view* text, size_t count, int64_t* value) {
  if (text->size() < count) return false;
  *value = 0;
  for (size_t i = 0; i < count; ++i) {
    const char c = (*text)[i];
    if (c < '0' || c > '9') return false;
    *value = *value * 10 + (c - '0');
  }
  text->remove_prefix(count);
  return true;
}

bool read_char(std::string_view* text, char wanted) {
  if (text->empty() || text->front() != wanted) return false;
  text->remove_prefix(1);
  return true;
}

int days_in_month(int64_t year, int64_t month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month - 1];
}

}  // namespace

int64_t monotonic_ns() noexcept { return read_clock(CLOCK_MONOTONIC); }
int64_t monotonic_coarse_ns() noexcept { return read_clock(CLOCK_MONOTONIC_COARSE); }

int64_t wall_clock_ns() noexcept {
  const auto replaced = g_wall_clock.load(std::memory_order_acquire);
  return replaced ? replaced() : read_clock(CLOCK_REALTIME);
}

void set_wall_clock_for_test(int64_t (*clock)() noexcept) noexcept {
  g_wall_clock.store(clock, std::memory_order_release);
}

std::string format_timestamp(int64_t wall_ns) {
  int64_t seconds = wall_ns / kSecond;
  int64_t fraction = wall_ns % kSecond;
  if (fraction < 0) {
    --seconds;
    fraction += kSecond;
  }
  const std::time_t time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  return format_text("%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     static_cast<int>(fraction / 1000));
}

std::string current_timestamp() { return format_timestamp(wall_clock_ns()); }

bool parse_timestamp(std::string_view text, int64_t* wall_ns) {
  int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, fraction = 0;
  if (!read_digits(&text, 4, &year) || !read_char(&text, '-') || !read_digits(&text, 2, &month) ||
      !read_char(&text, '-') || !read_digits(&text, 2, &day))
    return false;
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return false;
  if (!text.empty()) {
    if (!read_char(&text, 'T') && !read_char(&text, ' ')) return false;
    if (!read_digits(&text, 2, &hour) || !read_char(&text, ':') || !read_digits(&text, 2, &minute))
      return false;
    if (read_char(&text, ':') && !read_digits(&text, 2, &second)) return false;
    if (read_char(&text, '.')) {
      int64_t scale = kSecond / 10;
      if (text.empty() || text.front() < '0' || text.front() > '9') return false;
      while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        fraction += (text.front() - '0') * scale;
        scale /= 10;
        text.remove_prefix(1);
      }
    }
  }
  if (hour > 23 || minute > 59 || second > 60) return false;
  int64_t offset = 0;
  if (!text.empty() && text.front() != 'Z') {
    const int64_t sign = text.front() == '-' ? -1 : 1;
    int64_t hours = 0, minutes = 0;
    if (text.front() != '+' && text.front() != '-') return false;
    text.remove_prefix(1);
    if (!read_digits(&text, 2, &hours)) return false;
    read_char(&text, ':');
    if (!read_digits(&text, 2, &minutes) || hours > 23 || minutes > 59) return false;
    offset = sign * (hours * 60 + minutes) * 60;
  } else if (!text.empty()) {
    text.remove_prefix(1);
  }
  if (!text.empty()) return false;
  // Years that do not fit nanoseconds in 64 bits are no timestamps of ours.
  if (year < 1700 || year > 2250) return false;
  const int64_t seconds =
      days_from_date(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
  *wall_ns = seconds * kSecond + fraction;
  return true;
}

}  // namespace fgx
