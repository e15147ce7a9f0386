/* SPDX-License-Identifier: Apache-2.0 */
/* libcuda.so.1, loaded by hand. */
#include "cuda_driver.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static struct {
  int (*init)(unsigned);
  int (*device_get)(int*, int);
  int (*context_retain)(void**, int);
  int (*context_set)(void*);
  int (*stream_create)(void**, unsigned);
  int (*stream_synchronize)(void*);
  int (*allocate)(void**, size_t);
  int (*upload)(void*, const void*, size_t, void*);
  int (*download)(void*, const void*, size_t, void*);
  int (*set)(void*, unsigned char, size_t, void*);
  int (*capture_begin)(void*, int);
  int (*capture_end)(void*, void**);
  int (*graph_instantiate)(void**, void*, unsigned long long);
  int (*graph_launch)(void*, void*);
} cuda;
static void* stream;

static void must(int status, const char* what) {
  if (status == 0) return;
  fprintf(stderr, "%s: CUDA error %d\n", what, status);
  exit(70);
}

int cuda_start(void) {
  const struct {
    void* slot; /* of a function pointer: dlsym gives them as pointers to objects */
    const char* name;
  } wanted[] = {
      {&cuda.init, "cuInit"},
      {&cuda.device_get, "cuDeviceGet"},
      {&cuda.context_retain, "cuDevicePrimaryCtxRetain"},
      {&cuda.context_set, "cuCtxSetCurrent"},
      {&cuda.stream_create, "cuStreamCreate"},
      {&cuda.stream_synchronize, "cuStreamSynchronize"},
      {&cuda.allocate, "cuMemAlloc_v2"},
      {&cuda.upload, "cuMemcpyHtoDAsync_v2"},
      {&cuda.download, "cuMemcpyDtoHAsync_v2"},
      {&cuda.set, "cuMemsetD8Async"},
      {&cuda.capture_begin, "cuStreamBeginCapture_v2"},
      {&cuda.capture_end, "cuStreamEndCapture"},
      {&cuda.graph_instantiate, "cuGraphInstantiateWithFlags"},
      {&cuda.graph_launch, "cuGraphLaunch"},
  };
  void* library = dlopen("libcuda.so.1", RTLD_NOW);
  if (library == NULL) {
    fprintf(stderr, "no libcuda.so.1 on this machine\n");
    return 0;
  }
  for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; ++i) {
    *(void**)wanted[i].slot = dlsym(library, wanted[i].name);
    if (*(void**)wanted[i].slot == NULL) {
      fprintf(stderr, "libcuda.so.1 has no %s\n", wanted[i].name);
      return 0;
    }
  }
  int device = 0;
  void* context = NULL;
  if (cuda.init(0) != 0 || cuda.device_get(&device, 0) != 0) {
    fprintf(stderr, "the CUDA driver finds no device\n");
    return 0;
  }
  must(cuda.context_retain(&context, device), "retaining the device's context");
  must(cuda.context_set(context), "entering the device's context");
  must(cuda.stream_create(&stream, 1), "making a stream");
  return 1;
}

void* cuda_stream(void) { return stream; }

void* cuda_allocate(size_t bytes) {
  void* memory = NULL;
  must(cuda.allocate(&memory, bytes), "allocating device memory");
  cuda_clear(memory, bytes);
  return memory;
}

void cuda_upload(void* device, const void* host, size_t bytes) {
  must(cuda.upload(device, host, bytes, stream), "copying to the device");
}

void cuda_download(void* host, const void* device, size_t bytes) {
  must(cuda.download(host, device, bytes, stream), "copying from the device");
  cuda_wait();
}

void cuda_clear(void* device, size_t bytes) {
  must(cuda.set(device, 0, bytes, stream), "clearing device memory");
}

void cuda_wait(void) { must(cuda.stream_synchronize(stream), "waiting for the stream"); }

void cuda_capture_begin(void) { must(cuda.capture_begin(stream, 0), "beginning a capture"); }

cuda_graph* cuda_capture_end(void) {
  void* graph = NULL;
  void* executable = NULL;
  must(cuda.capture_end(stream, &graph), "ending a capture");
  must(cuda.graph_instantiate(&executable, graph, 0), "making a graph");
  return executable;
}

void cuda_graph_replay(cuda_graph* graph) {
  must(cuda.graph_launch(graph, stream), "replaying a graph");
}
