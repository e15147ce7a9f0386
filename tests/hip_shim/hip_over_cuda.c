/* SPDX-License-Identifier: Apache-2.0
 * libamdhip64 as the library sees it, over a CUDA driver: every entry point of the driver table's HIP
 * column hands its arguments to its CUDA counterpart. With FGX_HIP_SHIM=ON the build embeds CUDA code in
 * place of HIP's, so that the HIP side of the backend runs on a machine with an NVIDIA GPU:
 *
 *     FLAGGEMS_EXP_HIP_LIBRARY=libhip_over_cuda.so FLAGGEMS_EXP_TEST_AS_ROCM=1
 *     FLAGGEMS_EXP_TEST_DEVICE=cuda python -m pytest tests/torch
 *
 * It proves the table, the argument orders and the attribute numbers, not AMD's compiler or hardware. */
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static void* cuda_function(const char* name) {
  static void* library;
  if (library == NULL) library = dlopen("libcuda.so.1", RTLD_NOW);
  void* function = library == NULL ? NULL : dlsym(library, name);
  if (function == NULL) {
    fprintf(stderr, "hip_over_cuda: no %s\n", name);
    abort();
  }
  return function;
}

#define EXPORT __attribute__((visibility("default")))
/* Pointers to functions and to objects are alike here, as dlsym itself assumes. */
#define FORWARD(hip, cuda, parameters, arguments)                  \
  EXPORT int hip parameters;                                       \
  EXPORT int hip parameters {                                      \
    static union {                                                 \
      void* found;                                                 \
      int(*call) parameters;                                       \
    } driver;                                                      \
    if (driver.found == NULL) driver.found = cuda_function(#cuda); \
    return driver.call arguments;                                  \
  }

FORWARD(hipInit, cuInit, (unsigned flags), (flags))
FORWARD(hipDriverGetVersion, cuDriverGetVersion, (int* version), (version))
FORWARD(hipGetDeviceCount, cuDeviceGetCount, (int* count), (count))
FORWARD(hipDeviceGet, cuDeviceGet, (int* device, int ordinal), (device, ordinal))
FORWARD(hipDeviceGetName, cuDeviceGetName, (char* name, int size, int device), (name, size, device))
FORWARD(hipDeviceTotalMem, cuDeviceTotalMem_v2, (size_t * bytes, int device), (bytes, device))
FORWARD(hipDevicePrimaryCtxRetain, cuDevicePrimaryCtxRetain, (void** context, int device),
        (context, device))
FORWARD(hipCtxGetCurrent, cuCtxGetCurrent, (void** context), (context))
FORWARD(hipCtxSetCurrent, cuCtxSetCurrent, (void* context), (context))
FORWARD(hipCtxGetDevice, cuCtxGetDevice, (int* device), (device))
FORWARD(hipStreamCreateWithFlags, cuStreamCreate, (void** stream, unsigned flags), (stream, flags))
FORWARD(hipStreamDestroy, cuStreamDestroy_v2, (void* stream), (stream))
FORWARD(hipStreamSynchronize, cuStreamSynchronize, (void* stream), (stream))
FORWARD(hipStreamIsCapturing, cuStreamIsCapturing, (void* stream, int* status), (stream, status))
FORWARD(hipThreadExchangeStreamCaptureMode, cuThreadExchangeStreamCaptureMode, (int* mode), (mode))
FORWARD(hipEventCreateWithFlags, cuEventCreate, (void** event, unsigned flags), (event, flags))
FORWARD(hipEventDestroy, cuEventDestroy_v2, (void* event), (event))
FORWARD(hipEventRecord, cuEventRecord, (void* event, void* stream), (event, stream))
FORWARD(hipEventSynchronize, cuEventSynchronize, (void* event), (event))
FORWARD(hipEventElapsedTime, cuEventElapsedTime, (float* milliseconds, void* start, void* end),
        (milliseconds, start, end))
FORWARD(hipMalloc, cuMemAlloc_v2, (void** address, size_t bytes), (address, bytes))
FORWARD(hipFree, cuMemFree_v2, (void* address), (address))
FORWARD(hipMemGetInfo, cuMemGetInfo_v2, (size_t * free, size_t* total), (free, total))
FORWARD(hipMemcpyHtoDAsync, cuMemcpyHtoDAsync_v2,
        (void* to, const void* from, size_t bytes, void* stream), (to, from, bytes, stream))
FORWARD(hipMemcpyDtoHAsync, cuMemcpyDtoHAsync_v2,
        (void* to, const void* from, size_t bytes, void* stream), (to, from, bytes, stream))
FORWARD(hipMemcpyDtoDAsync, cuMemcpyDtoDAsync_v2,
        (void* to, const void* from, size_t bytes, void* stream), (to, from, bytes, stream))
FORWARD(hipMemsetD8Async, cuMemsetD8Async,
        (void* address, unsigned char value, size_t bytes, void* stream),
        (address, value, bytes, stream))
FORWARD(hipModuleLoadData, cuModuleLoadData, (void** module, const void* image), (module, image))
FORWARD(hipModuleGetFunction, cuModuleGetFunction,
        (void** function, void* module, const char* name), (function, module, name))
FORWARD(hipModuleLaunchKernel, cuLaunchKernel,
        (void* function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
         unsigned block_y, unsigned block_z, unsigned shared_bytes, void* stream, void** parameters,
         void** extra),
        (function, grid_x, grid_y, grid_z, block_x, block_y, block_z, shared_bytes, stream,
         parameters, extra))

/* hipDeviceAttribute_t to CUdevice_attribute, for what the library asks. */
EXPORT int hipDeviceGetAttribute(int* value, int attribute, int device);
EXPORT int hipDeviceGetAttribute(int* value, int attribute, int device) {
  static const int known[][2] = {{63, 16}, {23, 75}, {61, 76}, {19, 38}, {5, 13},
                                 {60, 36}, {87, 10}, {74, 8},  {75, 97}};
  static union {
    void* found;
    int (*call)(int*, int, int);
  } function;
  if (function.found == NULL) function.found = cuda_function("cuDeviceGetAttribute");
  for (size_t i = 0; i < sizeof known / sizeof known[0]; ++i) {
    if (known[i][0] == attribute) return function.call(value, known[i][1], device);
  }
  return 1; /* hipErrorInvalidValue */
}

EXPORT const char* hipGetErrorName(int status);
EXPORT const char* hipGetErrorName(int status) {
  static union {
    void* found;
    int (*call)(int, const char**);
  } function;
  if (function.found == NULL) function.found = cuda_function("cuGetErrorName");
  const char* name = NULL;
  return function.call(status, &name) == 0 ? name : NULL;
}
