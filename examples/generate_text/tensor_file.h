/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a safetensors file: tensors as views of one buffer. */
#ifndef EXAMPLES_GENERATE_TEXT_TENSOR_FILE_H_
#define EXAMPLES_GENERATE_TEXT_TENSOR_FILE_H_

#include "flaggems_exp.h"

typedef struct tensor_file tensor_file;

/* Returns NULL, with a message on stderr, when the file cannot be read or is malformed. */
tensor_file* tensor_file_open(const char* path);
/* Fills `view` with the tensor of that name; its shape lives as long as the file. Returns 0 when there
 * is none, with a message on stderr. */
int tensor_file_find(tensor_file* file, const char* name, fgx_tensor* view);
void tensor_file_close(tensor_file* file);

/* Reads a whole file; the caller frees. NULL when it cannot be read. A NUL is appended. */
char* read_whole_file(const char* path, size_t* size);

#endif /* EXAMPLES_GENERATE_TEXT_TENSOR_FILE_H_ */
