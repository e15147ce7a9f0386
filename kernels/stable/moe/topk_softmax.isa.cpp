// SPDX-License-Identifier: Apache-2.0
// softmax, top-k and renormalization of one row of router logits.
#include "kernels/common/row_exp.h"
#include "kernels/common/row_vector.h"
#include "kernels/stable/moe/topk_kernels.h"

namespace fgx::FGX_ISA {
namespace {

using namespace row;

constexpr int kLanes = Compute<float>::kLanes;
constexpr float kLowest = -__builtin_inff();

template <typename T>
void widen_row(const void* data, int64_t n, float* to) {
  const T* x = static_cast<const T*>(data);
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(to + i, load(x + i));
  if (i < n) {
    const int some = static_cast<int>(n - i);
    store_some(to + i, load_some(x + i, some, 0), some);
  }
}

// `x` is padded with NaN to whole vectors; NaN is skipped here and below.
float largest_of(const float* x, int64_t padded) {
  VecF best = splat(kLowest);
  for (int64_t i = 0; i < padded; i += kLanes) best = larger(load(x + i), best);
  return max_lanes(best);
}

int64_t first_equal(const float* x, float value) {
  int64_t i = 0;
  while (!any(load(x + i) == splat(value))) i += kLanes;
  while (x[i] != value) ++i;
  return i;
}

void gate(const GateRow& row) {
  const float nan = __builtin_nanf("");
  const int64_t padded = (row.n + kLanes - 1) / kLanes * kLanes;
  alignas(64) float rest[kMostExperts];  // logits not yet chosen
  alignas(64) float chosen[kMostExperts];
  static_assert(kMostExperts % kLanes == 0);
  for (int64_t i = row.n; i < padded; ++i) rest[i] = nan;
  for (int64_t i = 0; i < row.n; ++i) rest[i] = row.logits[i];

  const float largest = largest_of(rest, padded);
  VecF sums{};
  int64_t i = 0;
  for (; i + kLanes <= row.n; i += kLanes) {
    sums += exp_nonpositive(load(row.logits + i) - largest);
  }
  if (i < row.n) {
    const int some = static_cast<int>(row.n - i);
    sums += exp_nonpositive(load_some(row.logits + i, some, kLowest) - largest);
  }
  const float sum = sum_lanes(sums);
  if (sum != sum) {  // NaN or infinite logits: there is no order to choose by
    for (int64_t k = 0; k < row.topk; ++k) {
      row.weights[k * row.weight_stride] = nan;
      row.indices[k * row.index_stride] = static_cast<int32_t>(k);
    }
    return;
  }

  for (int64_t k = 0; k < row.topk; ++k) {
    const float best = k == 0 ? largest : largest_of(rest, padded);
    const int64_t index = first_equal(rest, best);
    rest[index] = nan;
    chosen[k] = best;
    row.indices[k * row.index_stride] = static_cast<int32_t>(index);
  }
  float kept = 0;
  for (int64_t k = 0; k < row.topk; k += kLanes) {
    const int some = row.topk - k < kLanes ? static_cast<int>(row.topk - k) : kLanes;
    VecF e = exp_nonpositive(load(chosen + k) - largest) * (1 / sum);
    for (int lane = 0; lane < some; ++lane) {
      row.weights[(k + lane) * row.weight_stride] = e[lane];
      kept += e[lane];
    }
  }
  if (!row.renormalize) return;
  for (int64_t k = 0; k < row.topk; ++k) row.weights[k * row.weight_stride] /= kept;
}

}  // namespace

extern const GateTable gate_table = {widen_row<F16>, widen_row<BF16>, gate};

}  // namespace fgx::FGX_ISA
