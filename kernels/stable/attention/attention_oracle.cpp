// SPDX-License-Identifier: Apache-2.0
// Plain references of attention and the rotary embedding.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/stable/attention/attention.h"

namespace fgx {
namespace {

// Row-major position in `shape` of the leading `index`, whose last dimensions align; sizes of 1 are
// stretched. `index` has `count` entries, `shape` may have fewer.
int64_t stretched(const std::vector<int64_t>& shape, size_t used,
                  const std::vector<int64_t>& index) {
  int64_t at = 0;
  const size_t skipped = index.size() - used;
  for (size_t d = 0; d < used; ++d) {
    at = at * shape[d] + (shape[d] == 1 ? 0 : index[d + skipped]);
  }
  return at;
}

}  // namespace

void attention_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                      std::vector<OracleTensor>& outputs) {
  const OracleTensor& query = inputs[0];
  const OracleTensor& key = inputs[1];
  const OracleTensor& value = inputs[2];
  const OracleTensor* mask = call.has(kMask) ? &inputs[3] : nullptr;
  OracleTensor& out = outputs[0];
  out.reals.assign(static_cast<size_t>(out.numel()), 0.0);
  if (out.numel() == 0) return;
  const size_t rank = out.shape.size();
  const int64_t queries = out.shape[rank - 2];
  const int64_t value_size = out.shape[rank - 1];
  const int64_t size = query.shape.back();
  const int64_t keys = key.shape[key.shape.size() - 2];
  const double scale = call.scalar(kScale).present()
                           ? call.scalar(kScale).as_double()
                           : 1.0 / std::sqrt(static_cast<double>(std::max<int64_t>(size, 1)));
  const int64_t batches = out.numel() / (queries * value_size);
  for (int64_t batch = 0; batch < batches; ++batch) {
    std::vector<int64_t> index(rank - 2);
    int64_t rest = batch;
    for (size_t d = rank - 2; d > 0; --d) {
      index[d - 1] = rest % out.shape[d - 1];
      rest /= out.shape[d - 1];
    }
    // The head that a tensor with fewer heads gives to this one.
    const auto matrix = [&](const OracleTensor& tensor) {
      const size_t leading = tensor.shape.size() - 2;
      std::vector<int64_t> own = index;
      if (leading >= 1 && call.flag(kGrouped)) {
        own.back() = own.back() / (out.shape[rank - 3] / tensor.shape[leading - 1]);
      }
      return stretched(tensor.shape, leading, own);
    };
    const int64_t q = matrix(query) * queries * size;
    const int64_t k = matrix(key) * keys * size;
    const int64_t v = matrix(value) * keys * value_size;
    for (int64_t row = 0; row < queries; ++row) {
      std::vector<double> scores(static_cast<size_t>(keys));
      double top = -std::numeric_limits<double>::infinity();
      for (int64_t j = 0; j < keys; ++j) {
        double score = 0;
        for (int64_t e = 0; e < size; ++e) {
          score += query.reals[q + row * size + e] * key.reals[k + j * size + e];
        }
        score *= scale;
        if (mask != nullptr) {
          std::vector<int64_t> at = index;
          at.push_back(row);
          at.push_back(j);
          const double entry = mask->at(stretched(mask->shape, mask->shape.size(), at));
          const bool hides = mask->dtype == DType::kBool && entry == 0;
          score += hides                         ? -std::numeric_limits<double>::infinity()
                   : mask->dtype == DType::kBool ? 0
                                                 : entry;
        }
        if (call.flag(kCausal) && j > row) score = -std::numeric_limits<double>::infinity();
        scores[j] = score;
        top = std::max(top, score);
      }
      double total = 0;
      for (double& score : scores) {
        score = std::exp(score - (std::isinf(top) && top < 0 ? 0 : top));
        total += score;
      }
      for (int64_t e = 0; e < value_size; ++e) {
        double sum = 0;
        for (int64_t j = 0; j < keys; ++j) sum += scores[j] * value.reals[v + j * value_size + e];
        // A row that sees nothing gives zeros.
        out.reals[(batch * queries + row) * value_size + e] = total == 0 ? 0 : sum / total;
      }
    }
  }
}

void rotary_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                   std::vector<OracleTensor>& outputs) {
  const OracleTensor& cosine = inputs[2];
  const OracleTensor& sine = inputs[3];
  const int64_t half = cosine.shape[1];
  const bool interleaved = call.flag(kInterleaved);
  for (int side = 0; side < 2; ++side) {
    const OracleTensor& x = inputs[side];
    OracleTensor& out = outputs[side];
    out.reals.assign(static_cast<size_t>(out.numel()), 0.0);
    if (!out.present || x.numel() == 0) continue;
    const size_t rank = x.shape.size();
    const int64_t heads = x.shape[rank - 2];
    const int64_t sequence = rank >= 3 ? x.shape[rank - 3] : 1;
    for (int64_t row = 0; row < x.numel() / (2 * half); ++row) {
      const int64_t token = row / heads;
      const int64_t position = call.has(kPositions) ? inputs[4].integers[token] : token % sequence;
      for (int64_t i = 0; i < half; ++i) {
        const int64_t low = row * 2 * half + (interleaved ? 2 * i : i);
        const int64_t high = low + (interleaved ? 1 : half);
        const double c = cosine.at(position * half + i);
        const double s = sine.at(position * half + i);
        out.reals[low] = x.reals[low] * c - x.reals[high] * s;
        out.reals[high] = x.reals[high] * c + x.reals[low] * s;
      }
    }
  }
}

}  // namespace fgx
