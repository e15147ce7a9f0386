// SPDX-License-Identifier: Apache-2.0
// A YAML document as a tree with bounded size: read from files that nobody vouches for.
//
// Built from libyaml's events instead of its documents, so that every limit holds before memory is
// spent. An alias shares the node it names; nothing is ever copied.
#include "shapes/yaml_tree.h"

#include <yaml.h>

#include <map>
#include <memory>
#include <set>

#include "support/failure.h"
#include "support/text.h"

namespace cli {
namespace {

constexpr int kMaxMergeDepth = 8;

const YamlNode* find_member(const YamlNode& node, std::string_view key, int depth) {
  if (!node.is_mapping() || depth > kMaxMergeDepth) return nullptr;
  for (const auto& [name, value] : node.members) {
    if (name->text == key && !(name->plain && key == "<<")) return value;
  }
  for (const auto& [name, value] : node.members) {
    if (!name->plain || name->text != "<<") continue;
    if (value->is_mapping()) {
      if (const YamlNode* found = find_member(*value, key, depth + 1)) return found;
    }
    for (const YamlNode* merged : value->items) {
      if (const YamlNode* found = find_member(*merged, key, depth + 1)) return found;
    }
  }
  return nullptr;
}

using Entries = std::vector<std::pair<std::string, const YamlNode*>>;

void add_entries(const YamlNode& node, int depth, std::set<std::string_view>* seen,
                 Entries* entries) {
  if (!node.is_mapping() || depth > kMaxMergeDepth) return;
  for (const auto& [name, value] : node.members) {
    if (name->plain && name->text == "<<") continue;
    if (seen->emplace(name->text).second) entries->emplace_back(name->text, value);
  }
  for (const auto& [name, value] : node.members) {
    if (!name->plain || name->text != "<<") continue;
    add_entries(*value, depth + 1, seen, entries);
    for (const YamlNode* merged : value->items) add_entries(*merged, depth + 1, seen, entries);
  }
}

struct Parser {
  yaml_parser_t value;
  Parser() {
    if (yaml_parser_initialize(&value) == 0) throw std::bad_alloc();
  }
  ~Parser() { yaml_parser_delete(&value); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
};

struct Event {
  yaml_event_t value{};
  ~Event() { yaml_event_delete(&value); }
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
};

[[noreturn]] void refuse(const yaml_mark_t& mark, const std::string& reason) {
  throw Failure(kInputRefused,
                format("line %zu, column %zu: ", mark.line + 1, mark.column + 1) + reason);
}

std::string text_of(const yaml_char_t* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

class YamlBuilder {
 public:
  YamlBuilder(YamlTree* tree, const YamlLimits& limits) : tree_(*tree), limits_(limits) {}

  void build(std::string_view text) {
    Parser parser;
    yaml_parser_set_input_string(&parser.value, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
    for (;;) {
      Event event;
      if (yaml_parser_parse(&parser.value, &event.value) == 0) {
        const yaml_parser_t& state = parser.value;
        if (state.error == YAML_MEMORY_ERROR) throw std::bad_alloc();
        refuse(state.problem_mark, state.problem != nullptr ? state.problem : "malformed YAML");
      }
      if (event.value.type == YAML_STREAM_END_EVENT) return;
      take(event.value);
    }
  }

 private:
  struct Open {
    YamlNode* node;
    const YamlNode* key = nullptr;  // of a mapping: the key that waits for its value
    std::set<std::string_view> keys;
    std::string anchor;
  };

  void take(const yaml_event_t& event) {
    switch (event.type) {
      case YAML_DOCUMENT_START_EVENT:
        if (documents_++ > 0) refuse(event.start_mark, "more than one document");
        break;
      case YAML_SCALAR_EVENT: {
        const auto& scalar = event.data.scalar;
        YamlNode* node = make(YamlNode::Kind::kScalar, event.start_mark);
        node->text = text_of(scalar.value, scalar.length);
        node->plain = scalar.style == YAML_PLAIN_SCALAR_STYLE;
        if (node->text.find('\0') != std::string::npos) refuse(event.start_mark, "a NUL byte");
        if (scalar.anchor != nullptr) define(scalar.anchor, node);
        attach(node, event.start_mark);
        break;
      }
      case YAML_SEQUENCE_START_EVENT:
        open(YamlNode::Kind::kSequence, event.data.sequence_start.anchor, event.start_mark);
        break;
      case YAML_MAPPING_START_EVENT:
        open(YamlNode::Kind::kMapping, event.data.mapping_start.anchor, event.start_mark);
        break;
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        close(event.start_mark);
        break;
      case YAML_ALIAS_EVENT: {
        const std::string name = reinterpret_cast<const char*>(event.data.alias.anchor);
        const auto found = anchors_.find(name);
        // An anchor is defined when its node is complete: nothing can contain itself.
        if (found == anchors_.end()) {
          refuse(event.start_mark, "alias *" + name + " names nothing that is complete before it");
        }
        attach(found->second, event.start_mark);
        break;
      }
      default:
        break;
    }
  }

  YamlNode* make(YamlNode::Kind kind, const yaml_mark_t& mark) {
    if (tree_.nodes_.size() >= limits_.max_nodes) {
      refuse(mark, format("more than %zu nodes", limits_.max_nodes));
    }
    YamlNode& node = tree_.nodes_.emplace_back();
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return &node;
  }

  void define(const yaml_char_t* anchor, const YamlNode* node) {
    anchors_[reinterpret_cast<const char*>(anchor)] = node;
  }

  void open(YamlNode::Kind kind, const yaml_char_t* anchor, const yaml_mark_t& mark) {
    if (stack_.size() >= limits_.max_depth) {
      refuse(mark, format("more than %zu levels", limits_.max_depth));
    }
    Open level;
    level.node = make(kind, mark);
    if (anchor != nullptr) level.anchor = reinterpret_cast<const char*>(anchor);
    stack_.push_back(std::move(level));
  }

  void close(const yaml_mark_t& mark) {
    const Open level = std::move(stack_.back());
    stack_.pop_back();
    if (!level.anchor.empty()) anchors_[level.anchor] = level.node;
    attach(level.node, mark);
  }

  // Puts a complete node where it belongs.
  void attach(const YamlNode* node, const yaml_mark_t& mark) {
    if (stack_.empty()) {
      tree_.root_ = node;
      return;
    }
    Open& level = stack_.back();
    // Both terms are at most max_expanded + 1: no overflow.
    level.node->expanded += node->expanded;
    if (level.node->expanded > limits_.max_expanded) {
      refuse(mark, format("more than %llu nodes once aliases are expanded",
                          static_cast<unsigned long long>(limits_.max_expanded)));
    }
    if (level.node->is_sequence()) {
      level.node->items.push_back(node);
    } else if (level.key == nullptr) {
      if (!node->is_scalar()) refuse(mark, "a key that is no scalar");
      const bool is_merge = node->plain && node->text == "<<";
      if (!level.keys.emplace(node->text).second && !is_merge) {
        refuse(mark, "key \"" + node->text + "\" stands twice");
      }
      level.key = node;
    } else {
      level.node->members.emplace_back(level.key, node);
      level.key = nullptr;
    }
  }

  YamlTree& tree_;
  const YamlLimits& limits_;
  std::vector<Open> stack_;
  std::map<std::string, const YamlNode*> anchors_;
  int documents_ = 0;
};

const YamlNode* YamlNode::find(std::string_view key) const { return find_member(*this, key, 0); }

std::vector<std::pair<std::string, const YamlNode*>> YamlNode::entries() const {
  std::set<std::string_view> seen;
  Entries result;
  add_entries(*this, 0, &seen, &result);
  return result;
}

YamlTree::YamlTree(std::string_view text, const YamlLimits& limits) {
  if (text.size() > limits.max_bytes) {
    throw Failure(kInputRefused,
                  format("%zu bytes, the limit is %zu", text.size(), limits.max_bytes));
  }
  YamlBuilder(this, limits).build(text);
}

}  // namespace cli
