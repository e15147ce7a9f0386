// SPDX-License-Identifier: Apache-2.0
#include "base/shared_text.h"

#include <mutex>
#include <unordered_map>

namespace fgx {
namespace {

struct Pool {
  std::mutex mutex;
  // By the text itself, which the string holds.
  std::unordered_map<std::string_view, std::weak_ptr<const std::string>> texts;
};

// Never destroyed: texts may outlive static objects.
Pool& pool() {
  static Pool* const made = new Pool;
  return *made;
}

void forget(const std::string* text) {
  {
    const std::lock_guard lock(pool().mutex);
    const auto found = pool().texts.find(*text);
    // Another thread may have put a new string of the same text in the place of this one.
    if (found != pool().texts.end() && found->first.data() == text->data()) {
      pool().texts.erase(found);
    }
  }
  delete text;
}

}  // namespace

SharedText::SharedText() {
  static const auto* const empty = new std::shared_ptr<const std::string>(new std::string);
  text_ = *empty;
}

SharedText::SharedText(std::string_view text) {
  {
    const std::lock_guard lock(pool().mutex);
    const auto found = pool().texts.find(text);
    if (found != pool().texts.end()) text_ = found->second.lock();
    if (text_ != nullptr) return;
  }
  text_ = std::shared_ptr<const std::string>(new std::string(text), forget);
  std::shared_ptr<const std::string> others;
  const std::lock_guard lock(pool().mutex);
  const auto found = pool().texts.find(text);
  if (found != pool().texts.end()) {
    others = found->second.lock();  // another thread was faster
    if (others != nullptr) {
      text_.swap(others);
      return;
    }
    pool().texts.erase(found);
  }
  pool().texts.emplace(*text_, text_);
}

}  // namespace fgx
