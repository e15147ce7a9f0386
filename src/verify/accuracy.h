// SPDX-License-Identifier: Apache-2.0
// Judges one output of an implementation by the float64 oracle.
//
// An element passes when |actual - expected| <= atol + rtol * |expected|, where
//   rtol  float64 1e-7, float32 1.3e-6, bfloat16 1.6e-2, float16 1e-3 (it covers the final rounding);
//   atol = kAtolFactor * epsilon(type computed in) * sqrt(reduce_len) * scale: what the roundings of a
//          running sum add up to, scale being the usual size of a result (of a pointwise element, its
//          largest operand); the half types count as computed in float32;
// and never by more than the cap, kCap of the largest magnitude at hand. NaN and infinities must
// match by position; integers and bool must be equal; operators that only move data must keep bits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "schema/operator.h"
#include "tensor/tensor_view.h"

namespace fgx {

inline constexpr double kAtolFactor = 2.0;
inline constexpr double kCap = 1.0 / 32;
// An implementation's error may be this multiple of the stable one's, plus two roundings.
inline constexpr double kStableMultiple = 4.0;

// How much rounding error the terms of a call can cause.
struct ErrorModel {
  bool exact = false;               // data is only moved
  double absolute = 0.0;            // atol of every element
  std::vector<double> per_element;  // atol element by element instead (pointwise), or empty
  double magnitude = 0.0;           // the largest finite input, for the cap
  double slack = 1.0;               // multiplies every tolerance
};

// Works out the model of output `index`. `expected` is the oracle's result, not rounded.
ErrorModel error_model(const Call& call, const std::vector<OracleTensor>& inputs,
                       const OracleTensor& expected);

// The model for comparing two implementations on tensors too large for the oracle: both may be wrong by
// the tolerance, and the scale is measured on the reference's result. `reduce_length`: terms that go into
// one element.
ErrorModel agreement_model(const OracleTensor& reference, int64_t reduce_length);

enum class Fault : uint8_t {
  kNone,
  kValue,
  kNan,
  kInf,
  kDType,
  kUnwritten,
  kCanary,
  kInputChanged,
  kNondeterministic,
  kWorseThanStable,
  kError,
};
const char* fault_name(Fault fault);

struct Comparison {
  Fault fault = Fault::kNone;  // of the worst element
  int64_t faulty = 0;          // elements that fail
  int64_t index = -1;          // row-major index of the worst element; -1: none compared
  double expected = 0.0;       // there
  double actual = 0.0;
  double error = 0.0;
  double tolerance = 0.0;
  double max_abs_error = 0.0;  // over finite elements
  double max_rel_error = 0.0;  // over finite elements whose expected value is not tiny
  double max_ulp = 0.0;
  double worst_ratio = 0.0;  // largest error / tolerance
  bool passed() const { return fault == Fault::kNone; }
};

// Compares a tensor with the oracle's result of the same shape.
Comparison compare(const TensorView& actual, const OracleTensor& expected, const ErrorModel& model);

// Whether `error` (largest absolute) is acceptable beside the stable implementation's on the same
// call; `largest` is the largest finite magnitude expected.
bool close_to_stable(double error, double stable_error, DType dtype, double largest);

// Largest finite magnitude; 0 when there is none.
double largest_magnitude(const OracleTensor& tensor);

// Row-major index as coordinates.
std::vector<int64_t> coordinates(int64_t index, const std::vector<int64_t>& shape);

}  // namespace fgx
