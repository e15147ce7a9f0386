// SPDX-License-Identifier: Apache-2.0
// Tables of the generated elementwise kernels, and the launcher of those with one operand.
#pragma once

#include <cstdint>

#include "backend/cpu/isa.h"
#include "backend/cpu/thread_pool.h"
#include "schema/kernel.h"

namespace fgx {

// y[i] = f(x[i]) for `count` dense elements; x and y may be the same. Null without AVX512.
struct DenseUnaryTable {
  void (*run)(const void* x, void* y, int64_t count);
};
FGX_DECLARE_ISA_TABLE(DenseUnaryTable, gelu_exp2_table)
FGX_DECLARE_ISA_TABLE(DenseUnaryTable, gelu_bf16_short_table)

// y[r][c] = silu(x[r][c]) * x[r][c + width] for columns [begin, end) of one row; indexed float16,
// bfloat16, float32.
using SiluAndMulColumnsFn = void (*)(const void* x, void* y, int64_t width, int64_t begin,
                                     int64_t end);
struct SiluAndMulTable {
  SiluAndMulColumnsFn columns[3];
};
FGX_DECLARE_ISA_TABLE(SiluAndMulTable, silu_and_mul_rows_table)
FGX_DECLARE_ISA_TABLE(SiluAndMulTable, silu_and_mul_fused_table)

struct DenseUnaryState {
  decltype(DenseUnaryTable::run) kernel;
  int64_t numel;
  int64_t size;
};

// Splits over threads.
inline void run_dense_unary(const KernelState& kernel_state, const RunArgs& args) {
  constexpr int64_t kGrain = 32768;
  const DenseUnaryState& state = kernel_state.as<DenseUnaryState>();
  const char* x = static_cast<const char*>(args.data[0]);
  char* y = static_cast<char*>(args.data[1]);
  args.pool->parallel_for(state.numel, kGrain, [&](int64_t begin, int64_t end) {
    state.kernel(x + begin * state.size, y + begin * state.size, end - begin);
  });
}

inline RunFn prepare_dense_unary(const Call& call, KernelState& state,
                                 const DenseUnaryTable& table) {
  const TensorView& x = call.tensor(0);
  state.emplace<DenseUnaryState>(DenseUnaryState{table.run, x.numel, size_of(x.dtype)});
  return &run_dense_unary;
}

}  // namespace fgx
