// SPDX-License-Identifier: Apache-2.0
// Embeds what cmake/device_code.cmake built; it defines FGX_DEVICE_IMAGES as the list to include.
#include "backend/gpu/device_images.h"

#include <cstring>

#include "flaggems_exp.h"

// FGX_IMAGE(module, kind, path): one line per embedded file.
#ifdef FGX_DEVICE_IMAGES
#define FGX_IMAGE(module, kind, path)                                                    \
  asm(".pushsection .rodata\n"                                                           \
      ".balign 64\n"                                                                     \
      ".local fgx_image_" #module "_" #kind                                              \
      "\n"                                                                               \
      "fgx_image_" #module "_" #kind                                                     \
      ":\n"                                                                              \
      ".incbin \"" path                                                                  \
      "\"\n"                                                                             \
      ".popsection\n");                                                                  \
  extern "C" {                                                                           \
  extern const char fgx_image_##module##_##kind[] __attribute__((visibility("hidden"))); \
  }
#include FGX_DEVICE_IMAGES
#undef FGX_IMAGE
#endif

namespace fgx::gpu {
namespace {

struct Image {
  const char* module;
  int32_t device_type;
  const void* data;
};
[[maybe_unused]] constexpr int32_t kCuda = FGX_DEVICE_CUDA;
[[maybe_unused]] constexpr int32_t kHip = FGX_DEVICE_ROCM;
const Image kImages[] = {
#ifdef FGX_DEVICE_IMAGES
#define FGX_IMAGE(module, kind, path) {#module, k##kind, fgx_image_##module##_##kind},
#include FGX_DEVICE_IMAGES
#undef FGX_IMAGE
#endif
    {"", 0, nullptr},
};

}  // namespace

const void* device_image(int32_t device_type, const char* module) {
  for (const Image& image : kImages) {
    if (image.device_type == device_type && std::strcmp(image.module, module) == 0) {
      return image.data;
    }
  }
  return nullptr;
}

bool has_device_images(int32_t device_type) {
  for (const Image& image : kImages) {
    if (image.device_type == device_type) return true;
  }
  return false;
}

}  // namespace fgx::gpu
