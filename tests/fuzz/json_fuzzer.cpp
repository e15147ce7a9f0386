// SPDX-License-Identifier: Apache-2.0
// Fuzz target of the JSON layer: what it accepts reads back the same from every form it can be written in.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace {

// The splitter's view of an object: its members in order.
class Members final : public fgx::JsonSplitter::Receiver {
 public:
  void on_member(bool, std::string_view key, std::string_view value, uint64_t) override {
    text += fgx::quote_json(key) + ":" + std::string(value) + ",";
  }
  std::string text;
};

// Splits with pieces of `piece` bytes; "" when it is refused.
std::string split_members(std::string_view text, size_t piece) {
  Members members;
  try {
    fgx::JsonSplitter splitter("\x01", 1 << 20, {}, &members);
    for (size_t i = 0; i < text.size(); i += piece) splitter.feed(text.substr(i, piece));
    splitter.finish();
  } catch (const fgx::Error&) {
    return {};
  }
  return "{" + members.text + "}";
}

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  fgx::JsonLimits limits;
  limits.max_bytes = 1 << 20;
  require(split_members(text, 1) == split_members(text, 7));
  try {
    const fgx::Json document = fgx::Json::parse(text, limits);
    const std::string dumped = document.dump();
    require(fgx::Json::parse(dumped).dump() == dumped);
    require(fgx::Json::parse(document.dump_pretty()).dump() == dumped);
    require(fgx::Json::parse(fgx::compact_json(text)).dump() == dumped);
    require(fgx::Json(document).view() == document.view());
    if (document.is_object() && document.size() > 0 && document.size() < 1000) {
      std::string members = split_members(text, 3);
      require(!members.empty());
      members.erase(members.size() - 2, 1);  // the last comma
      require(fgx::Json::parse(members).dump() == dumped);
      fgx::Json patched = document;
      patched.merge_patch(document);
    }
  } catch (const fgx::Error& error) {
    require(error.code() == FGX_METADATA_INVALID && !error.message().empty());
  }
  return 0;
}
