/* SPDX-License-Identifier: Apache-2.0 */
/* The handful of CUDA driver functions that a host program needs for memory, a stream and a graph; found
 * with dlopen, so that the program starts without a driver. */
#ifndef EXAMPLES_GENERATE_TEXT_CUDA_DRIVER_H_
#define EXAMPLES_GENERATE_TEXT_CUDA_DRIVER_H_

#include <stddef.h>

typedef struct cuda_graph cuda_graph;

/* Makes device 0's primary context current and a stream. 0, with a message on stderr, without a GPU. */
int cuda_start(void);
void* cuda_stream(void);

/* All of these end the program with a message when the driver reports an error. */
void* cuda_allocate(size_t bytes); /* zeroed; freed when the program ends */
void cuda_upload(void* device, const void* host, size_t bytes);
void cuda_download(void* host, const void* device, size_t bytes);
void cuda_clear(void* device, size_t bytes);
void cuda_wait(void);

void cuda_capture_begin(void);
cuda_graph* cuda_capture_end(void);
void cuda_graph_replay(cuda_graph* graph);

#endif /* EXAMPLES_GENERATE_TEXT_CUDA_DRIVER_H_ */
