// SPDX-License-Identifier: Apache-2.0
// Warm calls and plan runs for callgrind to count, with nothing around them: scripts/profile_warm_path runs it.
//
//   warm_path_profile call|plan
//
// Everything cold happens before counting starts. The kernel is the shipped add on 4 x 4 numbers.
#include <valgrind/callgrind.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "flaggems_exp.h"

namespace {

constexpr int kCalls = 1000;

void check(fgx_status status) {
  if (status == FGX_OK) return;
  std::fprintf(stderr, "%s\n", fgx_error_message(fgx_last_error()));
  std::exit(1);
}

}  // namespace

int main(int count, char** arguments) {
  const bool plans = count > 1 && std::string(arguments[1]) == "plan";
  alignas(64) static float data[3][16];
  int64_t shape[2] = {4, 4};
  fgx_tensor tensors[3];
  std::memset(tensors, 0, sizeof tensors);
  void* addresses[3];
  for (int i = 0; i < 3; ++i) {
    tensors[i].data = addresses[i] = data[i];
    tensors[i].device = {FGX_DEVICE_CPU, 0};
    tensors[i].ndim = 2;
    tensors[i].dtype = {FGX_DTYPE_FLOAT, 32, 1};
    tensors[i].shape = shape;
  }
  fgx_value args[2];
  std::memset(args, 0, sizeof args);
  for (int i = 0; i < 2; ++i) {
    args[i].tag = FGX_TAG_TENSOR;
    args[i].as.tensor = &tensors[i];
  }
  fgx_tensor* outs[1] = {&tensors[2]};
  fgx_context* context = nullptr;
  fgx_op* add = nullptr;
  fgx_plan* plan = nullptr;
  check(fgx_context_create(nullptr, &context));
  check(
      fgx_context_set_config(context, "enable_profiling", "false"));  // no sampled call among them
  check(fgx_context_get_op(context, "add", &add));
  for (int i = 0; i < kCalls; ++i) check(fgx_op_call(add, args, 2, outs, 1, nullptr));
  check(fgx_plan_create(add, args, 2, outs, 1, &plan));
  for (int i = 0; i < kCalls; ++i) check(fgx_plan_run(plan, addresses, 3, nullptr));

  CALLGRIND_START_INSTRUMENTATION;
  CALLGRIND_TOGGLE_COLLECT;
  for (int i = 0; i < kCalls; ++i) {
    check(plans ? fgx_plan_run(plan, addresses, 3, nullptr)
                : fgx_op_call(add, args, 2, outs, 1, nullptr));
  }
  CALLGRIND_TOGGLE_COLLECT;
  CALLGRIND_STOP_INSTRUMENTATION;

  fgx_plan_destroy(plan);
  fgx_context_destroy(context);
  return 0;
}
