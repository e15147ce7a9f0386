/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fails every allocation in turn, through the public interface only: each scenario is run with its 1st,
 * 2nd, 3rd ... allocation failing until it needs no more. Each run must end in FGX_OK, OutOfMemory, or a
 * refusal that the scenario expects; nothing may leak; and the next run must work.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flaggems_exp.h"

/* ------------------------------------------------------------------ an allocator that fails on demand */

void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
void __libc_free(void* memory);

static __thread long countdown = -1; /* allocations until the failing one; negative: none fails */
static __thread int failed;
static __thread int counting;
static __thread long live; /* allocations minus frees of this thread while counting */

static int fails_now(void) {
  if (countdown < 0) return 0;
  if (countdown-- > 0) return 0;
  failed = 1;
  return 1;
}

static void* counted(void* memory) {
  if (memory != NULL && counting) ++live;
  return memory;
}

void* malloc(size_t size) { return fails_now() ? NULL : counted(__libc_malloc(size)); }
void* calloc(size_t count, size_t size) {
  return fails_now() ? NULL : counted(__libc_calloc(count, size));
}
void* realloc(void* memory, size_t size) {
  if (fails_now()) return NULL;
  void* result = __libc_realloc(memory, size);
  return memory == NULL ? counted(result) : result;
}
void* aligned_alloc(size_t alignment, size_t size) {
  return fails_now() ? NULL : counted(__libc_memalign(alignment, size));
}
int posix_memalign(void** memory, size_t alignment, size_t size) {
  if (fails_now()) return 12;
  *memory = counted(__libc_memalign(alignment, size));
  return *memory == NULL ? 12 : 0;
}
void free(void* memory) {
  if (memory != NULL && counting) --live;
  __libc_free(memory);
}

/* --------------------------------------------------------------------------------------- scenarios */

static fgx_context* shared; /* made once; the scenarios below use it */
static float x_data[8 * 64], y_data[8 * 64];
static int64_t shape[2] = {8, 64};
static fgx_tensor x = {x_data, {FGX_DEVICE_CPU, 0}, 2, {FGX_DTYPE_FLOAT, 32, 1}, shape, NULL, 0};
static fgx_tensor y = {y_data, {FGX_DEVICE_CPU, 0}, 2, {FGX_DTYPE_FLOAT, 32, 1}, shape, NULL, 0};

static fgx_status finish(fgx_status status, fgx_string* text) {
  fgx_string_destroy(text);
  return status;
}

static fgx_status context_lifetime(void) {
  fgx_context* context = NULL;
  fgx_status status = fgx_context_create(NULL, &context);
  fgx_context_destroy(context);
  return status;
}

static fgx_status call_an_operator(void) {
  static int64_t width = 1;
  fgx_op* op = NULL;
  fgx_status status = fgx_context_get_op(shared, "gelu", &op);
  if (status != FGX_OK) return status;
  shape[1] = 1 + width++ % 60; /* a new shape each time: level 1 cannot know it */
  fgx_value args[1];
  args[0] = fgx_value_tensor(&x);
  fgx_tensor* outs[1];
  outs[0] = &y;
  return fgx_op_call(op, args, 1, outs, 1, NULL);
}

static fgx_status plan_and_explain(void) {
  fgx_op* op = NULL;
  fgx_plan* plan = NULL;
  fgx_string* text = NULL;
  fgx_status status = fgx_context_get_op(shared, "softmax", &op);
  if (status != FGX_OK) return status;
  fgx_value args[2];
  args[0] = fgx_value_tensor(&x);
  args[1] = fgx_value_int(-1);
  fgx_tensor* outs[1];
  outs[0] = &y;
  status = fgx_plan_create(op, args, 2, outs, 1, &plan);
  if (status == FGX_OK) {
    void* data[2];
    data[0] = x_data;
    data[1] = y_data;
    status = fgx_plan_run(plan, data, 2, NULL);
  }
  fgx_plan_destroy(plan);
  if (status != FGX_OK) return status;
  status = fgx_op_explain(op, args, 2, outs, 1, &text);
  return finish(status, text);
}

static fgx_status refused_call(void) {
  fgx_op* op = NULL;
  fgx_status status = fgx_context_get_op(shared, "relu", &op);
  if (status != FGX_OK) return status;
  fgx_value args[1];
  args[0] = fgx_value_int(3);
  fgx_tensor* outs[1];
  outs[0] = &y;
  status = fgx_op_call(op, args, 1, outs, 1, NULL);
  return status == FGX_INVALID_ARGUMENT ? FGX_OK : status == FGX_OK ? FGX_INTERNAL : status;
}

static fgx_status unknown_operator(void) {
  fgx_op* op = NULL;
  const fgx_status status = fgx_context_get_op(shared, "gleu", &op);
  return status == FGX_METADATA_NOT_FOUND ? FGX_OK : status;
}

static fgx_status configuration(void) {
  fgx_string* text = NULL;
  fgx_status status = fgx_context_set_config(shared, "cache_size", "500");
  if (status == FGX_OK) status = fgx_context_get_config(shared, NULL, &text);
  return finish(status, text);
}

static fgx_status registry(void) {
  static const char record[] =
      "{\"op_name\":\"thing\",\"category\":\"pointwise\",\"status\":\"EXPERIMENTAL\"}";
  fgx_registry* opened = NULL;
  fgx_string* text = NULL;
  fgx_status status = fgx_registry_open(":memory:", &opened);
  if (status == FGX_OK) {
    status = fgx_registry_register(opened, record, sizeof record - 1, &text);
    fgx_string_destroy(text);
    text = NULL;
  }
  if (status == FGX_OK) status = fgx_registry_query(opened, "{\"category\":\"pointwise\"}", &text);
  fgx_string_destroy(text);
  fgx_registry_close(opened);
  return status;
}

static fgx_status performance_data(void) {
  static const char data[] =
      "{\"gelu\":{\"configs\":[{\"shape\":[2,3],\"dtype\":\"float32\",\"your_time\":0.5,"
      "\"cuda_time\":1.0}]}}";
  fgx_string* text = NULL;
  fgx_status status = fgx_data_validate(data, sizeof data - 1, NULL, 0, &text);
  fgx_string_destroy(text);
  text = NULL;
  if (status == FGX_OK)
    status = fgx_data_filter(data, sizeof data - 1, NULL, 0, "{\"batch\":2}", &text);
  return finish(status, text);
}

static fgx_status listing(void) {
  fgx_string* text = NULL;
  fgx_status status = fgx_context_get_op_info(shared, "mm", &text);
  fgx_string_destroy(text);
  text = NULL;
  if (status == FGX_OK) status = fgx_context_cache_export(shared, &text);
  return finish(status, text);
}

static fgx_status call_expression(void) {
  fgx_call* call = NULL;
  fgx_status status =
      fgx_call_parse(shared, "add(f32[4,4], f32[4], alpha=2)", FGX_CALL_ALLOCATE, 1, &call);
  fgx_call_destroy(call);
  return status;
}

static const struct {
  const char* name;
  fgx_status (*run)(void);
} kScenarios[] = {
    {"context_lifetime", context_lifetime},
    {"call_an_operator", call_an_operator},
    {"plan_and_explain", plan_and_explain},
    {"refused_call", refused_call},
    {"unknown_operator", unknown_operator},
    {"configuration", configuration},
    {"registry", registry},
    {"performance_data", performance_data},
    {"listing", listing},
    {"call_expression", call_expression},
};

int main(void) {
  int faults = 0;
  if (fgx_context_create(NULL, &shared) != FGX_OK) return 1;
  for (size_t s = 0; s < sizeof kScenarios / sizeof kScenarios[0]; ++s) {
    long n = 0, out_of_memory = 0;
    if (kScenarios[s].run() != FGX_OK) { /* also warms caches that stay */
      printf("%s: %s\n", kScenarios[s].name, fgx_error_message(fgx_last_error()));
      ++faults;
      continue;
    }
    long kept = 0; /* blocks, by all runs that failed */
    counting = 1;
    for (;; ++n) {
      fgx_error_destroy(fgx_error_take());
      const long before = live;
      countdown = n;
      failed = 0;
      const fgx_status status = kScenarios[s].run();
      countdown = -1;
      if (status == FGX_OUT_OF_MEMORY) ++out_of_memory;
      if (status != FGX_OK && status != FGX_OUT_OF_MEMORY) {
        printf("%s, allocation %ld: status %d, %s\n", kScenarios[s].name, n, (int)status,
               fgx_error_message(fgx_last_error()));
        ++faults;
      }
      if (!failed) break;
      fgx_error_destroy(fgx_error_take());
      kept += live - before;
      if (kScenarios[s].run() != FGX_OK) {
        printf("%s: does not work after allocation %ld failed: %s\n", kScenarios[s].name, n,
               fgx_error_message(fgx_last_error()));
        ++faults;
      }
    }
    counting = 0;
    printf("%-18s %4ld allocations, %ld ended in OutOfMemory, %ld blocks kept\n",
           kScenarios[s].name, n, out_of_memory, kept);
    /* A cache may grow by a few blocks once, but nothing is kept per run. */
    if (kept > 4) {
      printf("%s leaks\n", kScenarios[s].name);
      ++faults;
    }
  }
  fgx_context_destroy(shared);
  return faults != 0;
}
