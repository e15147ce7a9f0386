/* SPDX-License-Identifier: Apache-2.0 */
/* The safetensors format: 8 bytes of header length, a JSON header, then the data. */
#include "tensor_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TENSORS 256

struct tensor_file {
  char* bytes;
  size_t size;
  const char* header;
  char* data;
  size_t data_size;
  int count;
  int64_t shapes[MAX_TENSORS][4];
};

char* read_whole_file(const char* path, size_t* size) {
  FILE* stream = fopen(path, "rb");
  if (stream == NULL) return NULL;
  char* bytes = NULL;
  if (fseek(stream, 0, SEEK_END) == 0) {
    const long length = ftell(stream);
    if (length >= 0 && fseek(stream, 0, SEEK_SET) == 0) {
      bytes = malloc((size_t)length + 1);
      if (bytes != NULL && fread(bytes, 1, (size_t)length, stream) != (size_t)length) {
        free(bytes);
        bytes = NULL;
      }
      if (bytes != NULL) {
        bytes[length] = '\0';
        *size = (size_t)length;
      }
    }
  }
  fclose(stream);
  return bytes;
}

tensor_file* tensor_file_open(const char* path) {
  tensor_file* file = calloc(1, sizeof *file);
  if (file == NULL) return NULL;
  file->bytes = read_whole_file(path, &file->size);
  uint64_t header_size = 0;
  if (file->bytes != NULL && file->size >= 8) memcpy(&header_size, file->bytes, 8);
  if (header_size == 0 || header_size > file->size - 8) {
    fprintf(stderr, "%s: not a safetensors file\n", path);
    tensor_file_close(file);
    return NULL;
  }
  file->data = file->bytes + 8 + header_size;
  file->data_size = file->size - 8 - (size_t)header_size;
  /* The header becomes a string of its own: its last byte is padding or the closing brace. */
  char* header = malloc((size_t)header_size + 1);
  if (header == NULL) {
    tensor_file_close(file);
    return NULL;
  }
  memcpy(header, file->bytes + 8, (size_t)header_size);
  header[header_size] = '\0';
  file->header = header;
  return file;
}

/* Reads up to `capacity` integers of the JSON array that follows `key` inside the object at `text`. */
static int read_integers(const char* text, const char* key, int64_t* out, int capacity) {
  const char* end = strchr(text, '}');
  const char* at = strstr(text, key);
  if (at == NULL || end == NULL || at > end || (at = strchr(at, '[')) == NULL) return -1;
  int count = 0;
  for (++at; *at != ']' && *at != '\0';) {
    char* next = NULL;
    const long long value = strtoll(at, &next, 10);
    if (next == at || count == capacity) return -1;
    out[count++] = value;
    at = next;
    while (*at == ',' || *at == ' ') ++at;
  }
  return count;
}

int tensor_file_find(tensor_file* file, const char* name, fgx_tensor* view) {
  char key[128];
  snprintf(key, sizeof key, "\"%s\":", name);
  const char* entry = strstr(file->header, key);
  int64_t offsets[2];
  if (entry != NULL && file->count < MAX_TENSORS) {
    int64_t* shape = file->shapes[file->count];
    const int ndim = read_integers(entry, "\"shape\"", shape, 4);
    const int found = read_integers(entry, "\"data_offsets\"", offsets, 2);
    int64_t elements = 1;
    for (int i = 0; i < ndim; ++i) elements *= shape[i];
    const char* dtype = strstr(entry, "\"BF16\"");
    if (ndim > 0 && found == 2 && dtype != NULL && dtype < strchr(entry, '}') && offsets[0] >= 0 &&
        offsets[1] - offsets[0] == 2 * elements && (size_t)offsets[1] <= file->data_size) {
      memset(view, 0, sizeof *view);
      view->data = file->data + offsets[0];
      view->device.type = FGX_DEVICE_CPU;
      view->ndim = ndim;
      view->dtype.code = FGX_DTYPE_BFLOAT;
      view->dtype.bits = 16;
      view->dtype.lanes = 1;
      view->shape = shape;
      ++file->count;
      return 1;
    }
  }
  fprintf(stderr, "the weights have no bfloat16 tensor %s\n", name);
  return 0;
}

void tensor_file_close(tensor_file* file) {
  if (file == NULL) return;
  free((char*)file->header);
  free(file->bytes);
  free(file);
}
