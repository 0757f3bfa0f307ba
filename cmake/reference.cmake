# SPDX-License-Identifier: Apache-2.0
# src/engine/reference/ is compiled twice: with float for the engine "reference", with double for its twin, the oracle of
# the gradients (REAL_NAME in kernels.h keeps the names apart).
file(GLOB REFERENCE_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/engine/reference/*.c)
set(FOVEA_REFERENCE_OBJECTS)
foreach(type float double)
  add_library(fovea_reference_${type} OBJECT ${REFERENCE_SOURCES})
  target_include_directories(fovea_reference_${type} PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  list(APPEND FOVEA_REFERENCE_OBJECTS $<TARGET_OBJECTS:fovea_reference_${type}>)
endforeach()
target_compile_definitions(fovea_reference_double PRIVATE REFERENCE_DOUBLE)
