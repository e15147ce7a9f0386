// SPDX-License-Identifier: Apache-2.0
// What Linux tells of the processor, and of the process's memory.
#include "verify/environment.h"

#include <sys/utsname.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>
#include <thread>

#include "backend/cpu/isa.h"
#include "backend/gpu/device.h"
#include "base/clock.h"
#include "base/strings.h"
#include "dispatch/environment.h"
#include "tensor/device.h"
#include "verify/rotation.h"

namespace fgx {
namespace {

// First line of a small file of the system, or "".
std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// The value behind "key ... :" in a file such as /proc/cpuinfo.
std::string value_of(const char* path, std::string_view key) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (!starts_with(line, key)) continue;
    const size_t colon = line.find(':');
    if (colon != std::string::npos)
      return std::string(trim(std::string_view(line).substr(colon + 1)));
  }
  return {};
}

// A size in /proc/self/status, in bytes; -1 when it is missing.
int64_t status_bytes(std::string_view key) {
  const std::string text = value_of("/proc/self/status", key);
  int64_t kibibytes = -1;
  std::from_chars(text.data(), text.data() + text.size(), kibibytes);
  return kibibytes < 0 ? -1 : kibibytes * 1024;
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json() : Json(escape_for_display(text));
}

std::string machine_name() {
  utsname names{};
  return uname(&names) == 0 ? names.machine : "unknown";
}

}  // namespace

std::string architecture_name(fgx_device device) {
  if (on_host(device)) return machine_name() + "-" + isa_name(best_isa());
  const gpu::DeviceFacts& facts = gpu::device_facts(device);
  return format_text("%s-%d.%d", device_kind(device.type).c_str(), facts.major, facts.minor);
}

std::string processor_name(fgx_device device) {
  return on_host(device) ? cpu_name() : gpu::device_facts(device).name;
}

Json measurement_environment(const ThreadPool& pool, fgx_device device) {
  utsname names{};
  const bool named = uname(&names) == 0;
  Json result = Json::object();
  result.set("device", device_kind(device.type) + ":" + std::to_string(device.id))
      .set("cpu", cpu_name())
      .set("isa", isa_name(best_isa()))
      .set("architecture", architecture_name())
      .set("threads", pool.num_threads())
      .set("cores", static_cast<int64_t>(std::thread::hardware_concurrency()))
      .set("last_level_cache_bytes", last_level_cache_bytes(device))
      .set("governor",
           text_or_null(first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")))
      .set("library_version", fgx_version())
      .set("compiler", "C++ " __VERSION__)
      .set("system", named ? Json(std::string(names.sysname) + " " + names.release) : Json())
      .set("measured_at", current_timestamp());
  if (!on_host(device)) result.set("gpu", describe_device(device));
  return result;
}

int64_t peak_memory_growth(const std::function<void()>& work) {
  {
    // 5: set the peak back to what is resident now (proc(5), clear_refs).
    std::ofstream reset("/proc/self/clear_refs");
    reset << "5" << std::flush;
    if (!reset) {
      work();
      return -1;
    }
  }
  const int64_t before = status_bytes("VmRSS");
  work();
  const int64_t peak = status_bytes("VmHWM");
  return before < 0 || peak < 0 ? -1 : std::max<int64_t>(0, peak - before);
}

}  // namespace fgx
