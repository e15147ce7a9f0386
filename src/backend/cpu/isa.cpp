// SPDX-License-Identifier: Apache-2.0
// Detection of instruction sets.
#include "backend/cpu/isa.h"

#include <cstdlib>
#include <cstring>

namespace fgx {
namespace {

Isa detect() {
  Isa isa = Isa::kBaseline;
#if defined(__x86_64__) && !defined(FGX_BASELINE_ONLY)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      __builtin_cpu_supports("bmi2")) {
    isa = Isa::kAvx2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl")) {
      isa = Isa::kAvx512;
    }
  }
#endif
  if (const char* wish = std::getenv("FLAGGEMS_EXP_ISA")) {
    for (int i = 0; i < static_cast<int>(isa); ++i) {
      if (std::strcmp(wish, isa_name(static_cast<Isa>(i))) == 0) return static_cast<Isa>(i);
    }
  }
  return isa;
}

}  // namespace

Isa best_isa() {
  static const Isa isa = detect();
  return isa;
}

const char* isa_name(Isa isa) {
  switch (isa) {
    case Isa::kAvx512:
      return "avx512";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kBaseline:
      break;
  }
  return "baseline";
}

bool has_avx512_bf16() {
#if defined(__x86_64__)
  return best_isa() == Isa::kAvx512 && __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

}  // namespace fgx
