// SPDX-License-Identifier: Apache-2.0
// Results of reductions on their way into the output.
#include "kernels/common/strided.h"
#include "kernels/stable/reduction/reduce.h"
#include "tensor/half.h"

namespace fgx {
namespace {

// The type is looked at once, not per element.
template <typename Value>
void write_each(int64_t count, DType dtype, char* out, int64_t stride, Value&& value) {
  switch (dtype) {
    case DType::kFloat32: {
      float* to = reinterpret_cast<float*>(out);
      for (int64_t i = 0; i < count; ++i) to[i * stride] = static_cast<float>(value(i));
      return;
    }
    case DType::kBFloat16: {
      BFloat16* to = reinterpret_cast<BFloat16*>(out);
      for (int64_t i = 0; i < count; ++i)
        to[i * stride] = to_bfloat16(static_cast<float>(value(i)));
      return;
    }
    case DType::kFloat16: {
      Float16* to = reinterpret_cast<Float16*>(out);
      for (int64_t i = 0; i < count; ++i) to[i * stride] = to_float16(static_cast<float>(value(i)));
      return;
    }
    default:
      for (int64_t i = 0; i < count; ++i) {
        write_real(dtype, out + i * stride * size_of(dtype), value(i));
      }
  }
}

template <typename Value>
void write_each_integer(int64_t count, DType dtype, char* out, int64_t stride, Value&& value) {
  if (dtype == DType::kInt64) {
    int64_t* to = reinterpret_cast<int64_t*>(out);
    for (int64_t i = 0; i < count; ++i) to[i * stride] = value(i);
    return;
  }
  for (int64_t i = 0; i < count; ++i) {
    write_integer(dtype, out + i * stride * size_of(dtype), value(i));
  }
}

}  // namespace

void write_reals(const ReduceSlot* totals, int64_t count, const ReduceResult& result, char* out,
                 int64_t stride) {
  write_each(count, result.dtype, out, stride, [&](int64_t i) { return totals[i].real; });
}

void write_means(const ReduceSlot* totals, int64_t count, const ReduceResult& result, char* out,
                 int64_t stride) {
  const double divisor = static_cast<double>(result.length);
  write_each(count, result.dtype, out, stride, [&](int64_t i) { return totals[i].real / divisor; });
}

void write_integers(const ReduceSlot* totals, int64_t count, const ReduceResult& result, char* out,
                    int64_t stride) {
  write_each_integer(count, result.dtype, out, stride,
                     [&](int64_t i) { return totals[i].integer; });
}

void write_indices(const ReduceSlot* totals, int64_t count, const ReduceResult& result, char* out,
                   int64_t stride) {
  write_each_integer(count, result.dtype, out, stride, [&](int64_t i) { return totals[i].index; });
}

void write_variances(const ReduceSlot* totals, int64_t count, const ReduceResult& result, char* out,
                     int64_t stride) {
  const double freedom = static_cast<double>(result.length) - result.correction;
  const double divisor = freedom > 0 ? freedom : 0;
  write_each(count, result.dtype, out, stride,
             [&](int64_t i) { return totals[i].spread / divisor; });
}

}  // namespace fgx
