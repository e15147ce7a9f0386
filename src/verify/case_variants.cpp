// SPDX-License-Identifier: Apache-2.0
// Variants of shape, rank, layout, attribute and type.
#include "verify/case_variants.h"

#include <algorithm>
#include <array>

namespace fgx {
namespace {

// Attributes that list sizes, such as normalized_shape.
bool holds_sizes(const SchemaArgument& argument) {
  return argument.type == ArgumentType::kInt && argument.is_list &&
         (argument.name.find("shape") != std::string::npos ||
          argument.name.find("size") != std::string::npos);
}

ArgumentSpec default_argument(const SchemaArgument& declared) {
  ArgumentSpec argument;
  std::visit(
      [&](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, bool>) {
          argument.tag = FGX_TAG_BOOL;
          argument.integer = value;
        } else if constexpr (std::is_same_v<T, int64_t>) {
          argument.tag = FGX_TAG_INT;
          argument.integer = value;
        } else if constexpr (std::is_same_v<T, double>) {
          argument.tag = FGX_TAG_FLOAT;
          argument.real = value;
        } else if constexpr (std::is_same_v<T, std::string>) {
          argument.tag = FGX_TAG_STRING;
          argument.text = value;
        } else if constexpr (std::is_same_v<T, std::vector<int64_t>>) {
          argument.tag = FGX_TAG_INT_LIST;
          argument.ints = value;
        } else if constexpr (std::is_same_v<T, std::vector<double>>) {
          argument.tag = FGX_TAG_FLOAT_LIST;
          argument.reals = value;
        }
      },
      declared.default_value);
  return argument;
}

CallSpec with_argument(CallSpec spec, size_t index, const ArgumentSpec& argument) {
  extend_to(spec, index);
  spec.arguments[index] = argument;
  return spec;
}

ArgumentSpec integer_argument(int64_t value) {
  ArgumentSpec argument;
  argument.tag = FGX_TAG_INT;
  argument.integer = value;
  return argument;
}

ArgumentSpec real_argument(double value) {
  ArgumentSpec argument;
  argument.tag = FGX_TAG_FLOAT;
  argument.real = value;
  return argument;
}

ArgumentSpec ints_argument(std::vector<int64_t> values) {
  ArgumentSpec argument;
  argument.tag = FGX_TAG_INT_LIST;
  argument.ints = std::move(values);
  return argument;
}

size_t highest_rank(const CallSpec& spec) {
  size_t rank = 0;
  for (const ArgumentSpec& argument : spec.arguments) {
    for (const TensorSpec& tensor : argument.tensors) rank = std::max(rank, tensor.shape.size());
  }
  return rank;
}

enum class Layout { kTransposed, kPadded, kStepped, kExpanded, kReversed };
constexpr Layout kLayouts[] = {Layout::kTransposed, Layout::kPadded, Layout::kStepped,
                               Layout::kExpanded, Layout::kReversed};

void apply_layout(TensorSpec& tensor, Layout layout) {
  const std::vector<int64_t>& shape = tensor.shape;
  const size_t rank = shape.size();
  std::vector<int64_t> strides = contiguous_strides(shape);
  if (rank == 0) return;
  switch (layout) {
    case Layout::kTransposed: {  // memory holds the last two dimensions exchanged
      if (rank < 2) return;
      std::vector<int64_t> stored = shape;
      std::swap(stored[rank - 1], stored[rank - 2]);
      strides = contiguous_strides(stored);
      std::swap(strides[rank - 1], strides[rank - 2]);
      break;
    }
    case Layout::kPadded: {  // rows of a wider matrix
      if (rank < 2) return;
      std::vector<int64_t> stored = shape;
      stored[rank - 1] += 5;
      strides = contiguous_strides(stored);
      break;
    }
    case Layout::kStepped:  // every second element
      for (int64_t& stride : strides) stride *= 2;
      break;
    case Layout::kExpanded:  // one row for all
      strides[0] = 0;
      break;
    case Layout::kReversed: {  // column-major
      std::vector<int64_t> stored(shape.rbegin(), shape.rend());
      strides = contiguous_strides(stored);
      std::reverse(strides.begin(), strides.end());
      break;
    }
  }
  tensor.strides = strides == contiguous_strides(shape) ? std::vector<int64_t>{} : strides;
}

}  // namespace

std::vector<TensorSpec*> tensors_of(CallSpec& spec) {
  std::vector<TensorSpec*> tensors;
  for (ArgumentSpec& argument : spec.arguments) {
    for (size_t i = 0; i < argument.tensors.size(); ++i) {
      if (i < argument.absent.size() && argument.absent[i] != 0) continue;
      tensors.push_back(&argument.tensors[i]);
    }
  }
  return tensors;
}

std::vector<int64_t> distinct_dims(const CallSpec& spec) {
  std::vector<int64_t> dims;
  for (const ArgumentSpec& argument : spec.arguments) {
    for (const TensorSpec& tensor : argument.tensors) {
      for (const int64_t size : tensor.shape) {
        if (size != 1 && std::find(dims.begin(), dims.end(), size) == dims.end()) {
          dims.push_back(size);
        }
      }
    }
  }
  return dims;
}

CallSpec with_dim(CallSpec spec, int64_t from, int64_t to) {
  for (size_t i = 0; i < spec.arguments.size(); ++i) {
    ArgumentSpec& argument = spec.arguments[i];
    for (TensorSpec& tensor : argument.tensors) {
      std::replace(tensor.shape.begin(), tensor.shape.end(), from, to);
      tensor.strides.clear();
    }
    if (holds_sizes(spec.op->schema.arguments[i])) {
      std::replace(argument.ints.begin(), argument.ints.end(), from, to);
    }
  }
  return spec;
}

void extend_to(CallSpec& spec, size_t index) {
  while (spec.arguments.size() <= index) {
    spec.arguments.push_back(default_argument(spec.op->schema.arguments[spec.arguments.size()]));
  }
}

DType principal_dtype(const CallSpec& spec) {
  std::optional<DType> first;
  for (const ArgumentSpec& argument : spec.arguments) {
    for (const TensorSpec& tensor : argument.tensors) {
      if (is_float(tensor.dtype)) return tensor.dtype;
      if (!first) first = tensor.dtype;
    }
  }
  return first.value_or(DType::kFloat32);
}

CallSpec with_dtype(CallSpec spec, DType dtype) {
  const DType from = principal_dtype(spec);
  for (TensorSpec* tensor : tensors_of(spec)) {
    if (tensor->dtype == from) tensor->dtype = dtype;
  }
  return spec;
}

void vary_shapes(const CallSpec& base, std::span<const int64_t> sizes, const SpecSink& sink) {
  const std::vector<int64_t> dims = distinct_dims(base);
  for (const int64_t from : dims) {
    for (const int64_t to : sizes) {
      // A size that another dimension already has would tie the two together in later changes.
      if (to != from) sink(with_dim(base, from, to));
    }
  }
  static constexpr std::array<int64_t, 6> kPrimes = {7, 13, 5, 19, 11, 3};
  static constexpr int64_t kTemporary = int64_t{1} << 40;
  const auto replace_all = [&](auto&& size_of_index) {
    CallSpec spec = base;
    for (size_t i = 0; i < dims.size(); ++i) {
      spec = with_dim(spec, dims[i], kTemporary + static_cast<int64_t>(i));
    }
    for (size_t i = 0; i < dims.size(); ++i) {
      spec = with_dim(spec, kTemporary + static_cast<int64_t>(i), size_of_index(i));
    }
    sink(spec);
  };
  replace_all([](size_t i) { return kPrimes[i % kPrimes.size()]; });
  replace_all([](size_t i) { return kPrimes[(i + 2) % kPrimes.size()] * 2; });
  replace_all([](size_t) { return int64_t{1}; });
}

void vary_ranks(const CallSpec& base, const SpecSink& sink) {
  const size_t rank = highest_rank(base);
  const auto reshape = [&](auto&& change) {
    CallSpec spec = base;
    for (TensorSpec* tensor : tensors_of(spec)) {
      tensor->strides.clear();
      change(*tensor);
    }
    sink(spec);
  };
  reshape([](TensorSpec& tensor) { tensor.shape.clear(); });
  reshape([](TensorSpec& tensor) { tensor.shape = {product(tensor.shape)}; });
  reshape([&](TensorSpec& tensor) {
    if (tensor.shape.size() == rank) tensor.shape.insert(tensor.shape.begin(), {2});
  });
  reshape([&](TensorSpec& tensor) {
    if (tensor.shape.size() == rank) tensor.shape.insert(tensor.shape.begin(), {1, 3, 1});
  });
  reshape([&](TensorSpec& tensor) {  // only the last dimension is left
    if (tensor.shape.size() > 1) tensor.shape = {tensor.shape.back()};
  });
}

void vary_layouts(const CallSpec& base, bool each, const SpecSink& sink) {
  CallSpec probe = base;
  const size_t count = tensors_of(probe).size();
  for (const Layout layout : kLayouts) {
    CallSpec all = base;
    for (TensorSpec* tensor : tensors_of(all)) apply_layout(*tensor, layout);
    sink(all);
    for (size_t i = 0; count > 1 && (each || layout == Layout::kTransposed) && i < count; ++i) {
      CallSpec one = base;
      apply_layout(*tensors_of(one)[i], layout);
      sink(one);
    }
  }
}

void vary_attributes(const CallSpec& base, const SpecSink& sink) {
  const OperatorDef& op = *base.op;
  const auto rank = static_cast<int64_t>(highest_rank(base));
  for (size_t i = 0; i < op.schema.arguments.size(); ++i) {
    const SchemaArgument& declared = op.schema.arguments[i];
    const bool given = i < base.arguments.size() && base.arguments[i].tag != FGX_TAG_NONE;
    if (declared.optional && given) sink(with_argument(base, i, ArgumentSpec{}));
    const bool is_dim = declared.name == "dim" || declared.name == "dims";
    switch (declared.type) {
      case ArgumentType::kString:
        for (const auto& [name, values] : op.choices) {
          if (name != declared.name) continue;
          for (const std::string& value : values) {
            ArgumentSpec argument;
            argument.tag = FGX_TAG_STRING;
            argument.text = value;
            sink(with_argument(base, i, argument));
          }
        }
        break;
      case ArgumentType::kBool:
        for (const int64_t value : {0, 1}) {
          ArgumentSpec argument;
          argument.tag = FGX_TAG_BOOL;
          argument.integer = value;
          const CallSpec flagged = with_argument(base, i, argument);
          sink(flagged);
          // keepdim and its like change what a dimension list means: try both together.
          const int dim = op.schema.find("dim");
          if (dim >= 0 && op.schema.arguments[static_cast<size_t>(dim)].is_list) {
            sink(with_argument(flagged, static_cast<size_t>(dim), ints_argument({0})));
            sink(with_argument(flagged, static_cast<size_t>(dim), ints_argument({-1, 0})));
          } else if (dim >= 0) {
            sink(with_argument(flagged, static_cast<size_t>(dim), integer_argument(0)));
          }
        }
        break;
      case ArgumentType::kInt:
        if (is_dim && declared.is_list) {
          for (int64_t d = -rank; d < rank; ++d) sink(with_argument(base, i, ints_argument({d})));
          sink(with_argument(base, i, ints_argument({})));
          if (rank >= 2) sink(with_argument(base, i, ints_argument({0, -1})));
        } else if (is_dim) {
          for (int64_t d = -rank; d < rank; ++d) sink(with_argument(base, i, integer_argument(d)));
        } else if (!declared.is_list && given) {
          for (const int64_t value : {0, 1, 2, 3}) {
            sink(with_argument(base, i, integer_argument(value)));
          }
        }
        break;
      case ArgumentType::kFloat:
      case ArgumentType::kScalar:
        for (const double value : {0.5, 2.0}) sink(with_argument(base, i, real_argument(value)));
        if (declared.type == ArgumentType::kScalar) {
          sink(with_argument(base, i, integer_argument(2)));
        }
        break;
      case ArgumentType::kDType:
        for (const DType dtype : {DType::kFloat64, DType::kFloat32, DType::kInt64}) {
          ArgumentSpec argument;
          argument.tag = FGX_TAG_DTYPE;
          argument.dtype = dtype;
          sink(with_argument(base, i, argument));
        }
        break;
      default:
        break;
    }
  }
}

void vary_promotion(const CallSpec& base, std::span<const DType> types, const SpecSink& sink) {
  CallSpec probe = base;
  const size_t count = tensors_of(probe).size();
  if (count < 2) return;
  for (size_t i = 0; i < count; ++i) {
    for (const DType dtype : types) {
      CallSpec spec = base;
      TensorSpec& tensor = *tensors_of(spec)[i];
      if (tensor.dtype == dtype) continue;
      tensor.dtype = dtype;
      sink(spec);
      tensors_of(spec)[i]->shape.clear();  // a 0-d tensor promotes by its category only
      tensors_of(spec)[i]->strides.clear();
      sink(spec);
    }
  }
  if (base.op->family != Family::kPointwise) return;
  for (size_t i = 1; i < base.arguments.size(); ++i) {
    if (base.arguments[i].tag != FGX_TAG_TENSOR) continue;
    sink(with_argument(base, i, integer_argument(3)));
    sink(with_argument(base, i, real_argument(2.5)));
  }
}

}  // namespace fgx
