// SPDX-License-Identifier: Apache-2.0
// The launcher of elementwise formulas: geometry, tiles, threads.
//
// Work goes in tiles that fit the first-level cache. Operands that are dense and of the compute type
// are used in place; others are converted, gathered or repeated into tiles on the stack, so a formula
// is compiled once per compute type and not once per combination of types and strides. Half types have
// loops of their own, over dense arrays and over rows of them beside numbers.
#include "kernels/stable/pointwise/elementwise.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "backend/cpu/thread_pool.h"
#include "tensor/geometry.h"

namespace fgx {
namespace {

constexpr int64_t kTileBytes = 4096;
constexpr int64_t kLargestTile = kTileBytes / static_cast<int64_t>(sizeof(float));
// Rows shorter than this are gathered, several to a tile.
constexpr int64_t kShortRow = 256;
// Elements that are worth a second thread.
constexpr int64_t kGrain = 32768;
// Partial sums of a reduction, in the order of the elements: the result does not depend on threads.
constexpr int64_t kMostPartialSums = 256;
constexpr int64_t kSmallestPartialSum = 16384;
constexpr int kOperandsAndOutput = kMaxOperands + 1;  // 0 is the output

enum class Source : uint8_t {
  kDirect,    // dense, of the compute type
  kStaged,    // converted or gathered into a tile
  kRepeated,  // one element for all: its tile is filled once
  kLowest,    // a constant
  kHighest,
};

struct Header {
  FormulaFn formula;
  const TileTable* tiles;
  int64_t numel;
  int64_t byte_offset[kMaxOperands];
  int32_t ndim;
  int8_t slot[kOperandsAndOutput];
  DType dtype[kOperandsAndOutput];
  Source source[kOperandsAndOutput];
  bool cast[kOperandsAndOutput];
  DType common;
  uint8_t arity;
  uint8_t parameter_count;
  ComputeType compute;
  Reduction reduction;
  uint8_t dense_size;  // bytes per element where all is dense and of one type: no tiles; else 0
  bool half_rows;      // rows of one half type, or of a number
};

template <int kDims>
struct State {
  Header header;
  int64_t sizes[kDims];
  int64_t steps[kOperandsAndOutput][kDims];
};
constexpr int kFewDims = 3;
static_assert(sizeof(State<kFewDims>) <= KernelState::kInlineBytes);

// With parameters that are part of the decision.
template <int kDims>
struct StaticState : State<kDims> {
  Scalar parameters[kMaxParameters];
};

// The loop nest of a state, whatever its capacity.
struct Nest {
  int32_t ndim;
  const int64_t* sizes;
  const int64_t* steps;
  int32_t stride;  // of `steps`, from one operand to the next
  int64_t step(int operand, int dim) const { return steps[operand * stride + dim]; }
  int64_t inner() const { return sizes[ndim - 1]; }
};

// Where a walk through the nest stands.
class Position {
 public:
  Position(const Nest& nest, int64_t linear) : nest_(&nest) {
    for (int o = 0; o < kOperandsAndOutput; ++o) offset_[o] = 0;
    for (int d = nest.ndim - 1; d >= 0; --d) {
      index_[d] = linear % nest.sizes[d];
      linear /= nest.sizes[d];
      for (int o = 0; o < kOperandsAndOutput; ++o) offset_[o] += index_[d] * nest.step(o, d);
    }
  }
  int64_t offset(int operand) const { return offset_[operand]; }
  int64_t left_in_row() const { return nest_->inner() - index_[nest_->ndim - 1]; }
  // Goes on by count <= left_in_row() elements.
  void advance(int64_t count) {
    int d = nest_->ndim - 1;
    index_[d] += count;
    for (int o = 0; o < kOperandsAndOutput; ++o) offset_[o] += count * nest_->step(o, d);
    while (index_[d] == nest_->sizes[d] && d > 0) {
      for (int o = 0; o < kOperandsAndOutput; ++o) {
        offset_[o] += nest_->step(o, d - 1) - index_[d] * nest_->step(o, d);
      }
      index_[d] = 0;
      ++index_[--d];
    }
  }

 private:
  const Nest* nest_;
  int64_t index_[FGX_MAX_RANK];
  int64_t offset_[kOperandsAndOutput];
};

constexpr int64_t size_of_compute(ComputeType type) {
  return type == ComputeType::kFloat ? sizeof(float) : sizeof(double);
}

union Number {
  float single;
  double real;
  int64_t integer;
};

Number constant(ComputeType type, bool highest) {
  Number number;
  const double infinity = std::numeric_limits<double>::infinity();
  if (type == ComputeType::kInteger) {
    number.integer =
        highest ? std::numeric_limits<int64_t>::max() : std::numeric_limits<int64_t>::min();
  } else if (type == ComputeType::kDouble) {
    number.real = highest ? infinity : -infinity;
  } else {
    number.single = static_cast<float>(highest ? infinity : -infinity);
  }
  return number;
}

constexpr DType storage_of(ComputeType type) {
  if (type == ComputeType::kFloat) return DType::kFloat32;
  return type == ComputeType::kDouble ? DType::kFloat64 : DType::kInt64;
}

struct Parameters {
  alignas(8) char bytes[kMaxParameters * sizeof(double)] = {};

  Parameters(const Header& header, const Scalar* scalars) {
    for (int i = 0; i < header.parameter_count; ++i) {
      if (header.compute == ComputeType::kInteger) {
        reinterpret_cast<int64_t*>(bytes)[i] = scalars[i].as_int();
      } else if (header.compute == ComputeType::kDouble) {
        reinterpret_cast<double*>(bytes)[i] = scalars[i].as_double();
      } else {
        reinterpret_cast<float*>(bytes)[i] = static_cast<float>(scalars[i].as_double());
      }
    }
  }
};

// One run's pointers, and what handles a stretch of it.
class Worker {
 public:
  Worker(const Header& header, const Nest& nest, const Scalar* scalars, void* const* data)
      : header_(header), nest_(nest), parameters_(header, scalars) {
    base_[0] = static_cast<char*>(data[header.slot[0]]);
    for (int k = 0; k < header.arity; ++k) {
      base_[k + 1] = header.slot[k + 1] < 0
                         ? nullptr
                         : static_cast<char*>(data[header.slot[k + 1]]) + header.byte_offset[k];
    }
  }

  // Everything dense and of one type.
  void apply_dense(int64_t begin, int64_t end) const {
    const int64_t skip = begin * header_.dense_size;
    const void* operands[kMaxOperands];
    for (int k = 0; k < header_.arity; ++k) operands[k] = base_[k + 1] + skip;
    header_.formula(base_[0] + skip, operands, parameters_.bytes, end - begin);
  }

  // Rows that hold one half type, or repeat a number.
  void apply_half_rows(int64_t begin, int64_t end) const {
    constexpr int64_t kBytes = 2;
    const void* operands[kMaxOperands];
    alignas(8) float numbers[kMaxParameters + kMaxOperands];
    std::memcpy(numbers, parameters_.bytes, kMaxParameters * sizeof(float));
    Position position(nest_, begin);
    for (int64_t i = begin; i < end;) {
      const int64_t count = std::min(end - i, position.left_in_row());
      for (int k = 0; k < header_.arity; ++k) {
        const Source source = header_.source[k + 1];
        char* const number = reinterpret_cast<char*>(&numbers[kMaxParameters + k]);
        operands[k] = nullptr;
        if (source > Source::kStaged) {
          fill_constant(k + 1, number, 1);
        } else if (nest_.step(k + 1, nest_.ndim - 1) == 0) {
          load(k + 1, number, position, 1);
        } else {
          operands[k] = base_[k + 1] + position.offset(k + 1) * kBytes;
        }
      }
      header_.formula(base_[0] + position.offset(0) * kBytes, operands, numbers, count);
      position.advance(count);
      i += count;
    }
  }

  // Computes [begin, end); in a reduction returns the sum, and writes nothing.
  double apply(int64_t begin, int64_t end) const {
    alignas(64) char tiles[kOperandsAndOutput][kTileBytes];
    const int compute = static_cast<int>(header_.compute);
    const int64_t size = size_of_compute(header_.compute);
    const int64_t tile = kTileBytes / size;
    const bool reduce = header_.reduction != Reduction::kNone;
    const void* operands[kMaxOperands];
    for (int k = 0; k < header_.arity; ++k) {
      operands[k] = tiles[k + 1];
      fill_constant(k + 1, tiles[k + 1], std::min(tile, end - begin));
    }
    const bool short_rows = nest_.ndim > 1 && nest_.inner() < kShortRow;
    double sum = 0.0;
    Position position(nest_, begin);
    for (int64_t i = begin; i < end;) {
      int64_t count = std::min(tile, end - i);
      if (!short_rows) count = std::min(count, position.left_in_row());
      Position after = position;
      if (short_rows) {
        gather(after, tiles, count);
      } else {
        for (int k = 0; k < header_.arity; ++k) {
          if (header_.source[k + 1] == Source::kDirect) {
            operands[k] = base_[k + 1] + position.offset(k + 1) * size;
          } else if (header_.source[k + 1] == Source::kStaged) {
            load(k + 1, tiles[k + 1], position, count);
          }
        }
        after.advance(count);
      }
      const bool direct = !reduce && !short_rows && header_.source[0] == Source::kDirect;
      void* result = direct ? base_[0] + position.offset(0) * size : tiles[0];
      header_.formula(result, operands, parameters_.bytes, count);
      if (reduce) {
        sum += header_.tiles->sum[compute](result, count);
      } else if (short_rows) {
        scatter(position, tiles[0], count);
      } else if (!direct) {
        store(position, result, count);
      }
      position = after;
      i += count;
    }
    return sum;
  }

  void write_sum(double sum) const {
    const double value =
        header_.reduction == Reduction::kMean ? sum / static_cast<double>(header_.numel) : sum;
    if (header_.compute == ComputeType::kDouble) {
      header_.tiles->store[1](base_[0], header_.dtype[0], 1, &value, 1);
    } else {
      const float rounded = static_cast<float>(value);
      header_.tiles->store[0](base_[0], header_.dtype[0], 1, &rounded, 1);
    }
  }

 private:
  void load(int operand, char* tile, const Position& position, int64_t count) const {
    const int64_t bytes = size_of(header_.dtype[operand]);
    load_from(operand, tile, base_[operand] + position.offset(operand) * bytes,
              nest_.ndim == 0 ? 0 : nest_.step(operand, nest_.ndim - 1), count);
  }

  void load_from(int operand, char* tile, const void* source, int64_t step, int64_t count) const {
    const int compute = static_cast<int>(header_.compute);
    header_.tiles->load[compute](tile, source, header_.dtype[operand], step, count);
    if (header_.cast[operand]) {
      int64_t storage[kLargestTile];
      header_.tiles->store[compute](storage, header_.common, 1, tile, count);
      header_.tiles->load[compute](tile, storage, header_.common, 1, count);
    }
  }

  void fill_constant(int operand, char* tile, int64_t count) const {
    const int compute = static_cast<int>(header_.compute);
    const Source source = header_.source[operand];
    if (source == Source::kRepeated) {
      load_from(operand, tile, base_[operand], 0, count);
    } else if (source == Source::kLowest || source == Source::kHighest) {
      const Number number = constant(header_.compute, source == Source::kHighest);
      header_.tiles->load[compute](tile, &number, storage_of(header_.compute), 0, count);
    }
  }

  // Fills the tiles row by row.
  void gather(Position& position, char (*tiles)[kTileBytes], int64_t count) const {
    const int64_t size = size_of_compute(header_.compute);
    for (int64_t done = 0; done < count;) {
      const int64_t run = std::min(count - done, position.left_in_row());
      for (int o = 1; o <= header_.arity; ++o) {
        if (header_.source[o] <= Source::kStaged) {
          load(o, tiles[o] + done * size, position, run);
        }
      }
      position.advance(run);
      done += run;
    }
  }

  void scatter(Position position, const char* tile, int64_t count) const {
    const int64_t size = size_of_compute(header_.compute);
    for (int64_t done = 0; done < count;) {
      const int64_t run = std::min(count - done, position.left_in_row());
      store(position, tile + done * size, run);
      position.advance(run);
      done += run;
    }
  }

  void store(const Position& position, const void* tile, int64_t count) const {
    header_.tiles->store[static_cast<int>(header_.compute)](
        base_[0] + position.offset(0) * size_of(header_.dtype[0]), header_.dtype[0],
        nest_.step(0, nest_.ndim - 1), tile, count);
  }

  const Header& header_;
  const Nest& nest_;
  Parameters parameters_;
  char* base_[kOperandsAndOutput];
};

void run_reduction(const Worker& worker, const Header& header, const RunArgs& args) {
  if (header.numel == 0) {
    worker.write_sum(0.0);  // a mean of nothing is 0 / 0
    return;
  }
  const int64_t stretch = std::max(kSmallestPartialSum, (header.numel - 1) / kMostPartialSums + 1);
  const int64_t stretches = (header.numel - 1) / stretch + 1;
  double sums[kMostPartialSums];
  args.pool->parallel_for(stretches, 2, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      sums[i] = worker.apply(i * stretch, std::min(header.numel, (i + 1) * stretch));
    }
  });
  for (int64_t width = 1; width < stretches; width *= 2) {
    for (int64_t i = 0; i + width < stretches; i += 2 * width) sums[i] += sums[i + width];
  }
  worker.write_sum(sums[0]);
}

template <typename StateType, bool kStatic>
void run(const KernelState& kernel_state, const RunArgs& args) {
  const StateType& state = kernel_state.as<StateType>();
  const Header& header = state.header;
  const Nest nest{header.ndim, state.sizes, state.steps[0],
                  static_cast<int32_t>(std::size(state.sizes))};
  const Scalar* scalars = args.scalars;
  if constexpr (kStatic) scalars = state.parameters;
  const Worker worker(header, nest, scalars, args.data);
  if (header.reduction != Reduction::kNone) {
    run_reduction(worker, header, args);
  } else if (header.dense_size != 0) {
    args.pool->parallel_for(header.numel, kGrain, [&worker](int64_t begin, int64_t end) {
      worker.apply_dense(begin, end);
    });
  } else if (header.half_rows) {
    args.pool->parallel_for(header.numel, kGrain, [&worker](int64_t begin, int64_t end) {
      worker.apply_half_rows(begin, end);
    });
  } else if (header.numel > 0) {
    args.pool->parallel_for(header.numel, kGrain,
                            [&worker](int64_t begin, int64_t end) { worker.apply(begin, end); });
  }
}

Source source_of(const ElementwiseOperand& operand, ComputeType compute, const int64_t* steps,
                 int ndim) {
  if (operand.slot < 0) return operand.highest ? Source::kHighest : Source::kLowest;
  bool repeated = true;
  for (int d = 0; d < ndim; ++d) repeated = repeated && steps[d] == 0;
  if (repeated) return Source::kRepeated;
  const bool dense = steps[ndim - 1] == 1 && !operand.cast;
  return dense && operand.view.dtype == storage_of(compute) ? Source::kDirect : Source::kStaged;
}

const FormulaTable& formulas_of(int arity, Isa isa) {
  if (arity == 1) return unary_formulas_for(isa);
  return arity == 2 ? binary_formulas_for(isa) : ternary_formulas_for(isa);
}

template <typename StateType>
StateType& fill(const ElementwiseRequest& request, const LoopNest<kOperandsAndOutput>& nest,
                KernelState& kernel_state) {
  StateType& state = kernel_state.emplace<StateType>();
  Header& header = state.header;
  const Isa isa = best_isa();
  header = {};
  const FormulaFn* formulas = formulas_of(request.arity, isa).at[static_cast<int>(request.formula)];
  header.formula = formulas[static_cast<int>(request.compute)];
  header.tiles = &pointwise_tiles_for(isa);
  header.numel = nest.numel;
  header.arity = static_cast<uint8_t>(request.arity);
  header.parameter_count = static_cast<uint8_t>(request.parameter_count);
  header.compute = request.compute;
  header.reduction = request.reduction;
  // A single element is a row of one.
  header.ndim = std::max(nest.ndim, 1);
  state.sizes[0] = 1;
  for (int o = 0; o < kOperandsAndOutput; ++o) state.steps[o][0] = o == 0 ? 1 : 0;
  for (int d = 0; d < nest.ndim; ++d) {
    state.sizes[d] = nest.sizes[d];
    for (int o = 0; o < kOperandsAndOutput; ++o) state.steps[o][d] = nest.steps[o][d];
  }
  header.common = request.common;
  header.slot[0] = static_cast<int8_t>(request.output_slot);
  header.dtype[0] = request.output.dtype;
  const bool dense_output = state.steps[0][header.ndim - 1] == 1;
  header.source[0] = dense_output && request.output.dtype == storage_of(request.compute)
                         ? Source::kDirect
                         : Source::kStaged;
  // Dense throughout in the compute type, or in one half type?
  bool dense = header.ndim == 1 && dense_output && request.reduction == Reduction::kNone;
  const int inner = header.ndim - 1;
  bool half_rows = kHalfTypes.contains(request.output.dtype) && dense_output &&
                   request.reduction == Reduction::kNone &&
                   request.compute == ComputeType::kFloat &&
                   (header.ndim == 1 || state.sizes[inner] >= kShortRow);
  for (int k = 0; k < request.arity; ++k) {
    const ElementwiseOperand& operand = request.operands[k];
    header.slot[k + 1] = static_cast<int8_t>(operand.slot);
    header.byte_offset[k] = operand.byte_offset;
    header.dtype[k + 1] = operand.view.dtype;
    header.cast[k + 1] = operand.cast;
    header.source[k + 1] = source_of(operand, request.compute, state.steps[k + 1], header.ndim);
    const bool single = header.numel == 1 && header.source[k + 1] == Source::kRepeated;
    const bool number = header.source[k + 1] > Source::kStaged || state.steps[k + 1][inner] == 0;
    half_rows = half_rows && (number || (operand.view.dtype == request.output.dtype &&
                                         !operand.cast && state.steps[k + 1][inner] == 1));
    dense = dense && !operand.cast && operand.view.dtype == request.output.dtype &&
            (single || (header.source[k + 1] <= Source::kStaged && state.steps[k + 1][0] == 1));
  }
  const int half_loop = request.output.dtype == DType::kBFloat16 ? kBFloat16Loop : kFloat16Loop;
  if (dense && request.output.dtype == storage_of(request.compute)) {
    header.dense_size = static_cast<uint8_t>(size_of(request.output.dtype));
  } else if (dense && kHalfTypes.contains(request.output.dtype)) {
    header.dense_size = static_cast<uint8_t>(size_of(request.output.dtype));
    header.formula = formulas[half_loop];
  } else if (half_rows) {
    header.half_rows = true;
    header.formula = formulas[half_loop];
  }
  return state;
}

template <int kDims>
RunFn finish(const ElementwiseRequest& request, const LoopNest<kOperandsAndOutput>& nest,
             KernelState& kernel_state) {
  if (request.static_parameters == nullptr) {
    fill<State<kDims>>(request, nest, kernel_state);
    return &run<State<kDims>, false>;
  }
  StaticState<kDims>& state = fill<StaticState<kDims>>(request, nest, kernel_state);
  for (int i = 0; i < request.parameter_count; ++i) {
    state.parameters[i] = request.static_parameters[i];
  }
  return &run<StaticState<kDims>, true>;
}

}  // namespace

RunFn prepare_elementwise(const ElementwiseRequest& request, KernelState& state) {
  TensorView nothing;  // stands for operands that are not there: one element, repeated
  nothing.numel = 1;
  const TensorView* views[kOperandsAndOutput];
  const bool reduce = request.reduction != Reduction::kNone;
  views[0] = reduce ? &nothing : &request.output;
  for (int k = 0; k < kMaxOperands; ++k) {
    const bool there = k < request.arity && request.operands[k].slot >= 0;
    views[k + 1] = there ? &request.operands[k].view : &nothing;
  }
  const LoopNest<kOperandsAndOutput> nest =
      make_loop_nest<kOperandsAndOutput>(request.shape, {views[0], views[1], views[2], views[3]});
  if (nest.ndim <= kFewDims) return finish<kFewDims>(request, nest, state);
  return finish<FGX_MAX_RANK>(request, nest, state);
}

}  // namespace fgx
