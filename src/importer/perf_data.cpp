// SPDX-License-Identifier: Apache-2.0
// Performance data files: measured times per operator, shape and dtype, read with every fault
// named.
#include "importer/perf_data.h"

#include <cstdio>
#include <unordered_map>

#include "base/checked.h"
#include "base/error.h"
#include "base/json.h"
#include "base/strings.h"
#include "tensor/dtype.h"

namespace fgx {
namespace {

// PyTorch's dtypes that operators here do not take, but that somebody may have measured.
constexpr std::string_view kFurtherDTypes[] = {
    "uint16",        "uint32",          "uint64",      "complex64",       "complex128",
    "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu"};

bool is_known_dtype(std::string_view name) {
  for (const DTypeInfo& known : kDTypeInfo) {
    if (known.name == name) return true;
  }
  for (const std::string_view known : kFurtherDTypes) {
    if (known == name) return true;
  }
  return false;
}

std::string escape_pointer(std::string_view token) {
  std::string out;
  for (const char c : token) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

const char* type_name(JsonView value) {
  switch (value.type()) {
    case JsonType::kNull:
      return "null";
    case JsonType::kBool:
      return "a boolean";
    case JsonType::kNumber:
      return "a number";
    case JsonType::kString:
      return "a string";
    case JsonType::kArray:
      return "an array";
    case JsonType::kObject:
      return "an object";
  }
  return "a value";
}

class Reader {
 public:
  Reader(PerfSide side, PerfFile* file) : side_(side), file_(*file) {}

  void read(JsonView document) {
    if (!document.is_object()) {
      fault("wrong_type", "",
            format_text("must be an object of operators, is %s", type_name(document)));
      return;
    }
    if (document.empty()) fault("empty", "", "holds no operator");
    for (const auto [name, value] : document.members()) read_operator(name, value);
  }

 private:
  void fault(const char* code, std::string pointer, std::string message) {
    file_.faults.push_back({code, std::move(pointer), std::move(message), 0, 0});
  }
  void warn(const char* code, std::string pointer, std::string message) {
    file_.warnings.push_back({code, std::move(pointer), std::move(message), 0, 0});
  }

  void read_operator(std::string_view name, JsonView value) {
    const std::string pointer = "/" + escape_pointer(name);
    if (name.empty()) {
      fault("bad_name", pointer, "an operator needs a name");
    } else if (name.size() > kMaxOperatorName) {
      fault("bad_name", pointer,
            format_text("a name of %zu bytes, the limit is %zu", name.size(), kMaxOperatorName));
    } else if (!is_displayable(name)) {
      fault("bad_name", pointer, "an operator's name must not hold control characters");
    }
    file_.operators.push_back({std::string(name), {}});
    if (!value.is_object()) {
      fault("wrong_type", pointer,
            format_text("must be an object with \"configs\", is %s", type_name(value)));
      return;
    }
    for (const auto [key, unused] : value.members()) {
      if (key != "configs")
        warn("unknown_field", pointer + "/" + escape_pointer(key), "is ignored");
    }
    const JsonView configs = value.find("configs");
    if (!configs) {
      fault("missing_field", pointer, "\"configs\" is missing");
      return;
    }
    if (!configs.is_array()) {
      fault("wrong_type", pointer + "/configs",
            format_text("must be an array, is %s", type_name(configs)));
      return;
    }
    if (configs.empty()) fault("empty", pointer + "/configs", "holds no configuration");
    seen_.clear();
    size_t index = 0;
    for (const JsonView config : configs.elements()) {
      read_config(config, pointer + format_text("/configs/%zu", index), index);
      ++index;
    }
    file_.total_configs += index;
  }

  void read_config(JsonView value, const std::string& pointer, size_t index) {
    if (!value.is_object()) {
      fault("wrong_type", pointer, format_text("must be an object, is %s", type_name(value)));
      return;
    }
    const size_t faults_before = file_.faults.size();
    PerfConfig config;
    config.index = index;
    read_shape(value, pointer, &config.shape);
    read_dtype(value, pointer, &config.dtype);
    config.time = read_time(value, pointer, time_field(side_));
    config.cuda_time = read_time(value, pointer, "cuda_time");
    for (const auto [key, unused] : value.members()) {
      if (key != "shape" && key != "dtype" && key != time_field(side_) && key != "cuda_time") {
        warn("unknown_field", pointer + "/" + escape_pointer(key), "is ignored");
      }
    }
    if (file_.faults.size() != faults_before) return;
    const auto [earlier, is_new] = seen_.emplace(configuration_key(config), index);
    if (!is_new) {
      fault("duplicate", pointer,
            format_text("has the shape and dtype of configuration %zu: which time counts?",
                        earlier->second));
      return;
    }
    file_.operators.back().configs.push_back(std::move(config));
  }

  // The member, or an empty view after naming that it is missing.
  JsonView required(JsonView config, const std::string& pointer, std::string_view field) {
    const JsonView value = config.find(field);
    if (!value) {
      fault("missing_field", pointer,
            format_text("\"%.*s\" is missing", static_cast<int>(field.size()), field.data()));
    }
    return value;
  }

  void read_shape(JsonView config, const std::string& at, std::vector<int64_t>* shape) {
    const JsonView value = required(config, at, "shape");
    if (!value) return;
    const std::string pointer = at + "/shape";
    if (!value.is_array()) {
      fault("wrong_type", pointer,
            format_text("must be an array of integers, is %s", type_name(value)));
      return;
    }
    if (value.size() > FGX_MAX_RANK) {
      fault("out_of_range", pointer,
            format_text("has %zu dimensions, the limit is %d", value.size(), FGX_MAX_RANK));
      return;
    }
    size_t i = 0;
    int64_t elements = 1;
    bool counted = true;
    for (const JsonView dim : value.elements()) {
      const std::string dim_pointer = pointer + format_text("/%zu", i++);
      if (!dim.is_number()) {
        fault("wrong_type", dim_pointer, format_text("must be an integer, is %s", type_name(dim)));
        counted = false;
      } else if (!dim.is_int64() || dim.as_int64() < 0 || dim.as_int64() > kMaxPerfDim) {
        const std::string text(dim.number_text());
        fault("out_of_range", dim_pointer,
              format_text("must be an integer of 0 to %lld, is %s",
                          static_cast<long long>(kMaxPerfDim), text.c_str()));
        counted = false;
      } else {
        shape->push_back(dim.as_int64());
        counted = counted && try_mul(elements, shape->back(), &elements);
        if (!counted) {
          fault("out_of_range", pointer, "the number of elements overflows");
          return;
        }
      }
    }
  }

  void read_dtype(JsonView config, const std::string& at, std::string* dtype) {
    const JsonView value = required(config, at, "dtype");
    if (!value) return;
    const std::string pointer = at + "/dtype";
    if (!value.is_string()) {
      fault("wrong_type", pointer, format_text("must be a string, is %s", type_name(value)));
      return;
    }
    *dtype = value.as_string();
    if (is_known_dtype(*dtype)) return;
    std::string hint;
    if (const auto known = dtype_from_name(*dtype)) {
      hint = "; write \"" + std::string(info(*known).name) + "\"";
    }
    fault("unknown_dtype", pointer,
          "unknown dtype \"" + escape_for_display(dtype->substr(0, 64)) + "\"" + hint);
  }

  double read_time(JsonView config, const std::string& at, std::string_view field) {
    const JsonView value = required(config, at, field);
    if (!value) return 0;
    const std::string pointer = at + "/" + std::string(field);
    if (!value.is_number()) {
      fault("wrong_type", pointer,
            format_text("must be a number of milliseconds, is %s", type_name(value)));
      return 0;
    }
    const double time = value.as_double();
    const std::string text(value.number_text());
    if (!(time > 0)) {
      fault("out_of_range", pointer,
            format_text("a time must be greater than 0, is %.64s", text.c_str()));
    } else if (time < kMinTimeMs || time > kMaxTimeMs) {
      fault("out_of_range", pointer,
            format_text("%.64s is no plausible time: legal are %g to %g milliseconds", text.c_str(),
                        kMinTimeMs, kMaxTimeMs));
    }
    return time;
  }

  PerfSide side_;
  PerfFile& file_;
  std::unordered_map<std::string, size_t> seen_;  // configurations of the current operator
};

// What the JSON layer says of text that is no JSON, with its position taken out of the message.
PerfFinding syntax_fault(const Error& error) {
  PerfFinding fault{"syntax", "", error.message(), 0, 0};
  const size_t position = error.message().find("line ");
  if (position != std::string::npos) {
    std::sscanf(error.message().c_str() + position, "line %zu, column %zu", &fault.line,
                &fault.column);
  }
  return fault;
}

}  // namespace

std::string_view time_field(PerfSide side) {
  return side == PerfSide::kYours ? "your_time" : "flaggems_time";
}

std::string configuration_key(const PerfConfig& config) {
  std::string key;
  for (const int64_t dim : config.shape) key += std::to_string(dim) + ",";
  return key + ":" + config.dtype;
}

PerfFile read_perf_file(std::string_view text, PerfSide side) {
  PerfFile file;
  JsonLimits limits;
  limits.what = side == PerfSide::kYours ? "your performance data" : "FlagGems performance data";
  try {
    const Json document = Json::parse(text, limits);
    Reader(side, &file).read(document);
  } catch (const Error& error) {
    file.faults.push_back(syntax_fault(error));
  }
  return file;
}

}  // namespace fgx
