# SPDX-License-Identifier: Apache-2.0
# Every file in a folder called kernels/ is compiled once an instruction set; KERNEL(name) in it appends the set's name, and
# core/processor.h chooses among them at run time.
set(FOVEA_KERNEL_OBJECTS)
file(GLOB KERNEL_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/engine/onednn/kernels/*.c ${PROJECT_SOURCE_DIR}/src/image/kernels/*.c)
set(KERNEL_FLAGS_generic "")
set(KERNEL_FLAGS_avx2 -march=x86-64-v3)
set(KERNEL_FLAGS_avx512 -march=x86-64-v4 -mprefer-vector-width=512)
set(KERNEL_SETS generic)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  list(APPEND KERNEL_SETS avx2 avx512)
endif()
if(KERNEL_SOURCES)
  foreach(set ${KERNEL_SETS})
    add_library(fovea_kernels_${set} OBJECT ${KERNEL_SOURCES})
    target_include_directories(fovea_kernels_${set} PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
    target_compile_definitions(fovea_kernels_${set} PRIVATE KERNEL_SET=${set})
    # clang warns when it cannot vectorise one of the variants; the code is right all the same.
    target_compile_options(fovea_kernels_${set} PRIVATE $<$<C_COMPILER_ID:Clang>:-Wno-pass-failed> -O3 -ffp-contract=fast -fno-math-errno -fno-trapping-math ${KERNEL_FLAGS_${set}})
    target_link_libraries(fovea_kernels_${set} PRIVATE OpenMP::OpenMP_C)
    list(APPEND FOVEA_KERNEL_OBJECTS $<TARGET_OBJECTS:fovea_kernels_${set}>)
  endforeach()
endif()
