# SPDX-License-Identifier: Apache-2.0
# For 64-bit Arm (phones, Raspberry Pi), with the libraries of the folder FOVEA_SYSROOT: see docs/building.md.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
# Also asked by the projects that try the compiler.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES FOVEA_SYSROOT)
if(NOT FOVEA_SYSROOT)
  message(FATAL_ERROR "FOVEA_SYSROOT must name the folder with the libraries of aarch64 (scripts/cross-aarch64 makes one)")
endif()
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_SYSROOT ${FOVEA_SYSROOT})
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH ${FOVEA_SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${FOVEA_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${FOVEA_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${FOVEA_SYSROOT}/usr/share/pkgconfig)
# The build runs the command once, to write its manual.
find_program(FOVEA_QEMU NAMES qemu-aarch64 qemu-aarch64-static REQUIRED)
set(CMAKE_CROSSCOMPILING_EMULATOR ${FOVEA_QEMU} -L ${FOVEA_SYSROOT})
