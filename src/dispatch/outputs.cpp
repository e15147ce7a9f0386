// SPDX-License-Identifier: Apache-2.0
// Allocation and comparison of outputs.
#include "dispatch/outputs.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <new>

#include "base/checked.h"
#include "base/strings.h"
#include "tensor/float_limits.h"
#include "tensor/half.h"

namespace fgx {
namespace {

constexpr size_t kAlignment = 64;
// Two correct kernels differ by at most this many roundings of the output type per square root of the
// terms, relative to the largest element.
constexpr double kRoundings = 8;

double element(const char* data, DType dtype, int64_t offset) {
  const char* at = data + offset * size_of(dtype);
  switch (dtype) {
    case DType::kFloat16:
      return to_float(*reinterpret_cast<const Float16*>(at));
    case DType::kBFloat16:
      return to_float(*reinterpret_cast<const BFloat16*>(at));
    case DType::kFloat32:
      return *reinterpret_cast<const float*>(at);
    default:
      return *reinterpret_cast<const double*>(at);
  }
}

// Calls visit(offset) for each element of a view, in row-major order; stops when it returns false.
template <typename Visit>
void for_each_offset(const TensorView& view, Visit&& visit) {
  if (view.numel == 0) return;
  int64_t index[FGX_MAX_RANK] = {};
  int64_t offset = 0;
  while (visit(offset)) {
    int32_t dim = view.ndim - 1;
    for (; dim >= 0; --dim) {
      offset += view.strides[dim];
      if (++index[dim] < view.shape[dim]) break;
      offset -= view.strides[dim] * view.shape[dim];
      index[dim] = 0;
    }
    if (dim < 0) return;
  }
}

std::string compare_one(const TensorView& view, size_t number, const void* result,
                        const void* expected, int64_t reduce_length) {
  const char* a = static_cast<const char*>(result);
  const char* b = static_cast<const char*>(expected);
  std::string difference;
  if (!is_float(view.dtype)) {
    const size_t size = static_cast<size_t>(size_of(view.dtype));
    for_each_offset(view, [&](int64_t offset) {
      const size_t at = static_cast<size_t>(offset) * size;
      if (std::equal(a + at, a + at + size, b + at)) return true;
      difference = format_text("output %zu differs at element offset %lld", number,
                               static_cast<long long>(offset));
      return false;
    });
    return difference;
  }
  double scale = 0;
  for_each_offset(view, [&](int64_t offset) {
    const double value = std::abs(element(b, view.dtype, offset));
    if (std::isfinite(value)) scale = std::max(scale, value);
    return true;
  });
  const double absolute = kRoundings * float_limits(view.dtype).epsilon * scale *
                          std::sqrt(static_cast<double>(std::max<int64_t>(reduce_length, 1)));
  const double relative = float_limits(view.dtype).relative_tolerance;
  for_each_offset(view, [&](int64_t offset) {
    const double got = element(a, view.dtype, offset);
    const double want = element(b, view.dtype, offset);
    const bool same = std::isfinite(got) && std::isfinite(want)
                          ? std::abs(got - want) <= absolute + relative * std::abs(want)
                          : (std::isnan(got) && std::isnan(want)) || got == want;
    if (same) return true;
    difference = format_text("output %zu is %g where %g was expected (element offset %lld)", number,
                             got, want, static_cast<long long>(offset));
    return false;
  });
  return difference;
}

}  // namespace

ScratchOutputs::ScratchOutputs(const Call& call) : inputs_(call.inputs().size()) {
  data_.reserve(call.inputs().size() + call.outputs().size());
  memory_.reserve(call.outputs().size());
  for (const TensorView& view : call.inputs()) data_.push_back(view.data);
  for (const TensorView& view : call.outputs()) {
    if (!view.present) {
      data_.push_back(nullptr);
      continue;
    }
    int64_t elements = view.numel == 0 ? 0 : 1;
    for (int32_t i = 0; elements != 0 && i < view.ndim; ++i) {
      elements = checked_add(
          elements, checked_mul<int64_t>(view.shape[i] - 1, view.strides[i], "scratch"), "scratch");
    }
    const size_t bytes = static_cast<size_t>(checked_mul(elements, size_of(view.dtype), "scratch"));
    void* memory = std::aligned_alloc(kAlignment, (bytes / kAlignment + 1) * kAlignment);
    if (memory == nullptr) {
      for (void* earlier : memory_) std::free(earlier);
      throw std::bad_alloc();
    }
    memory_.push_back(memory);
    data_.push_back(memory);
  }
}

ScratchOutputs::~ScratchOutputs() {
  for (void* memory : memory_) std::free(memory);
}

std::string compare_outputs(const Call& call, const ScratchOutputs& results,
                            int64_t reduce_length) {
  for (size_t i = 0; i < call.outputs().size(); ++i) {
    const TensorView& view = call.outputs()[i];
    if (!view.present) continue;
    std::string difference = compare_one(view, i, results.output(i), view.data, reduce_length);
    if (!difference.empty()) return difference;
  }
  return {};
}

std::string compare_outputs(const Call& call, const ScratchOutputs& results,
                            const ScratchOutputs& expected, int64_t reduce_length) {
  for (size_t i = 0; i < call.outputs().size(); ++i) {
    const TensorView& view = call.outputs()[i];
    if (!view.present) continue;
    std::string difference =
        compare_one(view, i, results.output(i), expected.output(i), reduce_length);
    if (!difference.empty()) return difference;
  }
  return {};
}

}  // namespace fgx
