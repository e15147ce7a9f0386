// SPDX-License-Identifier: Apache-2.0
// Instruction sets: kernels in *.isa.cpp files are compiled once per set into fgx::<set>, and a
// launcher picks the table of the best one the machine has.
#pragma once

#include <cstdint>

namespace fgx {

enum class Isa : uint8_t { kBaseline = 0, kAvx2 = 1, kAvx512 = 2 };
inline constexpr int kIsaCount = 3;

// The best set this machine has (CPUID and operating system support), lowered by the environment
// variable FLAGGEMS_EXP_ISA=baseline|avx2|avx512 for tests. Read once.
Isa best_isa();
const char* isa_name(Isa isa);
// Whether AVX512-BF16 dot products are there.
bool has_avx512_bf16();

#if defined(__x86_64__) && !defined(FGX_BASELINE_ONLY)
// Declares `extern const Type name;` in every set's namespace and a function name_for(Isa) that
// picks one. A *.isa.cpp file defines it: namespace fgx::FGX_ISA { extern const Type name = {...};
// } Such a file includes only headers without inline functions of external linkage: what the
// compiler emits there may use instructions that another machine lacks, and the linker keeps one
// copy for all.
#define FGX_DECLARE_ISA_TABLE(Type, name)         \
  namespace baseline {                            \
  extern const Type name;                         \
  }                                               \
  namespace avx2 {                                \
  extern const Type name;                         \
  }                                               \
  namespace avx512 {                              \
  extern const Type name;                         \
  }                                               \
  inline const Type& name##_for(Isa isa) {        \
    if (isa == Isa::kAvx512) return avx512::name; \
    if (isa == Isa::kAvx2) return avx2::name;     \
    return baseline::name;                        \
  }
#else
#define FGX_DECLARE_ISA_TABLE(Type, name) \
  namespace baseline {                    \
  extern const Type name;                 \
  }                                       \
  inline const Type& name##_for(Isa) { return baseline::name; }
#endif

}  // namespace fgx
