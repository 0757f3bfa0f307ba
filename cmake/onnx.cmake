# SPDX-License-Identifier: Apache-2.0
# ONNX files are protocol buffers: onnx.proto, as ONNX's own package has it, becomes C when it is built. `fovea_onnx_proto` is that
# code, ours in nothing, so that our warnings are not asked of it.
find_program(PROTOC_C protoc-c REQUIRED)
find_path(ONNX_PROTO_DIR onnx/onnx.proto REQUIRED)
set(ONNX_GENERATED ${PROJECT_BINARY_DIR}/onnx)
file(MAKE_DIRECTORY ${ONNX_GENERATED})
add_custom_command(
  OUTPUT ${ONNX_GENERATED}/onnx.pb-c.c ${ONNX_GENERATED}/onnx.pb-c.h
  COMMAND ${PROTOC_C} --proto_path=${ONNX_PROTO_DIR}/onnx --c_out=${ONNX_GENERATED} ${ONNX_PROTO_DIR}/onnx/onnx.proto
  DEPENDS ${ONNX_PROTO_DIR}/onnx/onnx.proto
  COMMENT "Writing onnx.pb-c.c")
add_library(fovea_onnx_proto OBJECT ${ONNX_GENERATED}/onnx.pb-c.c ${ONNX_GENERATED}/onnx.pb-c.h)
target_compile_options(fovea_onnx_proto PRIVATE -w)
target_link_libraries(fovea_onnx_proto PRIVATE PkgConfig::DEPS)
