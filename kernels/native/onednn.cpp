// SPDX-License-Identifier: Apache-2.0
// oneDNN: dnnl_sgemm.
#include <cstdint>

#include "backend/cpu/thread_pool.h"
#include "base/error.h"
#include "kernels/native/native_blas.h"
#include "kernels/native/vendor_gemm.h"
#include "kernels/native/vendor_library.h"

namespace fgx {
namespace {

using Sgemm = int (*)(char, char, int64_t, int64_t, int64_t, float, const float*, int64_t,
                      const float*, int64_t, float, float*, int64_t);

struct OneDnn {
  VendorLibrary library{"FLAGGEMS_EXP_ONEDNN_LIBRARY",
                        {"libdnnl.so.3", "libdnnl.so.2", "libdnnl.so"}};
  Sgemm sgemm = library.find<Sgemm>("dnnl_sgemm");
  // Of the OpenMP runtime it was built with, if it was.
  int (*get_threads)() = library.find_optional<int (*)()>("omp_get_max_threads");
  void (*set_threads)(int) = library.find_optional<void (*)(int)>("omp_set_num_threads");

  static OneDnn& instance() {
    static OneDnn& library = *new OneDnn;  // never destroyed: it has threads of its own
    return library;
  }
};

const char* onednn_reason() { return OneDnn::instance().library.reason(); }

// As many threads as the caller's pool has; the number belongs to the calling thread.
class ThreadsFor {
 public:
  explicit ThreadsFor(int wanted) : dnn_(OneDnn::instance()) {
    if (dnn_.get_threads == nullptr || dnn_.set_threads == nullptr) return;
    before_ = dnn_.get_threads();
    if (before_ != wanted) dnn_.set_threads(wanted);
  }
  ~ThreadsFor() {
    if (before_ > 0) dnn_.set_threads(before_);
  }
  ThreadsFor(const ThreadsFor&) = delete;
  ThreadsFor& operator=(const ThreadsFor&) = delete;

 private:
  OneDnn& dnn_;
  int before_ = 0;
};

void run_onednn(const KernelState& state, const RunArgs& args) {
  const VendorGemm& g = state.as<VendorGemm>();
  const VendorOperands operands = vendor_operands(g, args);
  const ThreadsFor threads(args.pool->num_threads());
  const int status = OneDnn::instance().sgemm(
      g.transpose_a ? 'T' : 'N', g.transpose_b ? 'T' : 'N', g.m, g.n, g.k, 1.0f,
      static_cast<const float*>(operands.a), g.lda, static_cast<const float*>(operands.b), g.ldb,
      g.has_bias ? 1.0f : 0.0f, static_cast<float*>(operands.out), g.ldc);
  if (status != 0) fail(FGX_UNSUPPORTED, "oneDNN refused the product (status %d)", status);
}

void run_nothing(const KernelState&, const RunArgs&) {}

template <GemmProblem (*problem)(const Call&)>
RunFn prepare_onednn(const Call& call, KernelState& state) {
  if (call.outputs()[0].numel == 0) return run_nothing;
  state.emplace<VendorGemm>(vendor_gemm(problem(call), INT32_MAX));
  return run_onednn;
}

ImplementationDef onednn(const char* name, PrepareFn prepare) {
  ImplementationDef implementation;
  implementation.name = name;
  implementation.group = Group::kNative;
  implementation.tier = Tier::kNative;
  implementation.deterministic = false;  // sums may be split differently from call to call
  implementation.constraints = {
      {.kind = Constraint::Kind::kDType, .argument = 0, .dtypes = {DType::kFloat32}}};
  implementation.prepare = prepare;
  implementation.available = onednn_reason;
  return implementation;
}

}  // namespace

ImplementationDef onednn_mm() {
  return onednn("native.onednn.mm", prepare_onednn<mm_vendor_problem>);
}
ImplementationDef onednn_linear() {
  return onednn("native.onednn.linear", prepare_onednn<linear_vendor_problem>);
}

}  // namespace fgx
