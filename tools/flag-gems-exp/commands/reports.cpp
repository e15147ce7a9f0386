// SPDX-License-Identifier: Apache-2.0
// Puts reports of several library calls together, so that progress can be shown between them.
#include "commands/reports.h"

#include <algorithm>

#include "session.h"
#include "support/text.h"

namespace cli {

std::string json_list(const std::vector<std::string>& texts) {
  return "[" + join(texts_of(texts, json_quote), ",") + "]";
}

std::vector<std::string> operator_names(fgx_context* context) {
  const Document list(
      fetch([&](fgx_string** out) { return fgx_context_list_ops(context, nullptr, out); }));
  return texts_of(list.root().items(), [](const Value& op) { return op["name"].text(); });
}

void MergedReport::add(std::string_view report) {
  const Document document(report);
  for (const std::string& name : document.root().names()) {
    const Value value = document[name];
    if (name == "passed") {
      has_passed_ = true;
      passed_ = passed_ && value.truth();
    } else if (std::find(lists_.begin(), lists_.end(), name) != lists_.end()) {
      for (const Value& item : value.items()) items_[name].push_back(item.json());
    } else if (std::find(counts_.begin(), counts_.end(), name) != counts_.end()) {
      sums_[name] += value.integer();
    } else if (!any_) {
      others_.emplace_back(name, value.json());
    }
  }
  any_ = true;
}

std::string MergedReport::json() const {
  std::vector<std::string> parts = texts_of(
      others_, [](const auto& other) { return json_quote(other.first) + ":" + other.second; });
  if (has_passed_) parts.push_back(std::string("\"passed\":") + (passed_ ? "true" : "false"));
  for (const std::string& name : counts_) {
    const auto found = sums_.find(name);
    parts.push_back(json_quote(name) + ":" +
                    std::to_string(found == sums_.end() ? 0 : found->second));
  }
  for (const std::string& name : lists_) {
    const auto found = items_.find(name);
    parts.push_back(json_quote(name) + ":[" +
                    (found == items_.end() ? "" : join(found->second, ",")) + "]");
  }
  return "{" + join(parts, ",") + "}";
}

}  // namespace cli
