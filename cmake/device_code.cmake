# SPDX-License-Identifier: Apache-2.0
# Device code: each kernels/gpu/*.cu becomes one fat binary for CUDA, one code object bundle for HIP, or both.
# The compilers are called directly: the code is loaded through the driver, so nothing links a vendor's runtime, and
# CMake's own HIP support does not work with Debian's package.
option(FGX_CUDA "Build device code for CUDA (needs nvcc)" OFF)
option(FGX_HIP "Build device code for HIP (needs hipcc)" OFF)
option(FGX_HIP_SHIM "For tests: embed CUDA code as HIP's too, for tests/hip_shim" OFF)
set(FGX_CUDA_ARCHITECTURES 80 90 CACHE STRING "Compute capabilities with machine code; the last one has PTX too")
set(FGX_CUDA_OPTIMIZATION -O3 CACHE STRING "-Ofc=max asks only whether the code compiles, in a tenth of the time")
set(FGX_HIP_OPTIMIZATION -O3 CACHE STRING "Of device code for HIP")
set(FGX_HIP_ARCHITECTURES gfx90a CACHE STRING "AMD architectures")

add_custom_target(device_code)
file(GLOB FGX_DEVICE_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/kernels/gpu/*.cu)

# fgx_add_device_code(KIND SUFFIX COMMAND...) compiles every source to <name>.<SUFFIX>, and embeds it.
function(fgx_add_device_code kind suffix)
  foreach(source ${FGX_DEVICE_SOURCES})
    get_filename_component(name ${source} NAME_WE)
    set(command ${ARGN})
    if(kind STREQUAL Cuda)
      list(APPEND command ${FGX_CUDA_TARGETS_${name}})
      if(NOT DEFINED FGX_CUDA_TARGETS_${name})
        list(APPEND command ${FGX_CUDA_TARGETS})
      endif()
    endif()
    set(binary ${PROJECT_BINARY_DIR}/device_code/${name}.${suffix})
    add_custom_command(
      OUTPUT ${binary}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/device_code
      COMMAND ${command} -std=c++20 -I${PROJECT_SOURCE_DIR} -MD -MF ${binary}.d -o ${binary} ${source}
      DEPENDS ${source} DEPFILE ${binary}.d VERBATIM COMMENT "Device code ${name}.${suffix}")
    add_custom_target(device_code_${name}_${suffix} DEPENDS ${binary})
    add_dependencies(device_code device_code_${name}_${suffix})
    list(APPEND FGX_DEVICE_BINARIES ${binary})
    string(APPEND FGX_DEVICE_IMAGE_LIST "FGX_IMAGE(${name}, ${kind}, \"${binary}\")\n")
    if(FGX_HIP_SHIM AND kind STREQUAL Cuda)
      string(APPEND FGX_DEVICE_IMAGE_LIST "FGX_IMAGE(${name}, Hip, \"${binary}\")\n")
    endif()
  endforeach()
  set(FGX_DEVICE_BINARIES ${FGX_DEVICE_BINARIES} PARENT_SCOPE)
  set(FGX_DEVICE_IMAGE_LIST "${FGX_DEVICE_IMAGE_LIST}" PARENT_SCOPE)
endfunction()

if(FGX_CUDA)
  find_program(NVCC nvcc HINTS /usr/local/cuda/bin REQUIRED)
  set(FGX_CUDA_TARGETS)
  foreach(architecture ${FGX_CUDA_ARCHITECTURES})
    list(APPEND FGX_CUDA_TARGETS -gencode arch=compute_${architecture},code=sm_${architecture})
  endforeach()
  list(GET FGX_CUDA_ARCHITECTURES -1 newest)
  list(APPEND FGX_CUDA_TARGETS -gencode arch=compute_${newest},code=compute_${newest})
  # Products of warpgroups are Hopper's own, and no other device's.
  set(FGX_CUDA_TARGETS_attention_warpgroup -gencode arch=compute_90a,code=sm_90a)
  fgx_add_device_code(Cuda fatbin ${NVCC} -fatbin ${FGX_CUDA_OPTIMIZATION} --expt-relaxed-constexpr)
endif()
if(FGX_HIP)
  find_program(HIPCC hipcc REQUIRED)
  set(architectures)
  foreach(architecture ${FGX_HIP_ARCHITECTURES})
    list(APPEND architectures --offload-arch=${architecture})
  endforeach()
  fgx_add_device_code(Hip hsaco ${HIPCC} --genco ${FGX_HIP_OPTIMIZATION} ${architectures} -x hip)
endif()
if(FGX_HIP_SHIM)
  add_library(hip_over_cuda SHARED ${PROJECT_SOURCE_DIR}/tests/hip_shim/hip_over_cuda.c)
  target_link_libraries(hip_over_cuda PRIVATE ${CMAKE_DL_LIBS})
endif()
if(FGX_DEVICE_BINARIES)
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/device_code/images.inc CONTENT "${FGX_DEVICE_IMAGE_LIST}")
  set_source_files_properties(${PROJECT_SOURCE_DIR}/src/backend/gpu/device_images.cpp PROPERTIES
    COMPILE_DEFINITIONS "FGX_DEVICE_IMAGES=\"${PROJECT_BINARY_DIR}/device_code/images.inc\""
    OBJECT_DEPENDS "${FGX_DEVICE_BINARIES};${PROJECT_BINARY_DIR}/device_code/images.inc")
endif()
