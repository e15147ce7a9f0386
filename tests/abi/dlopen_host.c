/* SPDX-License-Identifier: Apache-2.0 */
/* A host that knows the library only by dlopen and fgx_get_api: it finds an operator, infers, calls
 * it, and reads an error. */
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "flaggems_exp.h"

#define REQUIRE(condition)                                                 \
  do {                                                                     \
    if (!(condition)) {                                                    \
      printf("%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
      return 1;                                                            \
    }                                                                      \
  } while (0)

int main(int argc, char** argv) {
  typedef const fgx_api* (*get_api_fn)(uint32_t);
  get_api_fn get_api;
  void* symbol;
  void* library = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
  if (library == NULL) {
    printf("dlopen: %s\n", dlerror());
    return 1;
  }
  symbol = dlsym(library, "fgx_get_api");
  REQUIRE(symbol != NULL);
  memcpy(&get_api, &symbol, sizeof get_api);

  REQUIRE(get_api((uint32_t)(FGX_ABI_VERSION_MAJOR + 1) << 16) == NULL);
  REQUIRE(get_api(FGX_ABI_VERSION + 1) == NULL);
  const fgx_api* api = get_api(FGX_ABI_VERSION);
  REQUIRE(api != NULL);
  REQUIRE(api->struct_size >= sizeof(fgx_api));
  REQUIRE(api->abi == FGX_ABI_VERSION);

  fgx_context* context = NULL;
  REQUIRE(api->context_create(NULL, &context) == FGX_OK);
  fgx_op* relu = NULL;
  REQUIRE(api->context_get_op(context, "aten::relu", &relu) == FGX_OK);

  float x[3] = {-1.0f, 0.0f, 2.5f};
  float y[3] = {9.0f, 9.0f, 9.0f};
  int64_t shape[1] = {3};
  fgx_tensor input = {x, {FGX_DEVICE_CPU, 0}, 1, {FGX_DTYPE_FLOAT, 32, 1}, shape, NULL, 0};
  fgx_tensor output = input;
  output.data = y;
  fgx_value args[1];
  memset(args, 0, sizeof args);
  args[0].tag = FGX_TAG_TENSOR;
  args[0].as.tensor = &input;

  fgx_tensor_desc desc;
  int32_t nouts = 1;
  memset(&desc, 0, sizeof desc);
  desc.struct_size = sizeof desc;
  REQUIRE(api->op_infer(relu, args, 1, &desc, &nouts) == FGX_OK);
  REQUIRE(nouts == 1 && desc.ndim == 1 && desc.shape[0] == 3 && desc.dtype.bits == 32);

  fgx_tensor* outs[1];
  outs[0] = &output;
  REQUIRE(api->op_call(relu, args, 1, outs, 1, NULL) == FGX_OK);
  REQUIRE(fabsf(y[0]) == 0.0f && y[1] == 0.0f && y[2] == 2.5f);

  REQUIRE(api->context_get_op(context, "rleu", &relu) == FGX_METADATA_NOT_FOUND);
  REQUIRE(strstr(api->error_message(api->last_error()), "relu") != NULL);
  api->context_destroy(context);
  dlclose(library);
  puts("the function table serves a host that links nothing");
  return 0;
}
