# SPDX-License-Identifier: Apache-2.0
# Compiler flags shared by every target: the interface target fgx_flags.
add_library(fgx_flags INTERFACE)
target_compile_options(fgx_flags INTERFACE -Wall -Wextra -Wshadow $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>
                       $<$<CONFIG:Dev>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # At -O3 GCC 12 warns of overlaps inside std::string that cannot be (GCC bug 105329).
  target_compile_options(fgx_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # -Wshadow of clang also warns of captures that were renamed on purpose.
  target_compile_options(fgx_flags INTERFACE -Wno-unused-command-line-argument)
endif()
if(FGX_SANITIZE)
  target_compile_options(fgx_flags INTERFACE -fsanitize=${FGX_SANITIZE} -fno-omit-frame-pointer
                         -fno-sanitize-recover=all)
  target_link_options(fgx_flags INTERFACE -fsanitize=${FGX_SANITIZE})
endif()
if(FGX_COVERAGE)
  # Counters are not atomic: a lost count never makes a covered line uncovered, and atomic ones cost tenfold.
  target_compile_options(fgx_flags INTERFACE $<$<NOT:$<BOOL:$<TARGET_PROPERTY:FGX_NO_COVERAGE>>>:--coverage>)
  target_link_options(fgx_flags INTERFACE --coverage)
endif()
