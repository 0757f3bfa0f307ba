# SPDX-License-Identifier: Apache-2.0
# libfovea, shared and static from the same objects, and the command.
file(GLOB_RECURSE FOVEA_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/*.c)
list(FILTER FOVEA_SOURCES EXCLUDE REGEX "/src/cli/")
# What cmake/kernels.cmake compiles once an instruction set is left out here.
list(FILTER FOVEA_SOURCES EXCLUDE REGEX "/kernels/")
# So is what cmake/reference.cmake compiles twice.
list(FILTER FOVEA_SOURCES EXCLUDE REGEX "/src/engine/reference/")

# And what exported C source is made of, which is embedded as it is.
list(FILTER FOVEA_SOURCES EXCLUDE REGEX "/emitted/")

# And formats whose library is not here.
include(${CMAKE_CURRENT_LIST_DIR}/formats.cmake)

add_library(fovea_objects OBJECT ${FOVEA_SOURCES})
include(${CMAKE_CURRENT_LIST_DIR}/embed.cmake)
embed_file(fovea_objects ${PROJECT_SOURCE_DIR}/src/serve/page.html serve_page)
embed_file(fovea_objects ${PROJECT_SOURCE_DIR}/src/serve/page.css serve_style)
embed_file(fovea_objects ${PROJECT_SOURCE_DIR}/src/serve/page.js serve_script)
foreach(part window.h convolution.c pooling.c elementwise.c shape.c)
  get_filename_component(name ${part} NAME_WE)
  embed_file(fovea_objects ${PROJECT_SOURCE_DIR}/src/convert/csource/emitted/${part} csource_${name})
endforeach()
target_include_directories(fovea_objects PUBLIC ${PROJECT_SOURCE_DIR}/include PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_include_directories(fovea_objects SYSTEM PRIVATE ${CAIRO_INCLUDE_DIRS} ${CURL_INCLUDE_DIRS} ${MD_INCLUDE_DIRS}
  ${LCMS_INCLUDE_DIRS} ${MICROHTTPD_INCLUDE_DIRS} ${SQLITE_INCLUDE_DIRS} ${LIBARCHIVE_INCLUDE_DIRS} ${LIBZIP_INCLUDE_DIRS} ${FOVEA_FORMAT_INCLUDES})
target_compile_definitions(fovea_objects PRIVATE FV_BUILD FV_VERSION_TEXT="${PROJECT_VERSION}" ZIP_LIBRARY="${ZIP_LIBRARY}")
set(FOVEA_LINK PkgConfig::DEPS DNNL::dnnl OpenMP::OpenMP_C Threads::Threads m ${CMAKE_DL_LIBS})
target_link_libraries(fovea_objects PRIVATE ${FOVEA_LINK})
# The generated header must be there before what includes it.
target_include_directories(fovea_objects SYSTEM PRIVATE ${ONNX_GENERATED})
add_dependencies(fovea_objects fovea_onnx_proto)
include(${CMAKE_CURRENT_LIST_DIR}/kernels.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/reference.cmake)

add_library(fovea SHARED $<TARGET_OBJECTS:fovea_objects> ${FOVEA_KERNEL_OBJECTS} ${FOVEA_REFERENCE_OBJECTS}
  $<TARGET_OBJECTS:fovea_onnx_proto>)
set_target_properties(fovea PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
add_library(fovea_static STATIC $<TARGET_OBJECTS:fovea_objects> ${FOVEA_KERNEL_OBJECTS} ${FOVEA_REFERENCE_OBJECTS}
  $<TARGET_OBJECTS:fovea_onnx_proto>)
set_target_properties(fovea_static PROPERTIES OUTPUT_NAME fovea)
foreach(lib fovea fovea_static)
  target_include_directories(${lib} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
  target_link_libraries(${lib} PRIVATE ${FOVEA_LINK})
endforeach()

include(${CMAKE_CURRENT_LIST_DIR}/command.cmake)
