// SPDX-License-Identifier: Apache-2.0
// Counts of bytes and operations.
#include "verify/cost.h"

#include <algorithm>

#include "schema/operator.h"

namespace fgx {
namespace {

int64_t stored_bytes(const TensorView& tensor) {
  if (!tensor.present || tensor.wrapped_number || tensor.numel == 0) return 0;
  int64_t count = 1;
  for (int d = 0; d < tensor.ndim; ++d) {
    if (tensor.strides[d] != 0) count *= tensor.shape[d];
  }
  return count * size_of(tensor.dtype);
}

}  // namespace

int64_t bytes_moved(const Call& call) {
  int64_t bytes = 0;
  for (const TensorView& input : call.inputs()) bytes += stored_bytes(input);
  for (const TensorView& output : call.outputs()) bytes += stored_bytes(output);
  return bytes;
}

int64_t flop_count(const Call& call) {
  const OperatorDef& op = call.op();
  const int64_t length =
      op.reduce_length == nullptr ? 1 : std::max<int64_t>(1, op.reduce_length(call));
  const int64_t in = call.inputs().empty() ? 0 : call.inputs()[0].numel;
  int64_t out = 0;
  for (const TensorView& output : call.outputs()) out += output.numel;
  switch (op.family) {
    case Family::kBlas:
      return 2 * out * length;
    case Family::kAttention: {
      if (op.reduce_length == nullptr) return 3 * out;  // rotary embedding
      const TensorView& query = call.inputs()[0];
      const int64_t features = query.ndim > 0 ? std::max<int64_t>(1, query.dim(-1)) : 1;
      return 4 * out * length + 5 * (query.numel / features) * length;
    }
    case Family::kSoftmax:
    case Family::kMoe:
      return 5 * in;
    case Family::kNorm:
      return 6 * in;
    case Family::kReduction:
      return in;
    case Family::kPointwise:
      return out;
    case Family::kLoss:
      return std::max(in, out);
    case Family::kSelect:
      return -1;
  }
  return -1;
}

}  // namespace fgx
