// SPDX-License-Identifier: Apache-2.0
// softmax and log_softmax over any dimension.
#include "kernels/stable/softmax/softmax.h"

#include <algorithm>

#include "backend/cpu/thread_pool.h"
#include "base/error.h"
#include "kernels/common/row_walk.h"
#include "kernels/common/strided.h"
#include "schema/type_rules.h"

namespace fgx {
namespace {

constexpr int kDim = 1;
constexpr int kDtype = 2;
constexpr int64_t kGrainElements = 8192;  // exponentials worth a thread
constexpr int64_t kPiecesAtOnce = 512;    // pieces of a long row whose sums are on the stack

struct FastState {
  const SoftmaxKernels* kernels;
  int64_t length;
  int64_t x_stride;  // rows: between rows; columns: between elements of one column
  int64_t y_stride;
  int32_t x_size;  // bytes per element
  int32_t y_size;
  RowWalk walk;
};
static_assert(sizeof(FastState) <= KernelState::kInlineBytes);

struct GeneralState {
  const SoftmaxKernels* kernels;
  DType in_dtype;
  DType out_dtype;
  int64_t rows;
  Strided x_row;
  Strided y_row;
  Strided x_outer;
  Strided y_outer;
};

// Pieces of a row of `length` elements; `sum_pieces(first, count, sums)` gives their sums, which are
// added in order, as the row kernel does.
template <typename SumPieces>
double fold_sums(int64_t length, SumPieces&& sum_pieces) {
  const int64_t pieces = (length + kSoftmaxPiece - 1) / kSoftmaxPiece;
  double total = 0;
  double sums[kPiecesAtOnce];
  for (int64_t first = 0; first < pieces; first += kPiecesAtOnce) {
    const int64_t count = std::min(pieces - first, kPiecesAtOnce);
    sum_pieces(first, count, sums);
    for (int64_t i = 0; i < count; ++i) total += sums[i];
  }
  return total;
}

// Fewer rows than threads, and long: the threads share each row. Bits as if they did not.
void run_long_rows(const FastState& state, const RunArgs& args) {
  const SoftmaxKernels& kernels = *state.kernels;
  const int64_t pieces = (state.length + kSoftmaxPiece - 1) / kSoftmaxPiece;
  const int64_t grain = kGrainElements / kSoftmaxPiece;
  for (int64_t row = 0; row < state.walk.count; ++row) {
    int64_t x_offset, y_offset;
    state.walk.offsets(row, &x_offset, &y_offset);
    const char* x = static_cast<const char*>(args.data[0]) + x_offset * state.x_size;
    char* y = static_cast<char*>(args.data[1]) + y_offset * state.y_size;
    const auto start_of = [](int64_t piece) { return piece * kSoftmaxPiece; };
    const auto length_of = [&](int64_t piece) {
      return std::min(state.length - piece * kSoftmaxPiece, kSoftmaxPiece);
    };
    double largest = -__builtin_inf();
    for (int64_t first = 0; first < pieces; first += kPiecesAtOnce) {
      const int64_t count = std::min(pieces - first, kPiecesAtOnce);
      double tops[kPiecesAtOnce];
      std::fill_n(tops, count, -__builtin_inf());
      args.pool->parallel_for(count, grain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          kernels.largest(x + start_of(first + i) * state.x_size, length_of(first + i), tops + i);
        }
      });
      for (int64_t i = 0; i < count; ++i) largest = std::max(largest, tops[i]);
    }
    const double sum = fold_sums(state.length, [&](int64_t first, int64_t count, double* sums) {
      args.pool->parallel_for(count, grain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          sums[i] = kernels.exp_sum(x + start_of(first + i) * state.x_size, length_of(first + i),
                                    largest);
        }
      });
    });
    args.pool->parallel_for(pieces, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        kernels.finish(x + start_of(i) * state.x_size, y + start_of(i) * state.y_size, length_of(i),
                       largest, sum);
      }
    });
  }
}

void run_rows(const KernelState& kernel_state, const RunArgs& args) {
  const FastState& state = kernel_state.as<FastState>();
  if (state.walk.count < args.pool->num_threads() && state.length >= kSoftmaxLongRow) {
    return run_long_rows(state, args);
  }
  const char* x = static_cast<const char*>(args.data[0]);
  char* y = static_cast<char*>(args.data[1]);
  const int64_t grain = std::max<int64_t>(1, kGrainElements / state.length);
  args.pool->parallel_for(state.walk.count, grain, [&](int64_t begin, int64_t end) {
    state.walk.for_each_run(begin, end, INT64_MAX, [&](int64_t from, int64_t to, int64_t rows) {
      state.kernels->rows(x + from * state.x_size, state.x_stride, y + to * state.y_size,
                          state.y_stride, rows, state.length);
    });
  });
}

void run_columns(const KernelState& kernel_state, const RunArgs& args) {
  constexpr int64_t kUnit = 64;  // columns that stay together
  const FastState& state = kernel_state.as<FastState>();
  const char* x = static_cast<const char*>(args.data[0]);
  char* y = static_cast<char*>(args.data[1]);
  const int64_t inner = state.walk.inner().size;
  const int64_t units = (inner + kUnit - 1) / kUnit;
  const int64_t outer = state.walk.count / inner;
  const int64_t unit_elements = state.length * std::min(inner, kUnit);
  const int64_t grain = std::max<int64_t>(1, kGrainElements / unit_elements);
  args.pool->parallel_for(outer * units, grain, [&](int64_t begin, int64_t end) {
    while (begin < end) {
      const int64_t unit = begin % units;
      const int64_t batch = std::min(std::min(units - unit, end - begin), kSoftmaxColumns / kUnit);
      const int64_t column = unit * kUnit;
      int64_t from, to;
      state.walk.offsets(begin / units * inner + column, &from, &to);
      state.kernels->columns(x + from * state.x_size, state.x_stride, y + to * state.y_size,
                             state.y_stride, state.length, std::min(batch * kUnit, inner - column));
      begin += batch;
    }
  });
}

// Any strides, any conversion: each of the three steps copies a piece, then works on it.
void run_general(const KernelState& kernel_state, const RunArgs& args) {
  const GeneralState& state = kernel_state.as<GeneralState>();
  const SoftmaxKernels& kernels = *state.kernels;
  const int64_t length = state.x_row.count;
  const int64_t grain = std::max<int64_t>(1, kGrainElements / 4 / length);
  args.pool->parallel_for(state.rows, grain, [&](int64_t begin, int64_t end) {
    alignas(64) char in[kSoftmaxPiece * 8];
    alignas(64) char out[kSoftmaxPiece * 8];
    for (int64_t row = begin; row < end; ++row) {
      const char* x = static_cast<const char*>(args.data[0]) +
                      state.x_outer.offset(row) * size_of(state.in_dtype);
      char* y =
          static_cast<char*>(args.data[1]) + state.y_outer.offset(row) * size_of(state.out_dtype);
      const auto fetch = [&](int64_t start) {
        const int64_t count = std::min(length - start, kSoftmaxPiece);
        gather(x, state.in_dtype, state.x_row, start, count, in, state.out_dtype);
        return count;
      };
      double largest = -__builtin_inf();
      for (int64_t i = 0; i < length; i += kSoftmaxPiece) kernels.largest(in, fetch(i), &largest);
      const double sum = fold_sums(length, [&](int64_t first, int64_t count, double* sums) {
        for (int64_t i = 0; i < count; ++i) {
          const int64_t fetched = fetch((first + i) * kSoftmaxPiece);
          sums[i] = kernels.exp_sum(in, fetched, largest);
        }
      });
      for (int64_t i = 0; i < length; i += kSoftmaxPiece) {
        const int64_t count = fetch(i);
        kernels.finish(in, out, count, largest, sum);
        scatter(out, state.out_dtype, y, state.y_row, i, count);
      }
    }
  });
}

void run_nothing(const KernelState&, const RunArgs&) {}

}  // namespace

std::optional<SoftmaxKind> softmax_kind(DType in, DType out) {
  if (in == out) {
    switch (in) {
      case DType::kFloat16:
        return SoftmaxKind::kFloat16;
      case DType::kBFloat16:
        return SoftmaxKind::kBFloat16;
      case DType::kFloat32:
        return SoftmaxKind::kFloat32;
      case DType::kFloat64:
        return SoftmaxKind::kFloat64;
      default:
        return std::nullopt;
    }
  }
  if (out != DType::kFloat32) return std::nullopt;
  if (in == DType::kFloat16) return SoftmaxKind::kFloat16ToFloat32;
  if (in == DType::kBFloat16) return SoftmaxKind::kBFloat16ToFloat32;
  return std::nullopt;
}

void infer_softmax(const Call& call, std::vector<OutputSpec>& outputs) {
  const TensorView& self = call.tensor(0);
  const DType dtype = call.arguments()[kDtype].dtype.value_or(self.dtype);
  if (!is_float(dtype)) {
    fail_argument(FGX_INVALID_ARGUMENT, call.arguments()[kDtype].dtype ? kDtype : 0,
                  "%s needs a floating point type; got %s", call.op().schema.name.c_str(),
                  info(dtype).name.data());
  }
  call.normalized_dim(kDim, self.ndim);
  add_output(outputs, dtype, self.dims());
}

int64_t softmax_length(const Call& call) {
  const TensorView& self = call.tensor(0);
  return self.ndim == 0 ? 1 : self.shape[call.normalized_dim(kDim, self.ndim)];
}

void cut_rows(const Call& call, SoftmaxRows* rows) {
  const TensorView& x = call.tensor(0);
  const TensorView& y = call.outputs()[0];
  const int dim = call.normalized_dim(kDim, x.ndim);
  rows->length = x.ndim == 0 ? 1 : x.shape[dim];
  rows->x_stride = rows->length == 1 ? 1 : x.strides[dim];
  rows->y_stride = rows->length == 1 ? 1 : y.strides[dim];
  int count = 0;
  for (int d = 0; d < x.ndim; ++d) {
    if (d != dim) rows->outer[count++] = {x.shape[d], x.strides[d], y.strides[d]};
  }
  rows->outer_dims = merge_dims(rows->outer, count);
}

namespace {

RunFn prepare_fast(const Call& call, const SoftmaxRows& rows, bool as_rows,
                   const SoftmaxKernels& kernels, KernelState& kernel_state) {
  FastState& state = kernel_state.emplace<FastState>();
  state.kernels = &kernels;
  state.length = rows.length;
  state.x_size = static_cast<int32_t>(size_of(call.tensor(0).dtype));
  state.y_size = static_cast<int32_t>(size_of(call.outputs()[0].dtype));
  state.walk.assign(rows.outer, rows.outer_dims);
  state.x_stride = as_rows ? state.walk.inner().in_stride : rows.x_stride;
  state.y_stride = as_rows ? state.walk.inner().out_stride : rows.y_stride;
  return as_rows ? run_rows : run_columns;
}

RunFn prepare(const Call& call, KernelState& kernel_state, bool logarithm) {
  const TensorView& x = call.tensor(0);
  const TensorView& y = call.outputs()[0];
  if (y.numel == 0) return run_nothing;
  SoftmaxRows rows;
  cut_rows(call, &rows);
  const WalkDim* inner = rows.outer_dims > 0 ? &rows.outer[rows.outer_dims - 1] : nullptr;

  const std::optional<SoftmaxKind> kind = softmax_kind(x.dtype, y.dtype);
  const SoftmaxTable& table = softmax_table_for(best_isa());
  const SoftmaxKernels* kinds = logarithm ? table.log_kinds : table.kinds;
  const bool as_rows = rows.x_stride == 1 && rows.y_stride == 1;
  const bool as_columns = inner != nullptr && inner->in_stride == 1 && inner->out_stride == 1;
  if (kind && rows.outer_dims <= RowWalk::kMaxDims && (as_rows || as_columns)) {
    return prepare_fast(call, rows, as_rows, kinds[static_cast<int>(*kind)], kernel_state);
  }
  GeneralState& state = kernel_state.emplace<GeneralState>();
  state.kernels = &kinds[static_cast<int>(*softmax_kind(y.dtype, y.dtype))];
  state.in_dtype = x.dtype;
  state.out_dtype = y.dtype;
  state.rows = y.numel / rows.length;
  state.x_row.append(rows.length, rows.x_stride);
  state.y_row.append(rows.length, rows.y_stride);
  for (int d = 0; d < rows.outer_dims; ++d) {
    state.x_outer.sizes[d] = state.y_outer.sizes[d] = rows.outer[d].size;
    state.x_outer.strides[d] = rows.outer[d].in_stride;
    state.y_outer.strides[d] = rows.outer[d].out_stride;
  }
  state.x_outer.ndim = state.y_outer.ndim = rows.outer_dims;
  return run_general;
}

}  // namespace

RunFn prepare_softmax_rows(const Call& call, KernelState& state, const SoftmaxKernels& kernels) {
  if (call.outputs()[0].numel == 0) return run_nothing;
  SoftmaxRows rows;
  cut_rows(call, &rows);
  if (rows.x_stride != 1 || rows.y_stride != 1 || rows.outer_dims > RowWalk::kMaxDims) {
    fail(FGX_UNSUPPORTED, "its rows are not contiguous");
  }
  return prepare_fast(call, rows, true, kernels, state);
}

RunFn prepare_softmax(const Call& call, KernelState& state) { return prepare(call, state, false); }
RunFn prepare_log_softmax(const Call& call, KernelState& state) {
  return prepare(call, state, true);
}

}  // namespace fgx
