// SPDX-License-Identifier: Apache-2.0
// Operator schemas in ATen's notation, parsed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace fgx {

enum class ArgumentType : uint8_t {
  kTensor,
  kScalar,  // a number whose kind (bool, int, float) matters
  kInt,
  kFloat,
  kBool,
  kString,
  kDType,  // ATen's ScalarType
  kDevice,
  kLayout,
  kMemoryFormat,
  kGenerator,
};

// A schema default. monostate: no default; nullptr: None.
using DefaultValue =
    std::variant<std::monostate, std::nullptr_t, bool, int64_t, double, std::string,
                 std::vector<int64_t>, std::vector<double>, std::vector<bool>>;

struct SchemaArgument {
  std::string name;
  ArgumentType type = ArgumentType::kTensor;
  bool is_list = false;
  bool optional = false;           // the argument itself may be None
  bool optional_elements = false;  // Tensor?[]: entries may be None
  bool keyword_only = false;
  int64_t fixed_size = -1;  // n of int[n]: one number stands for n of them
  std::string alias;        // annotation, e.g. "a!" of Tensor(a!)
  DefaultValue default_value;
};

struct SchemaReturn {
  std::string name;
  ArgumentType type = ArgumentType::kTensor;
  bool is_list = false;
  bool optional = false;
};

struct Schema {
  std::string text;        // normalized: what print(schema) gives
  std::string name_space;  // "aten", or "fgx" for operators ATen lacks
  std::string name;        // "gelu"
  std::string overload;    // "dim_IntList", or ""
  std::vector<SchemaArgument> arguments;
  std::vector<SchemaReturn> returns;

  std::string qualified_name() const { return name_space + "::" + name; }
  // Index of an argument by name, -1 when there is none.
  int find(std::string_view argument) const;
};

// Parses e.g. "aten::gelu(Tensor self, *, str approximate='none') -> Tensor". A missing namespace
// means aten. Throws MetadataInvalid with the column and what was expected.
Schema parse_schema(std::string_view text);
// Prints the canonical form; parse_schema(print_schema(s)) gives s again.
std::string print_schema(const Schema& schema);

}  // namespace fgx
