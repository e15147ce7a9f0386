// SPDX-License-Identifier: Apache-2.0
// softmax_registers: short rows stay in registers from their load to their store.
//
// generator: row-templates 0.1.0, 2026-11-20T11:50:00Z
// op_id: 0a71a95f-59ab-4d7b-bf5b-5ff3ce9593fa
// implements: aten::softmax
// source: y = exp(x - max(x)) / sum(exp(x - max(x)))
// configuration: {"lanes": 16, "unrolled": true, "vectors_per_row": "1 to 16"}
// performance: measured over stable.cpu.softmax (no vendor library has it), AMD EPYC Zen 4, 1 thread:
// performance: [4096,64|128|256] float32 1.28x, 1.21x, 1.10x; float16 1.24x, 1.22x, 1.07x;
// performance: bfloat16 [4096,128|256] 1.12x, 1.09x
// licence: Apache-2.0
// content_hash: 4a70de11ef4e6729d40cc0930a0fe00bc0a44f3af5edd631c959b006902e0c20
// ---- end of metadata

#include "kernels/experimental/generated/reduction/softmax_registers.h"

#include "kernels/common/row_exp.h"
#include "kernels/common/row_vector.h"

namespace fgx::FGX_ISA {

#if defined(__AVX512F__)
namespace {

using namespace row;

// One row is kVectors registers: loaded once, stored once.
template <typename T, int kVectors>
void softmax_rows(const void* x_data, int64_t x_stride, void* y_data, int64_t y_stride,
                  int64_t rows, int64_t) {
  const T* x = static_cast<const T*>(x_data);
  T* y = static_cast<T*>(y_data);
  for (int64_t r = 0; r < rows; ++r, x += x_stride, y += y_stride) {
    VecF values[kVectors];
    VecF best = splat(-__builtin_inff());
#pragma GCC unroll 8
    for (int k = 0; k + 1 < kVectors; k += 2) {
      const Pair<T> pair = load_pair(x + 16 * k);
      values[k] = pair.first;
      values[k + 1] = pair.second;
      best = larger(larger(values[k], values[k + 1]), best);
    }
    if constexpr (kVectors % 2 != 0) {
      values[kVectors - 1] = load(x + 16 * (kVectors - 1));
      best = larger(values[kVectors - 1], best);
    }
    const VecF largest = splat(max_lanes(best));
    VecF sums[2] = {};
#pragma GCC unroll 16
    for (int k = 0; k < kVectors; ++k) {
      values[k] = exp_nonpositive(values[k] - largest);
      sums[k % 2] += values[k];
    }
    const VecF factor = splat(1.0f / sum_lanes(sums[0] + sums[1]));
#pragma GCC unroll 8
    for (int k = 0; k + 1 < kVectors; k += 2) {
      store_pair(y + 16 * k, values[k] * factor, values[k + 1] * factor);
    }
    if constexpr (kVectors % 2 != 0) {
      store(y + 16 * (kVectors - 1), values[kVectors - 1] * factor);
    }
  }
}

template <typename T, int kVectors>
constexpr SoftmaxKernels kRows = {softmax_rows<T, kVectors>, nullptr, nullptr, nullptr, nullptr};

}  // namespace

#define FGX_STEPS(T)                                                                           \
  {                                                                                            \
    kRows<T, 1>, kRows<T, 2>, kRows<T, 3>, kRows<T, 4>, kRows<T, 5>, kRows<T, 6>, kRows<T, 7>, \
        kRows<T, 8>, kRows<T, 9>, kRows<T, 10>, kRows<T, 11>, kRows<T, 12>, kRows<T, 13>,      \
        kRows<T, 14>, kRows<T, 15>, kRows<T, 16>                                               \
  }
extern const SoftmaxRegistersTable softmax_registers_table = {
    {FGX_STEPS(F16), FGX_STEPS(BF16), FGX_STEPS(float)}};
#else
extern const SoftmaxRegistersTable softmax_registers_table = {};
#endif

}  // namespace fgx::FGX_ISA
