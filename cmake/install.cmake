# SPDX-License-Identifier: Apache-2.0
# cmake --install: headers, libraries, fovea.pc and a CMake package (cmake/command.cmake installs the command).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Packages are made by component: the command, the library, what programs are built with.
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME development)
install(TARGETS fovea fovea_static
  EXPORT fovea
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT development
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES include/fovea.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/fovea DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

# What a program that links libfovea.a needs besides; with the shared library it is the library's own affair.
set(FOVEA_PRIVATE_REQUIRES "libjpeg spng yaml-0.1 jansson zlib libprotobuf-c")
# From where the file lies, so that the tree can be moved.
file(RELATIVE_PATH FOVEA_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/fovea.pc.in ${CMAKE_BINARY_DIR}/fovea.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/fovea.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

set(FOVEA_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/fovea)
configure_file(cmake/fovea-config.cmake.in ${CMAKE_BINARY_DIR}/fovea-config.cmake @ONLY)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/fovea-config-version.cmake COMPATIBILITY SameMinorVersion)
install(EXPORT fovea NAMESPACE fovea:: FILE fovea-targets.cmake DESTINATION ${FOVEA_CMAKE_DIR})
install(FILES ${CMAKE_BINARY_DIR}/fovea-config.cmake ${CMAKE_BINARY_DIR}/fovea-config-version.cmake cmake/dnnl.cmake
  DESTINATION ${FOVEA_CMAKE_DIR})
