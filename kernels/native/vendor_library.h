// SPDX-License-Identifier: Apache-2.0
// Libraries of vendors that are looked for at run time; nothing links against them.
#pragma once

#include <initializer_list>
#include <string>

namespace fgx {

// A shared library that is loaded at first need and stays loaded. An environment variable names
// another file, or "none" to do without.
class VendorLibrary {
 public:
  // `names` are tried in order when the variable is not set.
  VendorLibrary(const char* variable, std::initializer_list<const char*> names);
  VendorLibrary(const VendorLibrary&) = delete;
  VendorLibrary& operator=(const VendorLibrary&) = delete;

  // Address of a function; nullptr (and a reason) when the library or the symbol is missing.
  template <typename Function>
  Function find(const char* symbol) {
    return reinterpret_cast<Function>(address(symbol));
  }
  // The same for a function that the library may lack.
  template <typename Function>
  Function find_optional(const char* symbol) {
    return handle_ == nullptr ? nullptr : reinterpret_cast<Function>(lookup(symbol));
  }
  // nullptr, or why the library cannot be used; valid for as long as this object.
  const char* reason() const { return reason_.empty() ? nullptr : reason_.c_str(); }

 private:
  void* address(const char* symbol);
  void* lookup(const char* symbol) const;
  void* handle_ = nullptr;
  std::string reason_;
};

// Whether this process was forked off one that had loaded a vendor library: their threads were not
// copied, so that calls into them may never return.
bool vendor_threads_lost();

}  // namespace fgx
