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
  kOther,  // a type of TorchScript that no operator here takes: parsed, printed, refused in calls
};

// A schema default. monostate: no default; nullptr: None.
using DefaultValue =
    std::variant<std::monostate, std::nullptr_t, bool, int64_t, double, std::string,
                 std::vector<int64_t>, std::vector<double>, std::vector<bool>>;

// A type as it stands before an argument's or a return's name.
struct SchemaType {
  ArgumentType type = ArgumentType::kTensor;
  bool is_list = false;
  bool optional = false;           // the argument itself may be None
  bool optional_elements = false;  // Tensor?[]: entries may be None
  bool symbolic = false;           // SymInt, SymFloat, SymBool: the plain number here
  bool alias_of_list = false;      // Tensor[](a!) in place of Tensor(a!)[]
  int64_t fixed_size = -1;         // n of int[n]: one number stands for n of them
  std::string alias;               // annotation, e.g. "a!" of Tensor(a!)
  std::string other;               // the type's text when it is kOther
};

struct SchemaArgument : SchemaType {
  std::string name;
  bool keyword_only = false;
  DefaultValue default_value;
};

struct SchemaReturn : SchemaType {
  std::string name;
};

struct Schema {
  std::string text;        // normalized: what print(schema) gives
  std::string name_space;  // "aten", or "fgx" for operators ATen lacks
  std::string name;        // "gelu"
  std::string overload;    // "dim_IntList", or ""
  std::vector<SchemaArgument> arguments;
  std::vector<SchemaReturn> returns;
  bool variadic = false;          // "...": any further arguments
  bool variadic_returns = false;  // "-> ..."

  std::string qualified_name() const { return name_space + "::" + name; }
  // Index of an argument by name, -1 when there is none.
  int find(std::string_view argument) const;
};

// Parses e.g. "aten::gelu(Tensor self, *, str approximate='none') -> Tensor". A missing namespace
// means aten. Throws MetadataInvalid with the column and what was expected.
Schema parse_schema(std::string_view text);
// Prints the canonical form; parse_schema(print_schema(s)) gives s again.
std::string print_schema(const Schema& schema);
// "int[1]?", as the schema has it.
std::string type_text(const SchemaType& type);

}  // namespace fgx
