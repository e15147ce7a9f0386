# SPDX-License-Identifier: Apache-2.0
# Installation: library, headers, CMake package, pkg-config file.
include(CMakePackageConfigHelpers)
install(TARGETS flaggems_exp EXPORT flaggems_exp LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES include/flaggems_exp.h include/flaggems_exp.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT flaggems_exp NAMESPACE flaggems_exp:: FILE flaggems_exp-config.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/flaggems_exp)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/flaggems_exp-config-version.cmake
                                 COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_BINARY_DIR}/flaggems_exp-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/flaggems_exp)
configure_file(cmake/flaggems_exp.pc.in ${CMAKE_BINARY_DIR}/flaggems_exp.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/flaggems_exp.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
