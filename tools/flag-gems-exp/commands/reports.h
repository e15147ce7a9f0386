// SPDX-License-Identifier: Apache-2.0
// Puts reports of several library calls together, so that progress can be shown between them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "flaggems_exp.h"
#include "support/document.h"

namespace cli {

// ["a","b"] as JSON.
std::string json_list(const std::vector<std::string>& texts);

// All operators of the context, by qualified name.
std::vector<std::string> operator_names(fgx_context* context);

// One document of the form of its parts: `lists` joined, `counts` summed, "passed" only if all
// passed, everything else as the first part has it.
class MergedReport {
 public:
  MergedReport(std::vector<std::string> lists, std::vector<std::string> counts)
      : lists_(std::move(lists)), counts_(std::move(counts)) {}
  void add(std::string_view report);
  std::string json() const;

 private:
  std::vector<std::string> lists_;
  std::vector<std::string> counts_;
  std::map<std::string, std::vector<std::string>> items_;
  std::map<std::string, long long> sums_;
  std::vector<std::pair<std::string, std::string>> others_;  // of the first report
  bool any_ = false;
  bool has_passed_ = false;
  bool passed_ = true;
};

}  // namespace cli
