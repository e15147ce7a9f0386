// SPDX-License-Identifier: Apache-2.0
// The catalogue: checks of what is added, and names.
#include "schema/catalogue.h"

#include <algorithm>
#include <string>

#include "backend/cpu/isa.h"
#include "base/error.h"
#include "base/strings.h"

namespace fgx {
namespace {

[[noreturn]] void fail_definition(const OperatorDef& op, const std::string& message) {
  const std::string name = op.schema.name.empty() ? op.schema_text : op.schema.name;
  fail(FGX_INTERNAL, "operator %s: %s", name.c_str(), message.c_str());
}

int argument_of(const OperatorDef& op, const std::string& name, const char* list) {
  const int index = op.schema.find(name);
  if (index < 0) fail_definition(op, std::string(list) + " names no argument: '" + name + "'");
  return index;
}

void check_types(const OperatorDef& op) {
  for (const SchemaArgument& argument : op.schema.arguments) {
    const bool list_of_words = argument.is_list && argument.type >= ArgumentType::kString;
    if (argument.type == ArgumentType::kOther || list_of_words) {
      fail_definition(op, "no call can pass an argument of type " + type_text(argument));
    }
    if (argument.type == ArgumentType::kDType &&
        std::holds_alternative<int64_t>(argument.default_value)) {
      fail_definition(op, "a dtype default is written by name");
    }
  }
  if (op.schema.variadic || op.schema.variadic_returns) {
    fail_definition(op, "variadic schemas cannot be called");
  }
}

void resolve_choices(OperatorDef& op) {
  op.choice_list.assign(op.schema.arguments.size(), -1);
  for (size_t i = 0; i < op.choices.size(); ++i) {
    const int index = argument_of(op, op.choices[i].first, "choices");
    const SchemaArgument& argument = op.schema.arguments[static_cast<size_t>(index)];
    if (argument.type != ArgumentType::kString) {
      fail_definition(op, "choices of '" + argument.name + "', which is no str");
    }
    op.choice_list[static_cast<size_t>(index)] = static_cast<int>(i);
  }
  for (size_t i = 0; i < op.schema.arguments.size(); ++i) {
    const SchemaArgument& argument = op.schema.arguments[i];
    if (argument.type != ArgumentType::kString) continue;
    // Without a list the value could not be part of a decision.
    if (op.choice_list[i] < 0) fail_definition(op, "no choices for '" + argument.name + "'");
    const auto* text = std::get_if<std::string>(&argument.default_value);
    if (text != nullptr && op.choice_index(static_cast<int>(i), *text) < 0) {
      fail_definition(op, "the default of '" + argument.name + "' is not among its choices");
    }
  }
}

void resolve_attributes(OperatorDef& op) {
  op.dynamic_arguments.clear();
  op.dynamic_slot.assign(op.schema.arguments.size(), -1);
  for (const std::string& name : op.dynamic_attributes) {
    const int index = argument_of(op, name, "dynamic_attributes");
    const SchemaArgument& argument = op.schema.arguments[static_cast<size_t>(index)];
    const bool number =
        argument.type == ArgumentType::kScalar || argument.type == ArgumentType::kInt ||
        argument.type == ArgumentType::kFloat || argument.type == ArgumentType::kBool;
    if (!number || argument.is_list) {
      fail_definition(op, "dynamic attribute '" + name + "' is no number");
    }
    op.dynamic_slot[static_cast<size_t>(index)] = static_cast<int>(op.dynamic_arguments.size());
    op.dynamic_arguments.push_back(index);
  }
  for (const std::string& name : op.speed_attributes) argument_of(op, name, "speed_attributes");
  op.in_place_mask = 0;
  for (const std::string& name : op.in_place_arguments) {
    const int index = argument_of(op, name, "in_place_arguments");
    if (op.schema.arguments[static_cast<size_t>(index)].type != ArgumentType::kTensor ||
        index >= 32) {
      fail_definition(op, "in-place argument '" + name + "' is no tensor");
    }
    op.in_place_mask |= uint32_t{1} << index;
  }
}

std::string check_constraint(const OperatorDef& op, const Constraint& c) {
  using Kind = Constraint::Kind;
  if (c.kind == Kind::kSameDType) return "";
  if (c.kind == Kind::kCpuFeature) return c.low >= 0 && c.low < kIsaCount ? "" : "unknown Isa";
  const bool about_tensor =
      c.kind != Kind::kChoice && c.kind != Kind::kInteger && c.kind != Kind::kAbsent;
  if (c.argument == Constraint::kAllTensors) return about_tensor ? "" : "needs an argument";
  if (c.argument < 0 || static_cast<size_t>(c.argument) >= op.schema.arguments.size()) {
    return "argument out of range";
  }
  const bool is_tensor =
      op.schema.arguments[static_cast<size_t>(c.argument)].type == ArgumentType::kTensor;
  if (about_tensor != is_tensor && c.kind != Kind::kAbsent) return "argument of another type";
  if ((c.kind == Kind::kDivisible || c.kind == Kind::kAligned) && c.low < 1) {
    return "divisor below 1";
  }
  if (c.kind == Kind::kChoice) {
    const int list = op.choice_list[static_cast<size_t>(c.argument)];
    const size_t count = list < 0 ? 0 : op.choices[static_cast<size_t>(list)].second.size();
    if (c.low < 0 || static_cast<size_t>(c.low) >= count) return "choice out of range";
  }
  return "";
}

std::string_view without_namespace(std::string_view name) {
  for (std::string_view prefix : {"aten::", "fgx::"}) {
    if (name.substr(0, prefix.size()) == prefix) return name.substr(prefix.size());
  }
  return name;
}

}  // namespace

OperatorDef& Catalogue::add(OperatorDef definition) {
  auto op = std::make_unique<OperatorDef>(std::move(definition));
  try {
    op->schema = parse_schema(op->schema_text);
  } catch (const Error& error) {
    fail_definition(*op, error.message());
  }
  if (op->infer == nullptr) fail_definition(*op, "no type rule");
  if (op->oracle == nullptr) fail_definition(*op, "no oracle");
  check_types(*op);
  resolve_choices(*op);
  resolve_attributes(*op);
  for (const ImplementationDef& implementation : op->implementations) {
    check_implementation(*op, implementation);
  }
  std::vector<std::string> names = op->aliases;
  names.push_back(op->schema.name);
  for (size_t i = 0; i < names.size(); ++i) {
    const auto end = names.begin() + static_cast<std::ptrdiff_t>(i);
    if (names_.count(names[i]) != 0 || std::find(names.begin(), end, names[i]) != end) {
      fail_definition(*op, "the name '" + names[i] + "' is taken");
    }
  }
  for (const std::string& name : names) names_.emplace(name, op.get());
  return *operators_.emplace_back(std::move(op));
}

void Catalogue::check_implementation(const OperatorDef& op,
                                     const ImplementationDef& implementation) const {
  if (implementation.name.empty()) fail_definition(op, "an implementation without name");
  if (implementation.prepare == nullptr) {
    fail_definition(op, "implementation " + implementation.name + " has no prepare step");
  }
  int same = 0;
  for (const ImplementationDef& other : op.implementations)
    same += other.name == implementation.name;
  for (const auto& known : operators_) {
    if (known.get() == &op) continue;
    for (const ImplementationDef& other : known->implementations) {
      same += 2 * (other.name == implementation.name);
    }
  }
  if (same > 1) fail_definition(op, "the name '" + implementation.name + "' is taken");
  for (const Constraint& constraint : implementation.constraints) {
    const std::string fault = check_constraint(op, constraint);
    if (!fault.empty()) {
      fail_definition(op, "implementation " + implementation.name + ": constraint '" +
                              constraint.reason() + "': " + fault);
    }
  }
}

void Catalogue::add_implementation(std::string_view name, ImplementationDef implementation) {
  OperatorDef* op = find_exactly(without_namespace(name));
  if (op == nullptr) {
    fail(FGX_INTERNAL, "implementation %s: no operator '%s'", implementation.name.c_str(),
         std::string(name).c_str());
  }
  auto place = op->implementations.begin();
  while (place != op->implementations.end() && place->tier <= implementation.tier) ++place;
  const auto added = op->implementations.insert(place, std::move(implementation));
  check_implementation(*op, *added);
}

OperatorDef* Catalogue::find_exactly(std::string_view name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : found->second;
}

const OperatorDef* Catalogue::find(std::string_view name) const {
  constexpr std::string_view kFgx = "fgx::";
  const bool ours = name.substr(0, kFgx.size()) == kFgx;
  const bool qualified = name.find("::") != std::string_view::npos;
  std::string_view base = without_namespace(name);
  const OperatorDef* op = find_exactly(base);
  if (op == nullptr) {
    // "aten::add.Tensor": the overload must be the one that is here.
    const size_t dot = base.find('.');
    if (dot != std::string_view::npos) {
      op = find_exactly(base.substr(0, dot));
      const std::string_view overload = base.substr(dot + 1);
      const bool is_default = overload == "default" || overload.empty();
      if (op != nullptr && overload != op->schema.overload &&
          !(is_default && op->schema.overload.empty())) {
        op = nullptr;
      }
    } else if (base.size() > 1 && base.back() == '_') {
      op = find_exactly(base.substr(0, base.size() - 1));
      if (op != nullptr && op->in_place_mask == 0) op = nullptr;
    }
  }
  if (op == nullptr) return nullptr;
  // A namespace that was given must be the operator's ("aten::" also for aliases of ours).
  if (qualified && ours && op->schema.name_space != "fgx") return nullptr;
  return op;
}

std::vector<std::string> Catalogue::nearest(std::string_view name, size_t count) const {
  std::vector<std::string> candidates;
  for (const auto& [known, op] : names_) candidates.push_back(known);
  return nearest_names(without_namespace(name), candidates, count);
}

}  // namespace fgx
