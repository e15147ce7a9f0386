// SPDX-License-Identifier: Apache-2.0
// Call expressions, e.g. "sum(f32[8,128], dim=[1], keepdim=True)": how people and files name a call.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "flaggems_exp.h"
#include "tensor/dims.h"
#include "tensor/dtype.h"

namespace fgx {

// "f32[8,128]" or "f32[8,128]:[1,8]".
struct TensorLiteral {
  DType dtype = DType::kFloat32;
  Dims shape;
  Dims strides;              // as many as dims when has_strides
  bool has_strides = false;  // false: contiguous
};

struct CallLiteral {
  // nullptr: None. A list's entries are literals again.
  std::variant<std::nullptr_t, bool, int64_t, double, std::string, DType, TensorLiteral,
               std::vector<CallLiteral>>
      value = nullptr;
  size_t column = 0;  // 0-based, for errors
};

struct CallExpression {
  struct Argument {
    std::string name;  // "" when given by position
    CallLiteral literal;
  };
  std::string text;
  std::string op;  // as written: an operator's or implementation's name
  std::vector<Argument> arguments;
};

// Grammar:
//   call    = name "(" [ argument { "," argument } ] ")"      name: letters, digits, "_", ".", "::"
//   argument = [ identifier "=" ] literal                      named ones last
//   literal = tensor | dtype | number | string | "True" | "False" | "None" | "[" literals "]"
//   tensor  = dtype "[" [ size { "," size } ] "]" [ ":" "[" strides "]" ]
//   dtype   = bool u8 i8 i16 i32 i64 f16 bf16 f32 f64, or PyTorch's names
//   number  = integer, decimal, inf, nan;  string = '...' or "..." with C escapes
// Throws InvalidArgument naming the column and what was expected. Knows no operators.
CallExpression parse_call_expression(std::string_view text);

// The canonical text; parsing it gives the same expression again.
std::string print_call_expression(const CallExpression& call);

}  // namespace fgx
