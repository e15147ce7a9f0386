// SPDX-License-Identifier: Apache-2.0
// OpenBLAS: cblas_sgemm and cblas_dgemm.
#include <cstdint>

#include "backend/cpu/thread_pool.h"
#include "kernels/native/native_blas.h"
#include "kernels/native/vendor_gemm.h"
#include "kernels/native/vendor_library.h"

namespace fgx {
namespace {

// The C interface's numbers for row-major order and for operands as they are or transposed.
constexpr int kRowMajor = 101;
constexpr int kAsIs = 111;
constexpr int kTransposed = 112;

using Sgemm = void (*)(int, int, int, int, int, int, float, const float*, int, const float*, int,
                       float, float*, int);
using Dgemm = void (*)(int, int, int, int, int, int, double, const double*, int, const double*, int,
                       double, double*, int);

struct OpenBlas {
  VendorLibrary library{"FLAGGEMS_EXP_OPENBLAS_LIBRARY", {"libopenblas.so.0", "libopenblas.so"}};
  Sgemm sgemm = library.find<Sgemm>("cblas_sgemm");
  Dgemm dgemm = library.find<Dgemm>("cblas_dgemm");
  int (*get_threads)() = library.find<int (*)()>("openblas_get_num_threads");
  void (*set_threads)(int) = library.find<void (*)(int)>("openblas_set_num_threads");

  static OpenBlas& instance() {
    static OpenBlas& library = *new OpenBlas;  // never destroyed: it has threads of its own
    return library;
  }
};

const char* openblas_reason() { return OpenBlas::instance().library.reason(); }

// As many threads as the caller's pool has, for the time of one product. The number belongs to the
// process, and the host may use the same library for itself.
class ThreadsFor {
 public:
  explicit ThreadsFor(int wanted)
      : blas_(OpenBlas::instance()), before_(blas_.get_threads()), changed_(before_ != wanted) {
    if (changed_) blas_.set_threads(wanted);
  }
  ~ThreadsFor() {
    if (changed_) blas_.set_threads(before_);
  }
  ThreadsFor(const ThreadsFor&) = delete;
  ThreadsFor& operator=(const ThreadsFor&) = delete;

 private:
  OpenBlas& blas_;
  int before_;
  bool changed_;
};

void run_openblas(const KernelState& state, const RunArgs& args) {
  const VendorGemm& g = state.as<VendorGemm>();
  const VendorOperands operands = vendor_operands(g, args);
  const OpenBlas& blas = OpenBlas::instance();
  const ThreadsFor threads(args.pool->num_threads());
  const auto whole = [](int64_t size) { return static_cast<int>(size); };
  const int a = g.transpose_a ? kTransposed : kAsIs;
  const int b = g.transpose_b ? kTransposed : kAsIs;
  const double beta = g.has_bias ? 1.0 : 0.0;
  if (g.wide) {
    blas.dgemm(kRowMajor, a, b, whole(g.m), whole(g.n), whole(g.k), 1.0,
               static_cast<const double*>(operands.a), whole(g.lda),
               static_cast<const double*>(operands.b), whole(g.ldb), beta,
               static_cast<double*>(operands.out), whole(g.ldc));
  } else {
    blas.sgemm(kRowMajor, a, b, whole(g.m), whole(g.n), whole(g.k), 1.0f,
               static_cast<const float*>(operands.a), whole(g.lda),
               static_cast<const float*>(operands.b), whole(g.ldb), static_cast<float>(beta),
               static_cast<float*>(operands.out), whole(g.ldc));
  }
}

void run_nothing(const KernelState&, const RunArgs&) {}

template <GemmProblem (*problem)(const Call&)>
RunFn prepare_openblas(const Call& call, KernelState& state) {
  if (call.outputs()[0].numel == 0) return run_nothing;
  state.emplace<VendorGemm>(vendor_gemm(problem(call), INT32_MAX));
  return run_openblas;
}

ImplementationDef openblas(const char* name, PrepareFn prepare) {
  ImplementationDef implementation;
  implementation.name = name;
  implementation.group = Group::kNative;
  implementation.tier = Tier::kNative;
  implementation.deterministic = false;  // sums may be split differently from call to call
  implementation.constraints = {{.kind = Constraint::Kind::kDType,
                                 .argument = 0,
                                 .dtypes = {DType::kFloat32, DType::kFloat64}}};
  implementation.prepare = prepare;
  implementation.available = openblas_reason;
  return implementation;
}

}  // namespace

ImplementationDef openblas_mm() {
  return openblas("native.openblas.mm", prepare_openblas<mm_vendor_problem>);
}
ImplementationDef openblas_linear() {
  return openblas("native.openblas.linear", prepare_openblas<linear_vendor_problem>);
}

}  // namespace fgx
