// SPDX-License-Identifier: Apache-2.0
// All operators the library ships, with name resolution.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "schema/operator.h"

namespace fgx {

class Catalogue {
 public:
  // The built-in catalogue, built on first use and immutable since. Defined beside the list of
  // families, which are above this room.
  static const Catalogue& builtin();

  // Parses the schema, checks that the definition is complete and its names unique, and adds it.
  // Throws Error(Internal) naming the operator and what is wrong.
  OperatorDef& add(OperatorDef op);
  // Appends an implementation to an operator ("gelu"), behind its better ones of the same tier.
  void add_implementation(std::string_view op, ImplementationDef implementation);

  const std::vector<std::unique_ptr<OperatorDef>>& operators() const { return operators_; }
  // Resolves "gelu", "aten::gelu", aliases, and trailing "_" names; nullptr when unknown.
  const OperatorDef* find(std::string_view name) const;
  // Names most like `name`, best first.
  std::vector<std::string> nearest(std::string_view name, size_t count = 3) const;

 private:
  // By name and alias, without namespace.
  OperatorDef* find_exactly(std::string_view name) const;
  void check_implementation(const OperatorDef& op, const ImplementationDef& implementation) const;

  std::vector<std::unique_ptr<OperatorDef>> operators_;
  std::map<std::string, OperatorDef*, std::less<>> names_;
};

}  // namespace fgx
