// SPDX-License-Identifier: Apache-2.0
// Finds cuBLASLt and hipBLASLt.
#include "kernels/native/blaslt.h"

#include <string>

#include "flaggems_exp.h"

namespace fgx {
namespace {

constexpr BlasLtDialect kCuda = {
    .library = "cuBLASLt",
    .no_transpose = 0,
    .transpose = 1,
    .compute_float = 68,
    .compute_double = 70,
    .attribute_transpose_a = 3,
    .attribute_transpose_b = 4,
    .attribute_epilogue = 7,
    .attribute_bias = 8,
    .preference_workspace = 1,
    .preference_reduction = 3,
    .preference_alignment = 5,
    .layout_batches = 5,
    .layout_batch_step = 6,
    .algorithm_bytes = 64,
    .result_bytes = 96,
};
constexpr BlasLtDialect kHip = {
    .library = "hipBLASLt",
    .no_transpose = 111,
    .transpose = 112,
    .compute_float = 2,
    .compute_double = 7,
    .attribute_transpose_a = 0,
    .attribute_transpose_b = 1,
    .attribute_epilogue = 2,
    .attribute_bias = 3,
    .preference_workspace = 1,
    .preference_reduction = -1,
    .preference_alignment = -1,
    .layout_batches = 0,
    .layout_batch_step = 1,
    .algorithm_bytes = 24,
    .result_bytes = 56,
};

}  // namespace

BlasLt::BlasLt(const BlasLtDialect& words, const char* prefix, const char* variable,
               std::initializer_list<const char*> names)
    : dialect(words), library(variable, names) {
  const auto find = [&](auto& function, const char* name) {
    using Function = std::remove_reference_t<decltype(function)>;
    function = library.find<Function>((std::string(prefix) + name).c_str());
  };
  find(create, "Create");
  find(operation_create, "MatmulDescCreate");
  find(operation_set, "MatmulDescSetAttribute");
  find(operation_destroy, "MatmulDescDestroy");
  find(layout_create, "MatrixLayoutCreate");
  find(layout_set, "MatrixLayoutSetAttribute");
  find(layout_destroy, "MatrixLayoutDestroy");
  find(preference_create, "MatmulPreferenceCreate");
  find(preference_set, "MatmulPreferenceSetAttribute");
  find(preference_destroy, "MatmulPreferenceDestroy");
  find(heuristics, "MatmulAlgoGetHeuristic");
  find(matmul, "Matmul");
}

BlasLt& BlasLt::of(int32_t device_type) {
  // Never destroyed: threads may outlast static destruction.
  if (device_type == FGX_DEVICE_CUDA) {
    static BlasLt& cuda = *new BlasLt(kCuda, "cublasLt", "FLAGGEMS_EXP_CUBLASLT_LIBRARY",
                                      {"libcublasLt.so.13", "libcublasLt.so.12"});
    return cuda;
  }
  static BlasLt& hip = *new BlasLt(kHip, "hipblasLt", "FLAGGEMS_EXP_HIPBLASLT_LIBRARY",
                                   {"libhipblaslt.so.1", "libhipblaslt.so.0", "libhipblaslt.so"});
  return hip;
}

}  // namespace fgx
