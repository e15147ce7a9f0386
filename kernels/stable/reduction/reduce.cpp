// SPDX-License-Identifier: Apache-2.0
// The walk of reductions: rows, columns, or any strides through a buffer.
#include "kernels/stable/reduction/reduce.h"

#include <algorithm>

#include "backend/cpu/thread_pool.h"
#include "kernels/common/row_walk.h"
#include "kernels/common/strided.h"

namespace fgx {
namespace {

constexpr int64_t kGrainElements = 32768;  // a piece of work worth a thread
constexpr int64_t kBatch = 64;             // rows whose slots are on the stack at once
constexpr int64_t kPiecesAtOnce = 512;     // pieces of a long row whose slots are on the stack
constexpr int64_t kNarrowColumns = 64;     // so few columns are cut into row ranges instead

struct Common {
  const ReduceOps* ops;
  ReduceRowsFn rows;
  ReduceColumnsFn columns;
  int64_t length;   // elements per result
  int64_t outputs;  // results
  double correction;
  int32_t in_size;  // bytes per element
  DType out_dtype[2];
};

// Writes results to elements at `offset`, `stride` apart, of all outputs.
void write_results(const Common& common, const RunArgs& args, const ReduceSlot* totals,
                   int64_t count, int64_t offset, int64_t stride) {
  const ReduceWriteFn writers[] = {common.ops->write, common.ops->write_second};
  for (int i = 0; i < 2 && writers[i] != nullptr; ++i) {
    const ReduceResult result{common.length, common.correction, common.out_dtype[i]};
    char* out = static_cast<char*>(args.data[1 + i]) + offset * size_of(result.dtype);
    writers[i](totals, count, result, out, stride);
  }
}

// Rows or columns: the kernel walks the innermost kept dimension.
struct FastState : Common {
  int64_t row_stride;  // rows: between results; columns: between elements of one result
  RowWalk walk;
};
static_assert(sizeof(FastState) <= KernelState::kInlineBytes);

struct GeneralState : Common {
  DType in_dtype;
  DType compute;
  Strided reduced;
  Strided kept_in;  // not merged: parallel to kept_out
  Strided kept_out;
};

// Folds pieces first, first + 1, ... of a row of `length` elements. slot_of(piece) gives their slots.
template <typename Pieces>
ReduceSlot fold_pieces(const Common& common, Pieces&& pieces) {
  const int64_t count = (common.length + kReducePiece - 1) / kReducePiece;
  ReduceSlot slots[kPiecesAtOnce];
  ReduceSlot total{};
  for (int64_t first = 0; first < count; first += kPiecesAtOnce) {
    const int64_t batch = std::min(count - first, kPiecesAtOnce);
    pieces(first, batch, slots);
    for (int64_t i = 0; i < batch; ++i) {
      if (first + i == 0) {
        total = slots[0];
      } else {
        common.ops->fold(&total, slots[i], (first + i) * kReducePiece);
      }
    }
  }
  return total;
}

// A few long rows: their pieces are shared out.
void run_long_rows(const FastState& state, const RunArgs& args) {
  const char* in = static_cast<const char*>(args.data[0]);
  for (int64_t index = 0; index < state.outputs; ++index) {
    int64_t in_offset, out_offset;
    state.walk.offsets(index, &in_offset, &out_offset);
    const char* row = in + in_offset * state.in_size;
    const auto pieces = [&](int64_t first, int64_t count, ReduceSlot* slots) {
      args.pool->parallel_for(
          count, kGrainElements / kReducePiece, [&](int64_t begin, int64_t end) {
            const int64_t start = (first + begin) * kReducePiece;
            const int64_t stop = std::min(state.length, (first + end) * kReducePiece);
            const int64_t whole = (stop - start) / kReducePiece;
            const int64_t rest = (stop - start) % kReducePiece;
            if (whole > 0) {
              state.rows(row + start * state.in_size, kReducePiece, whole, kReducePiece,
                         slots + begin);
            }
            if (rest > 0) {
              state.rows(row + (start + whole * kReducePiece) * state.in_size, 0, 1, rest,
                         slots + begin + whole);
            }
          });
    };
    const ReduceSlot total = fold_pieces(state, pieces);
    write_results(state, args, &total, 1, out_offset, 0);
  }
}

void run_rows(const KernelState& kernel_state, const RunArgs& args) {
  const FastState& state = kernel_state.as<FastState>();
  if (state.outputs < 4 && state.length >= 2 * kGrainElements) return run_long_rows(state, args);
  const char* in = static_cast<const char*>(args.data[0]);
  const int64_t grain = std::max<int64_t>(1, kGrainElements / state.length);
  const int64_t out_stride = state.walk.inner().out_stride;
  args.pool->parallel_for(state.outputs, grain, [&](int64_t begin, int64_t end) {
    state.walk.for_each_run(begin, end, kBatch, [&](int64_t from, int64_t to, int64_t rows) {
      ReduceSlot slots[kBatch];
      state.rows(in + from * state.in_size, state.row_stride, rows, state.length, slots);
      write_results(state, args, slots, rows, to, out_stride);
    });
  });
}

// Few columns and many rows: row ranges of fixed length are shared out, then folded in order.
void run_narrow_columns(const FastState& state, const RunArgs& args) {
  constexpr int64_t kRangesAtOnce = 16;
  const char* in = static_cast<const char*>(args.data[0]);
  const int64_t ranges = (state.length + kReducePiece - 1) / kReducePiece;
  const WalkDim inner = state.walk.inner();
  for (int64_t index = 0; index < state.outputs; index += inner.size) {
    int64_t in_offset, out_offset;
    state.walk.offsets(index, &in_offset, &out_offset);
    const char* column = in + in_offset * state.in_size;
    ReduceSlot totals[kNarrowColumns];
    for (int64_t first = 0; first < ranges; first += kRangesAtOnce) {
      ReduceSlot slots[kRangesAtOnce * kNarrowColumns];
      const int64_t batch = std::min(ranges - first, kRangesAtOnce);
      args.pool->parallel_for(batch, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const int64_t start = (first + i) * kReducePiece;
          state.columns(column + start * state.row_stride * state.in_size, state.row_stride,
                        std::min(state.length - start, kReducePiece), inner.size,
                        slots + i * kNarrowColumns);
        }
      });
      for (int64_t i = 0; i < batch; ++i) {
        for (int64_t c = 0; c < inner.size; ++c) {
          const ReduceSlot& part = slots[i * kNarrowColumns + c];
          if (first + i == 0) {
            totals[c] = part;
          } else {
            state.ops->fold(&totals[c], part, (first + i) * kReducePiece);
          }
        }
      }
    }
    write_results(state, args, totals, inner.size, out_offset, inner.out_stride);
  }
}

void run_columns(const KernelState& kernel_state, const RunArgs& args) {
  const FastState& state = kernel_state.as<FastState>();
  const WalkDim inner = state.walk.inner();
  if (inner.size <= kNarrowColumns && state.length > kReducePiece) {
    return run_narrow_columns(state, args);
  }
  constexpr int64_t kUnit = 64;  // columns that stay together
  const char* in = static_cast<const char*>(args.data[0]);
  const int64_t units = (inner.size + kUnit - 1) / kUnit;
  const int64_t grain = std::max<int64_t>(1, kGrainElements / (state.length * kUnit));
  const int64_t outer = state.outputs / inner.size;
  args.pool->parallel_for(outer * units, grain, [&](int64_t begin, int64_t end) {
    ReduceSlot slots[kReduceColumns];
    while (begin < end) {
      const int64_t unit = begin % units;
      const int64_t batch = std::min(std::min(units - unit, end - begin), kReduceColumns / kUnit);
      const int64_t column = unit * kUnit;
      const int64_t count = std::min(batch * kUnit, inner.size - column);
      int64_t in_offset, out_offset;
      state.walk.offsets(begin / units * inner.size, &in_offset, &out_offset);
      const char* from = in + (in_offset + column) * state.in_size;
      state.columns(from, state.row_stride, std::min(state.length, kReducePiece), count, slots);
      for (int64_t row = kReducePiece; row < state.length; row += kReducePiece) {
        ReduceSlot parts[kReduceColumns];
        state.columns(from + row * state.row_stride * state.in_size, state.row_stride,
                      std::min(state.length - row, kReducePiece), count, parts);
        for (int64_t c = 0; c < count; ++c) state.ops->fold(&slots[c], parts[c], row);
      }
      write_results(state, args, slots, count, out_offset + column * inner.out_stride,
                    inner.out_stride);
      begin += batch;
    }
  });
}

// Anything else: a piece at a time is copied, converted, and reduced as a row.
void run_general(const KernelState& kernel_state, const RunArgs& args) {
  const GeneralState& state = kernel_state.as<GeneralState>();
  const char* in = static_cast<const char*>(args.data[0]);
  const auto reduce_piece = [&](int64_t output, int64_t piece, ReduceSlot* slot) {
    alignas(64) char buffer[kReducePiece * 8];
    const int64_t start = piece * kReducePiece;
    const int64_t count = std::min(state.length - start, kReducePiece);
    const char* base = in + state.kept_in.offset(output) * state.in_size;
    gather(base, state.in_dtype, state.reduced, start, count, buffer, state.compute);
    state.rows(buffer, 0, 1, count, slot);
  };
  const auto write = [&](int64_t output, const ReduceSlot& total) {
    write_results(state, args, &total, 1, state.kept_out.offset(output), 0);
  };
  if (state.outputs < 4) {
    for (int64_t output = 0; output < state.outputs; ++output) {
      write(output, fold_pieces(state, [&](int64_t first, int64_t count, ReduceSlot* slots) {
              args.pool->parallel_for(count, 2, [&](int64_t begin, int64_t end) {
                for (int64_t i = begin; i < end; ++i) reduce_piece(output, first + i, slots + i);
              });
            }));
    }
    return;
  }
  const int64_t grain = std::max<int64_t>(1, kGrainElements / 4 / state.length);
  args.pool->parallel_for(state.outputs, grain, [&](int64_t begin, int64_t end) {
    for (int64_t output = begin; output < end; ++output) {
      write(output, fold_pieces(state, [&](int64_t first, int64_t count, ReduceSlot* slots) {
              for (int64_t i = 0; i < count; ++i) reduce_piece(output, first + i, slots + i);
            }));
    }
  });
}

void run_empty(const KernelState& kernel_state, const RunArgs& args) {
  const GeneralState& state = kernel_state.as<GeneralState>();
  for (int64_t output = 0; output < state.outputs; ++output) {
    write_results(state, args, &state.ops->empty, 1, state.kept_out.offset(output), 0);
  }
}

void run_nothing(const KernelState&, const RunArgs&) {}

}  // namespace

void cut_reduction(const Call& call, const ReduceRequest& request, const TensorView& out,
                   ReduceGeometry* geometry) {
  const TensorView& self = call.inputs()[0];
  WalkDim* const kept = geometry->kept;
  WalkDim gone[FGX_MAX_RANK];
  int kept_count = 0;
  int gone_count = 0;
  for (int d = 0, o = 0; d < self.ndim; ++d) {
    const bool reduced = ((request.reduced >> d) & 1u) != 0;
    const int64_t out_stride = reduced ? 0 : out.strides[o];
    if (!reduced || request.keepdim) ++o;
    if (self.shape[d] == 1) continue;
    if (reduced) {
      gone[gone_count++] = {self.shape[d], self.strides[d], 0};
    } else {
      kept[kept_count++] = {self.shape[d], self.strides[d], out_stride};
    }
  }
  // The order of results never matters, that of the elements only to argmax.
  const auto outer_first = [](const WalkDim& a, const WalkDim& b) {
    return a.in_stride > b.in_stride;
  };
  std::stable_sort(kept, kept + kept_count, outer_first);
  if (!request.ordered) std::stable_sort(gone, gone + gone_count, outer_first);

  geometry->kept_dims = merge_dims(kept, kept_count);
  for (int d = 0; d < gone_count; ++d) geometry->reduced.append(gone[d].size, gone[d].in_stride);
}

namespace {

RunFn prepare_into(const Call& call, const ReduceRequest& request, const TensorView& out,
                   KernelState& kernel_state) {
  const TensorView& self = call.inputs()[0];
  ReduceGeometry geometry;
  cut_reduction(call, request, out, &geometry);
  const WalkDim* const kept = geometry.kept;
  const int kept_count = geometry.kept_dims;
  const Strided& reduced = geometry.reduced;
  const int dtype = static_cast<int>(request.compute);
  Common common{};
  common.ops = request.ops;
  common.rows = request.table->rows[dtype];
  common.columns = request.table->columns[dtype];
  common.length = reduced.count;
  common.outputs = out.numel;
  common.in_size = static_cast<int32_t>(size_of(self.dtype));
  common.correction = request.correction;
  common.out_dtype[0] = out.dtype;
  if (request.ops->write_second != nullptr) common.out_dtype[1] = call.outputs()[1].dtype;

  const WalkDim inner = geometry.inner();
  const bool as_rows = geometry.as_rows();
  if (reduced.count > 0 && self.dtype == request.compute && kept_count <= RowWalk::kMaxDims &&
      (as_rows || geometry.as_columns())) {
    FastState& state = kernel_state.emplace<FastState>();
    static_cast<Common&>(state) = common;
    state.walk.assign(kept, kept_count);
    state.row_stride = as_rows ? inner.in_stride : reduced.ndim == 1 ? reduced.strides[0] : 0;
    return as_rows ? run_rows : run_columns;
  }
  GeneralState& state = kernel_state.emplace<GeneralState>();
  static_cast<Common&>(state) = common;
  state.in_dtype = self.dtype;
  state.compute = request.compute;
  state.reduced = reduced;
  for (int d = 0; d < kept_count; ++d) {
    state.kept_in.sizes[d] = state.kept_out.sizes[d] = kept[d].size;
    state.kept_in.strides[d] = kept[d].in_stride;
    state.kept_out.strides[d] = kept[d].out_stride;
  }
  state.kept_in.ndim = state.kept_out.ndim = kept_count;
  return reduced.count == 0 ? run_empty : run_general;
}

// Two outputs of different strides are computed one after the other.
struct TwiceState {
  KernelState states[2];
  RunFn runs[2];
  ReduceOps ops[2];
};

void run_twice(const KernelState& kernel_state, const RunArgs& args) {
  const TwiceState& twice = kernel_state.as<TwiceState>();
  for (int i = 0; i < 2; ++i) {
    void* const data[] = {args.data[0], args.data[1 + i]};
    RunArgs one = args;
    one.data = data;
    twice.runs[i](twice.states[i], one);
  }
}

}  // namespace

RunFn prepare_reduce(const Call& call, const ReduceRequest& request, KernelState& kernel_state) {
  const TensorView& out = call.outputs()[0];
  if (out.numel == 0) return run_nothing;
  if (request.ops->write_second == nullptr ||
      std::equal(out.strides, out.strides + out.ndim, call.outputs()[1].strides)) {
    return prepare_into(call, request, out, kernel_state);
  }
  TwiceState& twice = kernel_state.emplace<TwiceState>();
  for (int i = 0; i < 2; ++i) {
    twice.ops[i] = *request.ops;
    if (i == 1) twice.ops[i].write = request.ops->write_second;
    twice.ops[i].write_second = nullptr;
    ReduceRequest one = request;
    one.ops = &twice.ops[i];
    twice.runs[i] = prepare_into(call, one, call.outputs()[i], twice.states[i]);
  }
  return run_twice;
}

}  // namespace fgx
