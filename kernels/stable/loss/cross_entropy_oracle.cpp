// SPDX-License-Identifier: Apache-2.0
// Plain reference of cross_entropy_loss: log_softmax, then what is written of it in ATen's terms.
#include <cmath>

#include "kernels/stable/loss/cross_entropy.h"

namespace fgx {

void cross_entropy_loss_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                               std::vector<OracleTensor>& outputs) {
  const OracleTensor& x = inputs[0];
  const OracleTensor& target = inputs[1];
  const OracleTensor* weight = call.has(2) ? &inputs[2] : nullptr;
  const int64_t reduction = call.integer(3);
  const int64_t ignored = call.integer(4);
  const double smoothing = call.scalar(5).as_double();
  const size_t dim = x.shape.size() == 1 ? 0 : 1;
  const int64_t classes = x.shape[dim];
  int64_t inner = 1;
  for (size_t d = dim + 1; d < x.shape.size(); ++d) inner *= x.shape[d];
  std::vector<double>& losses = outputs[0].reals;
  losses.clear();
  double weight_sum = 0;
  double loss_sum = 0;
  for (int64_t position = 0; position < target.numel(); ++position) {
    const int64_t label = target.integers[static_cast<size_t>(position)];
    const int64_t start = position / inner * classes * inner + position % inner;
    const auto score = [&](int64_t c) { return x.at(start + c * inner); };
    double loss = 0;
    if (label != ignored) {
      double largest = -INFINITY;
      for (int64_t c = 0; c < classes; ++c) largest = std::fmax(largest, score(c));
      double sum = 0;
      for (int64_t c = 0; c < classes; ++c) sum += std::exp(score(c) - largest);
      const auto log_softmax = [&](int64_t c) { return score(c) - largest - std::log(sum); };
      const auto weight_of = [&](int64_t c) { return weight != nullptr ? weight->at(c) : 1.0; };
      loss = -weight_of(label) * log_softmax(label);
      if (smoothing > 0) {
        double spread = 0;
        for (int64_t c = 0; c < classes; ++c) spread -= weight_of(c) * log_softmax(c);
        loss = (1 - smoothing) * loss + smoothing / static_cast<double>(classes) * spread;
      }
      weight_sum += weight_of(label);
    }
    loss_sum += loss;
    losses.push_back(loss);
  }
  if (reduction != 0) losses = {reduction == 1 ? loss_sum / weight_sum : loss_sum};
}

}  // namespace fgx
