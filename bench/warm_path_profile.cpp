// SPDX-License-Identifier: Apache-2.0
// Warm calls and plan runs for callgrind to count, with nothing around them: scripts/profile_warm_path runs it.
//
//   warm_path_profile call|plan
//
// Everything cold happens before counting starts. The kernel is the shipped add on 4 x 4 numbers.
#include <valgrind/callgrind.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "add_call.h"

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
  const AddCall add_call({data[0], data[1], data[2]}, {FGX_DEVICE_CPU, 0}, 4, 4);
  fgx_context* context = nullptr;
  fgx_op* add = nullptr;
  fgx_plan* plan = nullptr;
  check(fgx_context_create(nullptr, &context));
  check(
      fgx_context_set_config(context, "enable_profiling", "false"));  // no sampled call among them
  check(fgx_context_get_op(context, "add", &add));
  for (int i = 0; i < kCalls; ++i) check(add_call.call(add, nullptr));
  check(add_call.create_plan(add, &plan));
  for (int i = 0; i < kCalls; ++i) check(add_call.run(plan, nullptr));

  CALLGRIND_START_INSTRUMENTATION;
  CALLGRIND_TOGGLE_COLLECT;
  for (int i = 0; i < kCalls; ++i) {
    check(plans ? add_call.run(plan, nullptr) : add_call.call(add, nullptr));
  }
  CALLGRIND_TOGGLE_COLLECT;
  CALLGRIND_STOP_INSTRUMENTATION;

  fgx_plan_destroy(plan);
  fgx_context_destroy(context);
  return 0;
}
