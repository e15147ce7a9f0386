// SPDX-License-Identifier: Apache-2.0
// A YAML document as a tree with bounded size: read from files that nobody vouches for.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cli {

struct YamlLimits {
  size_t max_bytes = size_t{4} << 20;
  size_t max_nodes = 500000;
  size_t max_depth = 48;
  // Nodes that the document has when every alias is replaced by what it names.
  uint64_t max_expanded = 1000000;
};

struct YamlNode {
  enum class Kind { kScalar, kSequence, kMapping };
  Kind kind = Kind::kScalar;
  std::string text;    // of a scalar
  bool plain = false;  // a scalar without quotes: may be a number, bool or null
  std::vector<const YamlNode*> items;
  std::vector<std::pair<const YamlNode*, const YamlNode*>> members;  // keys are scalars
  size_t line = 0;                                                   // 1-based
  size_t column = 0;
  uint64_t expanded = 1;  // nodes below this one, itself included, aliases replaced

  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_sequence() const { return kind == Kind::kSequence; }
  bool is_mapping() const { return kind == Kind::kMapping; }
  // The member of a mapping, its merge keys (<<) included; nullptr when absent.
  const YamlNode* find(std::string_view key) const;
  // Members in order, own ones before merged ones, without the merge keys themselves.
  std::vector<std::pair<std::string, const YamlNode*>> entries() const;
};

class YamlTree {
 public:
  // Throws Failure(kInputRefused) with line and column: malformed, several documents, a key twice,
  // too large, too deep, aliases that contain themselves or expand beyond the limit.
  explicit YamlTree(std::string_view text, const YamlLimits& limits = {});
  // nullptr for an empty document.
  const YamlNode* root() const { return root_; }

 private:
  friend class YamlBuilder;
  std::deque<YamlNode> nodes_;
  const YamlNode* root_ = nullptr;
};

}  // namespace cli
