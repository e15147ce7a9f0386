/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host registers an implementation of its own that turns out to be broken: calls go on with the next
 * best one, the breaker takes the broken one out, and the trace says what happened.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "flaggems_exp.h"

static int calls_of_broken;

/* Fails every time, after having written half of its output. */
static void broken_relu(void* user_data, const fgx_invocation* invocation,
                        fgx_callback_error* error) {
  (void)user_data;
  ++calls_of_broken;
  float* out = (float*)invocation->outs[0]->data;
  for (int64_t i = 0; i < invocation->outs[0]->shape[0] / 2; ++i) out[i] = 1e9f;
  error->code = FGX_DEVICE;
  strcpy(error->message, "this accelerator has left the machine");
}

static int fail(const char* what) {
  fprintf(stderr, "%s: %s\n", what, fgx_error_message(fgx_last_error()));
  return 1;
}

int main(void) {
  enum { kCount = 1000, kCalls = 50 };
  static float x[kCount], y[kCount];
  int64_t shape[1] = {kCount};
  fgx_tensor in = {x, {FGX_DEVICE_CPU, 0}, 1, {FGX_DTYPE_FLOAT, 32, 1}, shape, NULL, 0};
  fgx_tensor out = in;
  out.data = y;
  for (int i = 0; i < kCount; ++i) x[i] = (float)(i % 7 - 3);

  fgx_context* context = NULL;
  fgx_op* relu = NULL;
  if (fgx_context_create(NULL, &context) != FGX_OK) return fail("context");
  fgx_implementation_desc desc;
  memset(&desc, 0, sizeof desc);
  desc.struct_size = sizeof desc;
  desc.op = "relu";
  desc.name = "custom.example.broken_relu";
  desc.tier = FGX_TIER_SPECIALIZED;
  desc.run = broken_relu;
  if (fgx_implementation_register(context, &desc) != FGX_OK) return fail("register");
  if (fgx_context_enable(context, "custom") != FGX_OK) return fail("enable");
  if (fgx_context_trace(context, 256) != FGX_OK) return fail("trace");
  if (fgx_context_get_op(context, "relu", &relu) != FGX_OK) return fail("relu");

  const fgx_value args[1] = {fgx_value_tensor(&in)};
  fgx_tensor* outs[1] = {&out};
  for (int call = 0; call < kCalls; ++call) {
    if (fgx_op_call(relu, args, 1, outs, 1, NULL) != FGX_OK) return fail("call");
    for (int i = 0; i < kCount; ++i) {
      if (y[i] != fmaxf(x[i], 0.0f)) {
        fprintf(stderr, "call %d: wrong at %d\n", call, i);
        return 1;
      }
    }
  }
  printf("%d calls, all right; the broken implementation was tried %d times\n", (int)kCalls,
         calls_of_broken);

  fgx_string* text = NULL;
  if (fgx_op_explain(relu, args, 1, outs, 1, &text) != FGX_OK) return fail("explain");
  puts(fgx_string_data(text));
  fgx_string_destroy(text);
  if (fgx_context_counters(context, &text) != FGX_OK) return fail("counters");
  puts(fgx_string_data(text));
  fgx_string_destroy(text);
  fgx_context_destroy(context);
  return calls_of_broken > 0 && calls_of_broken < kCalls ? 0 : 1;
}
