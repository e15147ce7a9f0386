// SPDX-License-Identifier: Apache-2.0
// layer_norm and rms_norm over the trailing dimensions.
#include "kernels/stable/norm/norm.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "backend/cpu/thread_pool.h"
#include "base/error.h"
#include "kernels/common/row_walk.h"
#include "kernels/common/strided.h"
#include "schema/type_rules.h"

namespace fgx {
namespace {

constexpr int kInput = 0;
constexpr int kShape = 1;
constexpr int kWeight = 2;
constexpr int kBias = 3;                   // layer_norm only
constexpr int64_t kGrainElements = 16384;  // elements worth a thread

struct FastState {
  void (*kernel)(const NormRows& work);
  int64_t length;
  int32_t size;  // bytes per element of input and output
  NormSlots slots;
  DType dtype;
  RowWalk walk;
};
static_assert(sizeof(FastState) <= KernelState::kInlineBytes);

struct GeneralState {
  const NormKernels* kernels;
  Norm norm;
  DType dtype;
  DType compute;  // of weight and bias in the buffers
  DType weight_dtype;
  DType bias_dtype;
  NormSlots slots;
  int64_t rows;
  Strided x_row;
  Strided y_row;
  Strided weight_row;
  Strided bias_row;
  Strided x_outer;
  Strided y_outer;
};

const void* pointer(const RunArgs& args, int8_t slot) {
  return slot < 0 ? nullptr : args.data[slot];
}

void run_rows(const KernelState& kernel_state, const RunArgs& args) {
  const FastState& state = kernel_state.as<FastState>();
  const char* x = static_cast<const char*>(args.data[0]);
  char* y = static_cast<char*>(args.data[state.slots.output]);
  NormRows work;
  work.x_stride = state.walk.inner().in_stride;
  work.y_stride = state.walk.inner().out_stride;
  work.weight = pointer(args, state.slots.weight);
  work.bias = pointer(args, state.slots.bias);
  work.n = state.length;
  work.eps = eps_of(args, state.dtype);
  const int64_t grain = std::max<int64_t>(1, kGrainElements / state.length);
  args.pool->parallel_for(state.walk.count, grain, [&](int64_t begin, int64_t end) {
    state.walk.for_each_run(begin, end, INT64_MAX, [&](int64_t from, int64_t to, int64_t rows) {
      NormRows piece = work;
      piece.x = x + from * state.size;
      piece.y = y + to * state.size;
      piece.rows = rows;
      state.kernel(piece);
    });
  });
}

// Any strides and weight types: each step copies a piece, then works on it.
void run_general(const KernelState& kernel_state, const RunArgs& args) {
  const GeneralState& state = kernel_state.as<GeneralState>();
  const NormKernels& kernels = *state.kernels;
  const int64_t length = state.x_row.count;
  const double eps = eps_of(args, state.dtype);
  const int64_t grain = std::max<int64_t>(1, kGrainElements / 4 / length);
  args.pool->parallel_for(state.rows, grain, [&](int64_t begin, int64_t end) {
    alignas(64) char in[kNormPiece * 8];
    alignas(64) char weight[kNormPiece * 8];
    alignas(64) char bias[kNormPiece * 8];
    alignas(64) char out[kNormPiece * 8];
    const int64_t size = size_of(state.dtype);
    for (int64_t row = begin; row < end; ++row) {
      const char* x = static_cast<const char*>(args.data[0]) + state.x_outer.offset(row) * size;
      char* y =
          static_cast<char*>(args.data[state.slots.output]) + state.y_outer.offset(row) * size;
      const auto fetch = [&](int64_t start) {
        const int64_t count = std::min(length - start, kNormPiece);
        gather(x, state.dtype, state.x_row, start, count, in, state.dtype);
        return count;
      };
      NormSums sums{state.norm == Norm::kLayer, 0, 0, 0, length, eps};
      for (int64_t i = 0; i < length && sums.centred; i += kNormPiece) {
        sums.sum += kernels.sum(in, fetch(i));
      }
      for (int64_t i = 0; i < length; i += kNormPiece) kernels.moments(in, fetch(i), &sums);
      for (int64_t i = 0; i < length; i += kNormPiece) {
        const int64_t count = fetch(i);
        const void* weights = pointer(args, state.slots.weight);
        const void* biases = pointer(args, state.slots.bias);
        if (weights != nullptr) {
          gather(weights, state.weight_dtype, state.weight_row, i, count, weight, state.compute);
        }
        if (biases != nullptr) {
          gather(biases, state.bias_dtype, state.bias_row, i, count, bias, state.compute);
        }
        kernels.finish(in, weights != nullptr ? weight : nullptr,
                       biases != nullptr ? bias : nullptr, out, count, sums);
        scatter(out, state.dtype, y, state.y_row, i, count);
      }
    }
  });
}

void run_nothing(const KernelState&, const RunArgs&) {}

bool is_half(DType dtype) { return dtype == DType::kFloat16 || dtype == DType::kBFloat16; }

Strided row_of(const TensorView& tensor, int first_dim) {
  Strided row;
  for (int d = first_dim; d < tensor.ndim; ++d) row.append(tensor.shape[d], tensor.strides[d]);
  return row;
}

bool contiguous(const Strided& row) {
  return row.ndim == 0 || (row.ndim == 1 && row.strides[0] == 1);
}

struct Tensors : RmsNormTensors {
  const TensorView* bias;
};

Tensors tensors_of(const Call& call, Norm norm) {
  Tensors tensors;
  tensors.x = call.tensor(kInput);
  tensors.y = call.outputs()[0];
  tensors.weight = call.tensor_or_null(kWeight);
  tensors.bias = norm == Norm::kLayer ? call.tensor_or_null(kBias) : nullptr;
  tensors.normalized_dims = static_cast<int>(call.ints(kShape).size());
  return tensors;
}

void cut_rows(const Tensors& tensors, NormGeometry* rows) {
  const TensorView& x = tensors.x;
  const TensorView& y = tensors.y;
  const TensorView* weight = tensors.weight;
  const TensorView* bias = tensors.bias;
  const int first = x.ndim - tensors.normalized_dims;
  for (int d = 0; d < first; ++d) rows->outer[d] = {x.shape[d], x.strides[d], y.strides[d]};
  rows->outer_dims = merge_dims(rows->outer, first);
  rows->x = row_of(x, first);
  rows->y = row_of(y, first);
  rows->weight_view = weight;
  rows->bias_view = bias;
  rows->weight = weight != nullptr ? row_of(*weight, 0) : Strided{};
  rows->bias = bias != nullptr ? row_of(*bias, 0) : Strided{};
  int8_t next = 1;
  rows->slots.weight = weight != nullptr ? next++ : int8_t{-1};
  rows->slots.bias = bias != nullptr ? next++ : int8_t{-1};
  rows->slots.output = next;
  rows->contiguous = rows->outer_dims <= RowWalk::kMaxDims && contiguous(rows->x) &&
                     contiguous(rows->y) && contiguous(rows->weight) && contiguous(rows->bias);
}

RunFn prepare_fast(const NormGeometry& rows, DType dtype, void (*kernel)(const NormRows& work),
                   KernelState& kernel_state) {
  FastState& state = kernel_state.emplace<FastState>();
  state.kernel = kernel;
  state.length = rows.x.count;
  state.size = static_cast<int32_t>(size_of(dtype));
  state.slots = rows.slots;
  state.dtype = dtype;
  state.walk.assign(rows.outer, rows.outer_dims);
  return run_rows;
}

RunFn prepare(const Tensors& tensors, KernelState& kernel_state, Norm norm) {
  const TensorView& x = tensors.x;
  const TensorView& y = tensors.y;
  if (y.numel == 0) return run_nothing;
  const TensorView* weight = tensors.weight;
  const TensorView* bias = tensors.bias;
  NormGeometry rows;
  cut_rows(tensors, &rows);
  const NormTable& table = norm_table_for(best_isa());

  const DType parameter = weight != nullptr ? weight->dtype
                          : bias != nullptr ? bias->dtype
                                            : x.dtype;
  const bool same_parameters = bias == nullptr || bias->dtype == parameter;
  const std::optional<NormKind> kind = norm_kind(x.dtype, parameter);
  if (kind && same_parameters && rows.contiguous) {
    const NormKernels& kernels = table.kinds[static_cast<int>(*kind)];
    return prepare_fast(rows, x.dtype, norm == Norm::kLayer ? kernels.layer : kernels.rms,
                        kernel_state);
  }
  GeneralState& state = kernel_state.emplace<GeneralState>();
  state.compute = x.dtype == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32;
  state.kernels = &table.kinds[static_cast<int>(*norm_kind(x.dtype, state.compute))];
  state.norm = norm;
  state.dtype = x.dtype;
  state.weight_dtype = weight != nullptr ? weight->dtype : x.dtype;
  state.bias_dtype = bias != nullptr ? bias->dtype : x.dtype;
  state.slots = rows.slots;
  state.rows = y.numel / rows.x.count;
  state.x_row = rows.x;
  state.y_row = rows.y;
  state.weight_row = rows.weight;
  state.bias_row = rows.bias;
  for (int d = 0; d < rows.outer_dims; ++d) {
    state.x_outer.sizes[d] = state.y_outer.sizes[d] = rows.outer[d].size;
    state.x_outer.strides[d] = rows.outer[d].in_stride;
    state.y_outer.strides[d] = rows.outer[d].out_stride;
  }
  state.x_outer.ndim = state.y_outer.ndim = rows.outer_dims;
  return run_general;
}

void infer_norm(const Call& call, std::vector<OutputSpec>& outputs) {
  const TensorView& input = call.tensor(kInput);
  require_dtype(call, kInput, kFloatTypes);
  check_normalized_shape(call, kShape, input);
  check_parameter(call, kWeight, call.ints(kShape));
  add_output(outputs, input.dtype, input.dims());
}

}  // namespace

void cut_rows(const Call& call, Norm norm, NormGeometry* rows) {
  cut_rows(tensors_of(call, norm), rows);
}

void cut_rows(const RmsNormTensors& tensors, NormGeometry* rows) {
  cut_rows(Tensors{tensors, nullptr}, rows);
}

double eps_of(const RunArgs& args, DType dtype) {
  return args.scalars[0].present() ? args.scalars[0].as_double() : default_rms_eps(dtype);
}

std::optional<NormKind> norm_kind(DType row, DType parameter) {
  switch (row) {
    case DType::kFloat16:
      if (parameter == row) return NormKind::kFloat16;
      if (parameter == DType::kFloat32) return NormKind::kFloat16Float32;
      return std::nullopt;
    case DType::kBFloat16:
      if (parameter == row) return NormKind::kBFloat16;
      if (parameter == DType::kFloat32) return NormKind::kBFloat16Float32;
      return std::nullopt;
    case DType::kFloat32:
      if (parameter == row) return NormKind::kFloat32;
      return std::nullopt;
    default:
      if (parameter == row) return NormKind::kFloat64;
      return std::nullopt;
  }
}

void check_parameter(const Call& call, int argument, std::span<const int64_t> shape) {
  const TensorView* parameter = call.tensor_or_null(argument);
  if (parameter == nullptr) return;
  if (!std::ranges::equal(parameter->dims(), shape)) {
    fail_argument(FGX_INVALID_ARGUMENT, argument, "its shape is %s, but normalized_shape is %s",
                  shape_text(parameter->dims()).c_str(), shape_text(shape).c_str());
  }
}

void check_normalized_shape(const Call& call, int argument, const TensorView& input) {
  const std::span<const int64_t> shape = call.ints(argument);
  if (shape.empty()) {
    fail_argument(FGX_INVALID_ARGUMENT, argument,
                  "normalized_shape must name at least one dimension");
  }
  const size_t ndim = static_cast<size_t>(input.ndim);
  if (shape.size() > ndim || !std::ranges::equal(input.dims().last(shape.size()), shape)) {
    fail_argument(FGX_INVALID_ARGUMENT, argument,
                  "normalized_shape %s does not match the trailing dimensions of input %s",
                  shape_text(shape).c_str(), shape_text(input.dims()).c_str());
  }
}

double default_rms_eps(DType input) {
  return input == DType::kFloat64 ? std::numeric_limits<double>::epsilon()
                                  : static_cast<double>(std::numeric_limits<float>::epsilon());
}

void infer_layer_norm(const Call& call, std::vector<OutputSpec>& outputs) {
  infer_norm(call, outputs);
  check_parameter(call, kBias, call.ints(kShape));
  // PyTorch's rule: parameters of the input's type, or all float32 beside a half input.
  const DType input = call.tensor(kInput).dtype;
  const TensorView* weight = call.tensor_or_null(kWeight);
  const TensorView* bias = call.tensor_or_null(kBias);
  const bool mixed = is_half(input) && ((weight != nullptr && weight->dtype == DType::kFloat32) ||
                                        (bias != nullptr && bias->dtype == DType::kFloat32));
  const DType wanted = mixed ? DType::kFloat32 : input;
  for (const int argument : {kWeight, kBias}) {
    const TensorView* parameter = call.tensor_or_null(argument);
    if (parameter != nullptr && parameter->dtype != wanted) {
      fail_argument(FGX_INVALID_ARGUMENT, argument, "it must be %s here; got %s",
                    info(wanted).name.data(), info(parameter->dtype).name.data());
    }
  }
}

void infer_rms_norm(const Call& call, std::vector<OutputSpec>& outputs) {
  infer_norm(call, outputs);
}

int64_t normalized_length(const Call& call) {
  int64_t length = 1;
  for (const int64_t size : call.ints(kShape)) length *= size;
  return length;
}

RunFn prepare_rms_norm_rows(const Call& call, KernelState& state,
                            void (*kernel)(const NormRows& work)) {
  if (call.outputs()[0].numel == 0) return run_nothing;
  NormGeometry rows;
  cut_rows(tensors_of(call, Norm::kRms), &rows);
  if (!rows.contiguous) fail(FGX_UNSUPPORTED, "its rows are not contiguous");
  return prepare_fast(rows, call.tensor(kInput).dtype, kernel, state);
}

RunFn prepare_layer_norm(const Call& call, KernelState& state) {
  return prepare(tensors_of(call, Norm::kLayer), state, Norm::kLayer);
}
RunFn prepare_rms_norm(const Call& call, KernelState& state) {
  return prepare(tensors_of(call, Norm::kRms), state, Norm::kRms);
}
RunFn prepare_rms_norm_of(const RmsNormTensors& tensors, KernelState& state) {
  return prepare({tensors, nullptr}, state, Norm::kRms);
}

}  // namespace fgx
