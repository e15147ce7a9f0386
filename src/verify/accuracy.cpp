// SPDX-License-Identifier: Apache-2.0
// Tolerances and the comparison itself.
#include "verify/accuracy.h"

#include <algorithm>
#include <cmath>

#include "verify/elements.h"

namespace fgx {
namespace {

double rms(const OracleTensor& tensor) {
  double sum = 0.0;
  int64_t count = 0;
  for (const double x : tensor.reals) {
    if (!std::isfinite(x)) continue;
    sum += x * x;
    ++count;
  }
  return count == 0 ? 0.0 : std::sqrt(sum / static_cast<double>(count));
}

// Largest |float attribute| of the call, at least 1: alpha, negative_slope, delta, scale.
double largest_attribute(const Call& call) {
  double largest = 1.0;
  for (size_t i = 0; i < call.arguments().size(); ++i) {
    const Argument& argument = call.arguments()[i];
    const ArgumentType type = call.op().schema.arguments[i].type;
    if (!argument.present || (type != ArgumentType::kScalar && type != ArgumentType::kFloat)) {
      continue;
    }
    const double value = std::fabs(argument.scalar.as_double());
    if (std::isfinite(value)) largest = std::max(largest, value);
  }
  return largest;
}

// Whether `shape` broadcasts to `target` without extending it.
bool broadcasts_to(const std::vector<int64_t>& shape, const std::vector<int64_t>& target) {
  if (shape.size() > target.size()) return false;
  for (size_t d = 0; d < shape.size(); ++d) {
    const int64_t size = shape[shape.size() - 1 - d];
    if (size != 1 && size != target[target.size() - 1 - d]) return false;
  }
  return true;
}

// Raises scale[i] to |tensor| at the element that meets output element i.
void raise_to_broadcast(const OracleTensor& tensor, const std::vector<int64_t>& target,
                        std::vector<double>& scale) {
  const size_t rank = target.size();
  std::vector<int64_t> strides(rank, 0), index(rank, 0);
  int64_t step = 1;
  for (size_t d = 0; d < tensor.shape.size(); ++d) {
    const size_t from_end = tensor.shape.size() - 1 - d;
    if (tensor.shape[from_end] != 1) strides[rank - 1 - d] = step;
    step *= tensor.shape[from_end];
  }
  int64_t offset = 0;
  for (double& value : scale) {
    const double magnitude = std::fabs(tensor.at(offset));
    if (std::isfinite(magnitude)) value = std::max(value, magnitude);
    for (size_t d = rank; d-- > 0;) {
      offset += strides[d];
      if (++index[d] < target[d]) break;
      offset -= strides[d] * target[d];
      index[d] = 0;
    }
  }
}

// What layer_norm's subtraction of the mean can cost: rows whose values are nearly equal lose their
// leading digits, and the division by a small deviation makes the loss visible.
double cancellation_scale(const OracleTensor& rows, int64_t length, double epsilon) {
  double worst = 0.0;
  if (length <= 0) return worst;
  const int64_t count = rows.numel() / length;
  for (int64_t r = 0; r < count; ++r) {
    double sum = 0.0, squares = 0.0;
    for (int64_t i = 0; i < length; ++i) {
      const double x = rows.at(r * length + i);
      sum += x;
      squares += x * x;
    }
    const double mean = sum / static_cast<double>(length);
    const double mean_square = squares / static_cast<double>(length);
    const double variance = std::max(0.0, mean_square - mean * mean);
    const double ratio = std::sqrt(mean_square / (variance + epsilon));
    if (std::isfinite(ratio)) worst = std::max(worst, ratio);
  }
  return worst;
}

double score_size(const Call& call, const std::vector<double>& sizes) {
  // Attention scores are query . key * scale, 1 / sqrt(features) unless given: about the product of
  // the two sizes. The largest of many is a few times that.
  const TensorView& query = call.inputs()[0];
  const double features = query.ndim > 0 ? static_cast<double>(query.dim(-1)) : 1.0;
  const int given = call.op().schema.find("scale");
  const double scale = given >= 0 && call.has(given) ? std::fabs(call.scalar(given).as_double())
                                                     : 1.0 / std::sqrt(std::max(1.0, features));
  return 4.0 * sizes[0] * sizes[1] * std::sqrt(features) * scale;
}

// sqrt(reduce_len) * scale of the design's formula, scale being the usual size of a result: measured on
// the expected values, but at least what the inputs' sizes promise, for few results can all be small by
// chance.
double accumulated_scale(const Call& call, const std::vector<OracleTensor>& inputs,
                         const OracleTensor& expected) {
  const OperatorDef& op = call.op();
  const int64_t length =
      op.reduce_length == nullptr ? 1 : std::max<int64_t>(1, op.reduce_length(call));
  const double root = std::sqrt(static_cast<double>(length));
  const double measured = rms(expected);
  std::vector<double> sizes;
  for (const OracleTensor& input : inputs) {
    if (is_float(input.dtype)) sizes.push_back(rms(input));
  }
  if (sizes.empty()) return root * measured;
  switch (op.family) {
    case Family::kReduction: {
      const bool averages = op.schema.name == "mean" || op.schema.name == "var_mean";
      return root * std::max(measured, averages ? sizes[0] / root : sizes[0] * root);
    }
    case Family::kLoss:
      return root * std::max(measured, *std::max_element(sizes.begin(), sizes.end()));
    case Family::kBlas: {
      // addmm puts what is added first.
      if (op.schema.name == "addmm" && sizes.size() > 2) {
        std::rotate(sizes.begin(), sizes.begin() + 1, sizes.end());
      }
      const double product = sizes.size() > 1 ? sizes[0] * sizes[1] : sizes[0];
      const double bias = sizes.size() > 2 ? sizes[2] : 0.0;
      return root * std::max({measured, product * root, bias}) * largest_attribute(call);
    }
    case Family::kNorm: {
      // Root-mean-square norms subtract nothing.
      if (op.schema.name.find("rms") != std::string::npos) return root * measured;
      const int epsilon = op.schema.find("eps");
      const double eps =
          epsilon >= 0 && call.has(epsilon) ? call.scalar(epsilon).as_double() : 1e-5;
      const double weight = sizes.size() > 1 ? std::max(1.0, largest_magnitude(inputs[1])) : 1.0;
      return std::max(root * measured, weight * cancellation_scale(inputs[0], length, eps));
    }
    case Family::kAttention:
      // Rounded scores change the weights by as much as the scores are large.
      if (sizes.size() < 3 || op.reduce_length == nullptr) return root * measured;
      return std::max(root * measured, sizes[2] * (1.0 + score_size(call, sizes)));
    default:
      return root * measured;
  }
}

}  // namespace

double largest_magnitude(const OracleTensor& tensor) {
  double largest = 0.0;
  for (int64_t i = 0; i < tensor.numel(); ++i) {
    const double magnitude = std::fabs(tensor.at(i));
    if (std::isfinite(magnitude)) largest = std::max(largest, magnitude);
  }
  return largest;
}

ErrorModel error_model(const Call& call, const std::vector<OracleTensor>& inputs,
                       const OracleTensor& expected) {
  ErrorModel model;
  if (!is_float(expected.dtype)) return model;
  const OperatorDef& op = call.op();
  model.exact = op.family == Family::kSelect;
  for (const OracleTensor& input : inputs) {
    if (is_float(input.dtype))
      model.magnitude = std::max(model.magnitude, largest_magnitude(input));
  }
  // Half types are computed in float32 and rounded once.
  const bool half = kHalfTypes.contains(expected.dtype);
  const double epsilon = float_limits(half ? DType::kFloat32 : expected.dtype).epsilon;
  // float32 kernels may flush subnormal results; float16's are ordinary numbers of float32.
  const FloatLimits& limits = float_limits(expected.dtype);
  const double tiny =
      expected.dtype == DType::kFloat16 ? limits.smallest_subnormal : limits.smallest_normal;

  const bool elementwise = op.family == Family::kPointwise || op.family == Family::kLoss;
  const bool broadcast =
      elementwise && std::all_of(inputs.begin(), inputs.end(), [&](const OracleTensor& input) {
        return broadcasts_to(input.shape, expected.shape);
      });
  if (broadcast) {
    model.per_element.assign(static_cast<size_t>(expected.numel()), 0.0);
    for (const OracleTensor& input : inputs) {
      if (expected.numel() > 0) raise_to_broadcast(input, expected.shape, model.per_element);
    }
    const double factor = kAtolFactor * epsilon * largest_attribute(call);
    for (double& value : model.per_element) value = factor * value + tiny;
  } else {
    const double scale = elementwise && op.reduce_length == nullptr
                             ? model.magnitude
                             : accumulated_scale(call, inputs, expected);
    model.absolute = kAtolFactor * epsilon * scale + tiny;
    // Attention also rounds its weights, themselves an operand, to the type of the tensors.
    if (half && op.family == Family::kAttention) {
      model.absolute += kAtolFactor * float_limits(expected.dtype).epsilon * rms(expected);
    }
  }
  return model;
}

ErrorModel agreement_model(const OracleTensor& reference, int64_t reduce_length) {
  ErrorModel model;
  if (!is_float(reference.dtype)) return model;
  const bool half = kHalfTypes.contains(reference.dtype);
  const FloatLimits& limits = float_limits(half ? DType::kFloat32 : reference.dtype);
  const double roundings = std::sqrt(static_cast<double>(std::max<int64_t>(reduce_length, 1)));
  model.absolute =
      kAtolFactor * limits.epsilon * roundings * rms(reference) + limits.smallest_normal;
  model.magnitude = largest_magnitude(reference);
  model.slack = 4.0;
  return model;
}

const char* fault_name(Fault fault) {
  switch (fault) {
    case Fault::kNone:
      return "none";
    case Fault::kValue:
      return "value";
    case Fault::kNan:
      return "nan";
    case Fault::kInf:
      return "inf";
    case Fault::kDType:
      return "dtype";
    case Fault::kUnwritten:
      return "unwritten";
    case Fault::kCanary:
      return "canary";
    case Fault::kInputChanged:
      return "input_changed";
    case Fault::kNondeterministic:
      return "nondeterministic";
    case Fault::kWorseThanStable:
      return "worse_than_stable";
    case Fault::kError:
      return "error";
  }
  return "";
}

namespace {

// Judges one element of a float type; returns the fault and fills error and tolerance.
Fault judge(DType dtype, double actual, double expected, double atol, double cap,
            const ErrorModel& model, double* error, double* tolerance) {
  *error = 0.0;
  *tolerance = 0.0;
  if (std::isnan(expected) || std::isnan(actual)) {
    return std::isnan(expected) && std::isnan(actual) ? Fault::kNone : Fault::kNan;
  }
  const double rounded = round_to(dtype, expected);
  if (model.exact) {
    *error = std::fabs(actual - rounded);
    const bool same = actual == rounded && std::signbit(actual) == std::signbit(rounded);
    if (same) return Fault::kNone;
    return std::isinf(actual) || std::isinf(rounded) ? Fault::kInf : Fault::kValue;
  }
  const double largest = float_limits(dtype).largest;
  const double relative = is_float(dtype) ? float_limits(dtype).relative_tolerance : 0.0;
  *tolerance = std::min(atol + relative * std::fabs(expected),
                        std::max(cap, relative * std::fabs(expected)));
  *tolerance *= model.slack;
  if (std::isinf(actual) || std::isinf(rounded)) {
    if (actual == rounded) return Fault::kNone;
    // At the edge of the range, rounding decides between the largest number and infinity.
    const bool same_sign = std::signbit(actual) == std::signbit(rounded);
    // In float64 the oracle's own intermediate results may overflow where fused ones do not.
    const bool edge = std::isinf(actual) ? std::fabs(expected) + *tolerance >= largest
                      : std::isinf(expected)
                          ? dtype == DType::kFloat64 && std::fabs(actual) >= largest / 4
                          : std::fabs(actual) + *tolerance >= largest;
    return same_sign && edge ? Fault::kNone : Fault::kInf;
  }
  *error = std::fabs(actual - expected);
  return *error <= *tolerance ? Fault::kNone : Fault::kValue;
}

}  // namespace

Comparison compare(const TensorView& actual, const OracleTensor& expected,
                   const ErrorModel& model) {
  Comparison result;
  if (actual.dtype != expected.dtype) {
    result.fault = Fault::kDType;
    return result;
  }
  double worst = -1.0;
  const auto note = [&](Fault fault, int64_t i, double value, double want, double error,
                        double tolerance) {
    const double ratio = fault == Fault::kNone ? (tolerance > 0.0 ? error / tolerance : 0.0)
                         : fault == Fault::kValue && tolerance > 0.0 ? error / tolerance
                                                                     : INFINITY;
    if (fault != Fault::kNone) ++result.faulty;
    if (ratio <= worst) return;
    worst = ratio;
    if (fault != Fault::kNone || result.fault == Fault::kNone) {
      result.fault = fault;
      result.index = i;
      result.actual = value;
      result.expected = want;
      result.error = error;
      result.tolerance = tolerance;
    }
  };
  const double cap = kCap * std::max(largest_magnitude(expected), model.magnitude);
  for_each_element(actual, [&](void* element, int64_t i) {
    if (!is_float(actual.dtype)) {
      const int64_t value = load_integer(element, actual.dtype);
      const int64_t want = expected.integers[static_cast<size_t>(i)];
      const double error = std::fabs(static_cast<double>(value) - static_cast<double>(want));
      if (value != want)
        result.max_abs_error = std::max(result.max_abs_error, std::max(error, 1.0));
      note(value == want ? Fault::kNone : Fault::kValue, i, static_cast<double>(value),
           static_cast<double>(want), error, 0.0);
      return;
    }
    const double value = load_real(element, actual.dtype);
    const double want = expected.reals[static_cast<size_t>(i)];
    const double atol =
        model.per_element.empty() ? model.absolute : model.per_element[static_cast<size_t>(i)];
    double error = 0.0, tolerance = 0.0;
    const Fault fault = judge(actual.dtype, value, want, atol, cap, model, &error, &tolerance);
    if (std::isfinite(error)) {
      result.max_abs_error = std::max(result.max_abs_error, error);
      if (std::fabs(want) > 1e3 * atol && std::isfinite(want)) {
        result.max_rel_error = std::max(result.max_rel_error, error / std::fabs(want));
      }
      if (error > 0.0) {
        result.max_ulp = std::max(result.max_ulp, error / ulp_at(actual.dtype, want));
      }
    }
    note(fault, i, value, want, error, tolerance);
  });
  result.worst_ratio = std::max(0.0, worst);
  return result;
}

bool close_to_stable(double error, double stable_error, DType dtype, double largest) {
  return error <= kStableMultiple * stable_error + 2.0 * float_limits(dtype).epsilon * largest;
}

std::vector<int64_t> coordinates(int64_t index, const std::vector<int64_t>& shape) {
  std::vector<int64_t> result(shape.size(), 0);
  for (size_t d = shape.size(); d-- > 0 && index >= 0;) {
    if (shape[d] == 0) continue;
    result[d] = index % shape[d];
    index /= shape[d];
  }
  return result;
}

}  // namespace fgx
