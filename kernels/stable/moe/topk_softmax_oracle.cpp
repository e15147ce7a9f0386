// SPDX-License-Identifier: Apache-2.0
// Plain reference of topk_softmax.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/stable/moe/topk_softmax.h"

namespace fgx {

void oracle_topk_softmax(const Call& call, const std::vector<OracleTensor>& inputs,
                         std::vector<OracleTensor>& outputs) {
  const OracleTensor& x = inputs[0];
  const int64_t experts = x.shape.back();
  const auto topk = static_cast<size_t>(call.integer(1));
  const bool renormalize = call.flag(2);
  std::vector<double>& weights = outputs[0].reals;
  std::vector<int64_t>& indices = outputs[1].integers;
  weights.clear();
  indices.clear();
  for (int64_t start = 0; start < x.numel(); start += experts) {
    // The router works on float32 logits.
    const auto logit = [&](int64_t i) {
      return static_cast<double>(static_cast<float>(x.at(start + i)));
    };
    double largest = -INFINITY;
    for (int64_t i = 0; i < experts; ++i) largest = std::fmax(largest, logit(i));
    double sum = 0;
    for (int64_t i = 0; i < experts; ++i) sum += std::exp(logit(i) - largest);
    std::vector<int64_t> order(static_cast<size_t>(experts));
    std::iota(order.begin(), order.end(), int64_t{0});
    if (!std::isnan(sum)) {
      std::stable_sort(order.begin(), order.end(),
                       [&](int64_t a, int64_t b) { return logit(a) > logit(b); });
    }
    double kept = 0;
    for (size_t k = 0; k < topk; ++k) kept += std::exp(logit(order[k]) - largest) / sum;
    for (size_t k = 0; k < topk; ++k) {
      double weight = std::isnan(sum) ? std::numeric_limits<double>::quiet_NaN()
                                      : std::exp(logit(order[k]) - largest) / sum;
      if (renormalize) weight /= kept;
      weights.push_back(weight);
      indices.push_back(order[k]);
    }
  }
}

}  // namespace fgx
