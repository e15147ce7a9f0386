// SPDX-License-Identifier: Apache-2.0
// Loads vendor libraries with dlopen.
#include "kernels/native/vendor_library.h"

#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cstdlib>
#include <cstring>

namespace fgx {
namespace {

std::atomic<bool> lost{false};

void watch_forks() {
  static const bool watching = [] {
    pthread_atfork(nullptr, nullptr, [] { lost.store(true, std::memory_order_relaxed); });
    return true;
  }();
  (void)watching;
}

// Without the path: messages travel into reports, and paths may hold a user's name.
std::string file_name(const char* path) {
  const char* slash = std::strrchr(path, '/');
  return slash == nullptr ? path : slash + 1;
}

}  // namespace

VendorLibrary::VendorLibrary(const char* variable, std::initializer_list<const char*> names) {
  const char* chosen = std::getenv(variable);
  if (chosen != nullptr && std::strcmp(chosen, "none") == 0) {
    reason_ = std::string("switched off by ") + variable;
    return;
  }
  // RTLD_LOCAL keeps its symbols out of the host's way, RTLD_NODELETE its threads alive.
  constexpr int kFlags = RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE;
  if (chosen != nullptr && *chosen != '\0') {
    handle_ = dlopen(chosen, kFlags);
    if (handle_ == nullptr) {
      reason_ = file_name(chosen) + ", named by " + variable + ", could not be loaded";
    }
  } else {
    for (const char* name : names) {
      handle_ = dlopen(name, kFlags);
      if (handle_ != nullptr) break;
      reason_ += (reason_.empty() ? "not found: " : ", ") + std::string(name);
    }
    if (handle_ != nullptr) reason_.clear();
  }
  if (handle_ != nullptr) watch_forks();
}

void* VendorLibrary::address(const char* symbol) {
  if (handle_ == nullptr) return nullptr;
  void* found = lookup(symbol);
  if (found == nullptr && reason_.empty()) {
    reason_ = std::string("the library lacks the function ") + symbol;
  }
  return found;
}

void* VendorLibrary::lookup(const char* symbol) const { return dlsym(handle_, symbol); }

bool vendor_threads_lost() { return lost.load(std::memory_order_relaxed); }

}  // namespace fgx
