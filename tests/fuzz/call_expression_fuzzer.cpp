// SPDX-License-Identifier: Apache-2.0
// Fuzz target of call expressions: the parser refuses or gives an expression whose printed form is
// stable, and making a call of it fails cleanly or succeeds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "schema/call_expression.h"
#include "schema/catalogue.h"
#include "schema/owned_call.h"
#include "schema/type_rules.h"

namespace {

// One operator with an argument of every type.
const fgx::OperatorDef& target() {
  static const fgx::OperatorDef& op = []() -> const fgx::OperatorDef& {
    static fgx::Catalogue catalogue;
    fgx::OperatorDef definition;
    definition.schema_text =
        "fgx::f(Tensor? a, Tensor[] b=[], Tensor?[] c=[], Scalar? d=1, int[2] e=0, float? g=None, "
        "bool[3] h=[True, False, True], str i='x', ScalarType? j=None, Device? k=None, "
        "Layout l=strided, MemoryFormat m=contiguous_format, float[] n=[], int o=0, bool p=False) "
        "-> Tensor";
    definition.choices = {{"i", {"x", "y"}}};
    definition.infer = [](const fgx::Call& call, std::vector<fgx::OutputSpec>& outputs) {
      fgx::add_output(outputs, fgx::DType::kFloat32, fgx::broadcast(call));
    };
    definition.oracle = [](const fgx::Call&, const std::vector<fgx::OracleTensor>&,
                           std::vector<fgx::OracleTensor>&) {};
    return catalogue.add(std::move(definition));
  }();
  return op;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  fgx::CallExpression expression;
  try {
    expression = fgx::parse_call_expression(text);
  } catch (const fgx::Error& error) {
    if (error.code() != FGX_INVALID_ARGUMENT || error.message().empty()) std::abort();
    return 0;
  }
  const std::string printed = fgx::print_call_expression(expression);
  if (fgx::print_call_expression(fgx::parse_call_expression(printed)) != printed) std::abort();
  try {
    const fgx::OwnedCall call(target(), expression, {});
    if (call.outs().size() != 1) std::abort();
  } catch (const fgx::Error& error) {
    if (error.code() == FGX_INTERNAL) std::abort();
  }
  return 0;
}
