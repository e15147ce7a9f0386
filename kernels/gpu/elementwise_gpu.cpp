// SPDX-License-Identifier: Apache-2.0
// The launcher of the elementwise kernels (pointwise.cu).
#include "kernels/gpu/elementwise_gpu.h"

#include <algorithm>
#include <limits>
#include <string>

#include "backend/gpu/device.h"
#include "base/error.h"
#include "kernels/gpu/strided_arguments.h"
#include "tensor/geometry.h"
#include "tensor/half.h"

namespace fgx {
namespace {

using gpu::kMostOperands;
using gpu::StridedArguments;

constexpr unsigned kBlock = 256;
constexpr unsigned kSmallBlock = 128;
// Rows of at least this many vectors get blocks of their own.
constexpr int64_t kShortestBlockRow = 128;
constexpr uintptr_t kVectorBytes = 16;
static_assert(gpu::kMostDims == FGX_MAX_RANK);

// As the kernels are called, in the order of FormulaId.
constexpr const char* kFormulaNames[] = {
#define FGX_UNARY(name, ...) #name,
#define FGX_BINARY(name, ...) #name,
#define FGX_TERNARY(name, ...) #name,
#define FGX_LOSS(name, ...) #name,
#define FGX_CHOICE_UNARY(name, argument, value, ...) (#name "_" #value),
#define FGX_CHOICE_BINARY(name, argument, value, ...) (#name "_" #value),
#define FGX_FORMULA_BINARY(name, ...) #name,
#include "kernels/stable/pointwise/pointwise_formulas.inc"
};
static_assert(std::size(kFormulaNames) == kFormulaCount);

// Where an operand's value comes from.
enum class Source : uint8_t { kMemory, kNumber, kLowest, kHighest };

struct Operands {
  int8_t slot[kMostOperands];          // in RunArgs::data
  int64_t byte_offset[kMostOperands];  // of the first element from there
  Source source[kMostOperands];
  DType dtype[kMostOperands];  // of numbers
  bool cast[kMostOperands];    // numbers are rounded to `common` first
  DType common;
  int8_t output_slot;
  uint8_t parameter_count;
  bool fixed;  // parameters are those here, not the run's
  Scalar parameters[kMaxParameters];
};

struct Launch {
  const gpu::Device* device;
  gpu::Kernel kernel;
  unsigned grid;
  unsigned block;
};
struct DenseState {
  Launch launch;
  int64_t count;
  bool numbers;  // all operands but the first are
  Operands operands;
};
struct StridedState {
  Launch launch;
  Operands operands;
  StridedArguments arguments;
};

template <typename T>
T convert(Scalar value) {
  if constexpr (std::is_same_v<T, int64_t>) return value.as_int();
  return static_cast<T>(value.as_double());
}

// A number in host memory.
Scalar read_number(const void* data, DType dtype) {
  switch (dtype) {
    case DType::kBool:
      return Scalar::of_bool(*static_cast<const uint8_t*>(data) != 0);
    case DType::kUInt8:
      return Scalar::of_int(*static_cast<const uint8_t*>(data));
    case DType::kInt8:
      return Scalar::of_int(*static_cast<const int8_t*>(data));
    case DType::kInt16:
      return Scalar::of_int(*static_cast<const int16_t*>(data));
    case DType::kInt32:
      return Scalar::of_int(*static_cast<const int32_t*>(data));
    case DType::kInt64:
      return Scalar::of_int(*static_cast<const int64_t*>(data));
    case DType::kFloat16:
      return Scalar::of_float(to_float(*static_cast<const Float16*>(data)));
    case DType::kBFloat16:
      return Scalar::of_float(to_float(*static_cast<const BFloat16*>(data)));
    case DType::kFloat32:
      return Scalar::of_float(*static_cast<const float*>(data));
    case DType::kFloat64:
      return Scalar::of_float(*static_cast<const double*>(data));
  }
  return Scalar::none();
}

// What a launch passes beside its arrays.
template <typename T>
struct Numbers {
  void* pointers[kMostOperands] = {};  // null: a number
  T values[kMostOperands] = {};
  T parameters[2] = {};

  Numbers(const Operands& operands, const RunArgs& args) {
    for (int k = 0; k < kMostOperands; ++k) {
      switch (operands.source[k]) {
        case Source::kMemory:
          if (operands.slot[k] >= 0) {
            pointers[k] = static_cast<char*>(args.data[operands.slot[k]]) + operands.byte_offset[k];
          }
          break;
        case Source::kNumber:
          values[k] = number(operands, k, args.data[operands.slot[k]]);
          break;
        case Source::kLowest:
          values[k] = bound(false);
          break;
        case Source::kHighest:
          values[k] = bound(true);
          break;
      }
    }
    const Scalar* scalars = operands.fixed ? operands.parameters : args.scalars;
    for (int i = 0; i < operands.parameter_count; ++i) parameters[i] = convert<T>(scalars[i]);
  }

 private:
  static T bound(bool highest) {
    using Limits = std::numeric_limits<T>;
    if constexpr (Limits::has_infinity) return highest ? Limits::infinity() : -Limits::infinity();
    return highest ? Limits::max() : Limits::min();
  }
  static T number(const Operands& operands, int k, const void* data) {
    const Scalar value = read_number(data, operands.dtype[k]);
    if (!operands.cast[k]) return convert<T>(value);
    switch (operands.common) {
      case DType::kFloat16:
        return static_cast<T>(to_float(to_float16(static_cast<float>(value.as_double()))));
      case DType::kBFloat16:
        return static_cast<T>(to_float(to_bfloat16(static_cast<float>(value.as_double()))));
      case DType::kUInt8:
        return static_cast<T>(static_cast<uint8_t>(value.as_int()));
      case DType::kInt8:
        return static_cast<T>(static_cast<int8_t>(value.as_int()));
      case DType::kInt16:
        return static_cast<T>(static_cast<int16_t>(value.as_int()));
      case DType::kInt32:
        return static_cast<T>(static_cast<int32_t>(value.as_int()));
      default:
        return convert<T>(value);
    }
  }
};

void run_on(const Launch& launch, void* stream, void** parameters) {
  const gpu::ContextGuard guard(*launch.device);
  gpu::check(*launch.device->driver,
             launch.device->driver->launch(guard.handle(launch.kernel), launch.grid, 1, 1,
                                           launch.block, 1, 1, 0, stream, parameters, nullptr),
             "launching an elementwise kernel");
}

template <typename T>
void run_dense(const KernelState& kernel_state, const RunArgs& args) {
  const DenseState& state = kernel_state.as<DenseState>();
  Numbers<T> numbers(state.operands, args);
  void* out = args.data[state.operands.output_slot];
  int64_t count = state.count;
  if (state.numbers) {
    void* parameters[] = {&out,
                          &numbers.pointers[0],
                          &count,
                          &numbers.values[1],
                          &numbers.values[2],
                          &numbers.parameters[0],
                          &numbers.parameters[1]};
    run_on(state.launch, args.stream, parameters);
    return;
  }
  void* parameters[] = {&out,   &numbers.pointers[0],   &numbers.pointers[1],  &numbers.pointers[2],
                        &count, &numbers.parameters[0], &numbers.parameters[1]};
  run_on(state.launch, args.stream, parameters);
}

template <typename T>
void run_strided(const KernelState& kernel_state, const RunArgs& args) {
  const StridedState& state = kernel_state.as<StridedState>();
  Numbers<T> numbers(state.operands, args);
  void* out = args.data[state.operands.output_slot];
  void* parameters[] = {const_cast<StridedArguments*>(&state.arguments),
                        &out,
                        &numbers.pointers[0],
                        &numbers.pointers[1],
                        &numbers.pointers[2],
                        &numbers.values[0],
                        &numbers.values[1],
                        &numbers.values[2],
                        &numbers.parameters[0],
                        &numbers.parameters[1]};
  run_on(state.launch, args.stream, parameters);
}

template <template <typename> typename Run>
RunFn run_for(ComputeType compute) {
  switch (compute) {
    case ComputeType::kFloat:
      return Run<float>::function;
    case ComputeType::kDouble:
      return Run<double>::function;
    case ComputeType::kInteger:
      return Run<int64_t>::function;
  }
  return nullptr;
}
template <typename T>
struct Dense {
  static constexpr RunFn function = &run_dense<T>;
};
template <typename T>
struct Strided {
  static constexpr RunFn function = &run_strided<T>;
};

constexpr DTypeSet kDenseTypes{DType::kFloat32, DType::kFloat16, DType::kBFloat16,
                               DType::kFloat64, DType::kInt64,   DType::kInt32};

// Whether vectors of `size` elements of this operand can be loaded at once.
bool aligned(const TensorView& view, int64_t byte_offset, int64_t size) {
  const uintptr_t bytes = static_cast<uintptr_t>(size * size_of(view.dtype));
  const uintptr_t first =
      reinterpret_cast<uintptr_t>(view.data) + static_cast<uintptr_t>(byte_offset);
  return (first & (bytes - 1)) == 0;
}

// All operands dense arrays; the first one, beside numbers; rows; anything.
enum class Layout : uint8_t { kDense, kNumbers, kRows, kStrided };

// How vectors of `size` elements lie in all operands.
Layout layout_of(const LoopNest<kMostOperands + 1>& nest,
                 const TensorView* const (&views)[kMostOperands + 1], int operands,
                 const TensorView* number, int64_t size) {
  const int inner = nest.ndim - 1;
  bool dense = nest.ndim <= 1;
  bool rows = nest.ndim >= 1 && nest.sizes[inner] % size == 0;
  for (int o = 0; o <= kMostOperands; ++o) {
    if (views[o] == number || nest.ndim == 0) continue;
    dense = dense && nest.steps[o][inner] == 1;
    rows = rows && (nest.steps[o][inner] == 1 || (o > 0 && nest.steps[o][inner] == 0));
    for (int d = 0; d < inner; ++d) {
      rows = rows && (nest.steps[o][inner] == 0 || nest.steps[o][d] % size == 0);
    }
  }
  int in_memory = 0;
  for (int o = 1; o <= operands; ++o) in_memory += views[o] != number;
  if (dense && in_memory == operands) return Layout::kDense;
  if (dense && in_memory == 1 && views[1] != number) return Layout::kNumbers;
  return rows ? Layout::kRows : Layout::kStrided;
}

// A kernel and this many blocks.
Launch launch_blocks(const gpu::Device& device, const std::string& kernel, int64_t grid,
                     int64_t block) {
  if (grid > std::numeric_limits<int32_t>::max()) {
    fail(FGX_SHAPE_NOT_SUPPORTED, "too many elements for one launch");
  }
  return {&device, gpu::find_kernel(device, "pointwise", kernel.c_str()),
          static_cast<unsigned>(grid), static_cast<unsigned>(block)};
}

// A kernel and its geometry for this many threads: small blocks where they reach more multiprocessors.
Launch launch_threads(const gpu::Device& device, const std::string& kernel, int64_t threads) {
  const int64_t block =
      threads <= int64_t{kBlock} * device.facts.multiprocessors ? kSmallBlock : kBlock;
  return launch_blocks(device, kernel, (threads - 1) / block + 1, block);
}

// The operands of a request, numbers told from arrays.
struct Gathered {
  Operands operands{};
  const TensorView* views[kMostOperands + 1];  // the output first; of numbers `nothing`
  int arity;
  bool vectors;  // all arrays hold the output's type, and 16 bytes of each can be loaded at once
};

Gathered gather(const ElementwiseRequest& request, const TensorView& nothing, int64_t vector) {
  const TensorView& output = request.output;
  Gathered made;
  made.arity = std::min(request.arity, kMostOperands);
  made.vectors = kDenseTypes.contains(output.dtype) && aligned(output, 0, vector);
  made.views[0] = &output;
  Operands& operands = made.operands;
  operands.common = request.common;
  operands.output_slot = static_cast<int8_t>(request.output_slot);
  operands.parameter_count = static_cast<uint8_t>(request.parameter_count);
  operands.fixed = request.static_parameters != nullptr;
  for (int i = 0; operands.fixed && i < request.parameter_count; ++i) {
    operands.parameters[i] = request.static_parameters[i];
  }
  for (int k = 0; k < kMostOperands; ++k) {
    operands.slot[k] = -1;
    made.views[k + 1] = &nothing;
  }
  for (int k = 0; k < made.arity; ++k) {
    const ElementwiseOperand& operand = request.operands[k];
    if (operand.slot < 0) {
      operands.source[k] = operand.highest ? Source::kHighest : Source::kLowest;
      continue;
    }
    const TensorView& view = operand.view;
    operands.slot[k] = static_cast<int8_t>(operand.slot);
    operands.byte_offset[k] = operand.byte_offset;
    operands.dtype[k] = view.dtype;
    operands.cast[k] = operand.cast;
    if (view.wrapped_number || view.device.type == FGX_DEVICE_CPU) {
      operands.source[k] = Source::kNumber;
      continue;
    }
    made.views[k + 1] = &view;
    const DType wanted =
        k == 0 && request.formula == FormulaId::where ? DType::kBool : output.dtype;
    made.vectors = made.vectors && view.dtype == wanted && !operand.cast &&
                   aligned(view, operand.byte_offset, vector);
  }
  return made;
}

using Nest = LoopNest<kMostOperands + 1>;

// Arrays without gaps, or one of them beside numbers.
RunFn prepare_dense(const gpu::Device& device, const ElementwiseRequest& request,
                    const Gathered& gathered, bool numbers, int64_t numel, int64_t vectors,
                    const std::string& formula, KernelState& state) {
  DenseState& made = state.emplace<DenseState>();
  const std::string dtype(info(request.output.dtype).name);
  made.launch = launch_threads(device, formula + (numbers ? "_number_" : "_") + dtype, vectors);
  made.count = numel;
  made.numbers = numbers;
  made.operands = gathered.operands;
  return run_for<Dense>(request.compute);
}

// Rows of `vector` elements at a time, or single elements where `vector` is 0.
RunFn prepare_strided(const gpu::Device& device, const ElementwiseRequest& request,
                      const Gathered& gathered, const TensorView& nothing, const Nest& nest,
                      int64_t vector, const std::string& formula, KernelState& state) {
  constexpr const char* kTypes[] = {"float", "double", "integer"};
  const bool rows = vector != 0;
  const int64_t threads = rows ? nest.numel / vector : nest.numel;
  const int inner = nest.ndim - 1;
  const int64_t row = rows ? nest.sizes[inner] / vector : 0;  // vectors
  bool numbers = false;
  for (int k = 0; k < gathered.arity; ++k) numbers |= gathered.views[k + 1] == &nothing;
  const std::string kernel =
      rows ? formula + (numbers ? "_mixed_" : "_rows_") +
                 std::string(info(request.output.dtype).name)
           : formula + "_strided_" + kTypes[static_cast<int>(request.compute)];

  StridedState& made = state.emplace<StridedState>();
  int64_t blocks_per_row = 0;
  int64_t per_thread = 1;
  if (row >= kShortestBlockRow && row <= std::numeric_limits<int32_t>::max()) {
    // Small problems rather reach more multiprocessors.
    const bool small = threads <= int64_t{kBlock} * device.facts.multiprocessors;
    per_thread =
        small ? 1 : gpu::vectors_per_thread_of(static_cast<int>(size_of(request.output.dtype)));
    const int64_t warp = device.facts.warp_size;
    const int64_t block = std::min<int64_t>(kBlock, ((row - 1) / per_thread / warp + 1) * warp);
    blocks_per_row = (row - 1) / (block * per_thread) + 1;
    made.launch = launch_blocks(device, kernel, threads / row * blocks_per_row, block);
  } else {
    made.launch = launch_threads(device, kernel, threads);
  }
  made.operands = gathered.operands;
  StridedArguments& arguments = made.arguments;
  arguments = {};
  arguments.numel = threads;
  arguments.ndim = nest.ndim;
  arguments.blocks_per_row = static_cast<uint32_t>(blocks_per_row);
  arguments.vectors_per_thread = static_cast<uint32_t>(per_thread);
  arguments.common = static_cast<uint8_t>(request.common);
  for (int o = 0; o <= kMostOperands; ++o) {
    arguments.dtype[o] = static_cast<uint8_t>(gathered.views[o]->dtype);
    arguments.is_number[o] = o > 0 && gathered.views[o] == &nothing;
    arguments.cast[o] = o > 0 && gathered.operands.cast[o - 1] && arguments.is_number[o] == 0;
    for (int d = 0; d < nest.ndim; ++d) arguments.steps[o][d] = nest.steps[o][d];
    if (rows) arguments.steps[o][inner] *= vector;
  }
  for (int d = 0; d < nest.ndim; ++d) arguments.sizes[d] = nest.sizes[d];
  if (rows) arguments.sizes[inner] /= vector;
  if (nest.ndim == 0) arguments.ndim = arguments.sizes[0] = 1;  // a single element is a row of one
  return run_for<Strided>(request.compute);
}

}  // namespace

RunFn prepare_elementwise_gpu(fgx_device where, const ElementwiseRequest& request,
                              KernelState& state) {
  if (request.reduction != Reduction::kNone) {
    fail(FGX_UNSUPPORTED, "reductions of a formula are not implemented on GPUs");
  }
  const gpu::Device& device = gpu::find_device(where);
  TensorView nothing;  // stands for numbers: one element, repeated
  nothing.numel = 1;
  const int64_t vector = static_cast<int64_t>(kVectorBytes) / size_of(request.output.dtype);
  const Gathered gathered = gather(request, nothing, vector);
  const TensorView* const(&views)[kMostOperands + 1] = gathered.views;
  const Nest nest =
      make_loop_nest<kMostOperands + 1>(request.shape, {views[0], views[1], views[2], views[3]});
  const Layout layout = gathered.vectors ? layout_of(nest, views, gathered.arity, &nothing, vector)
                                         : Layout::kStrided;
  const std::string formula =
      std::string("fgx_") + kFormulaNames[static_cast<int>(request.formula)];
  if (layout == Layout::kDense || layout == Layout::kNumbers) {
    const int64_t vectors = nest.numel == 0 ? 0 : (nest.numel - 1) / vector + 1;
    return prepare_dense(device, request, gathered, layout == Layout::kNumbers, nest.numel, vectors,
                         formula, state);
  }
  return prepare_strided(device, request, gathered, nothing, nest,
                         layout == Layout::kRows ? vector : 0, formula, state);
}

}  // namespace fgx
