# SPDX-License-Identifier: Apache-2.0
# Picture formats whose library is opened at run time: only its headers are needed here, and without them the format is left
# out. src/image/formats/registry.c is what asks for FOVEA_HAVE_NAME.
function(fovea_format name header)
  string(TOUPPER ${name} upper)
  find_path(FOVEA_${upper}_INCLUDE ${header})
  if(FOVEA_${upper}_INCLUDE)
    list(APPEND FOVEA_FORMAT_DEFINITIONS FOVEA_HAVE_${upper})
    list(APPEND FOVEA_FORMAT_INCLUDES ${FOVEA_${upper}_INCLUDE})
  else()
    message(STATUS "no ${header}: built without ${upper} pictures")
    list(FILTER FOVEA_SOURCES EXCLUDE REGEX "/src/image/formats/${name}\\.c$")
  endif()
  foreach(result FOVEA_FORMAT_DEFINITIONS FOVEA_FORMAT_INCLUDES FOVEA_SOURCES)
    set(${result} ${${result}} PARENT_SCOPE)
  endforeach()
endfunction()

fovea_format(webp webp/decode.h)
fovea_format(gif gif_lib.h)
fovea_format(tiff tiffio.h)
fovea_format(heif libheif/heif.h)
set_source_files_properties(${PROJECT_SOURCE_DIR}/src/image/formats/registry.c PROPERTIES
  COMPILE_DEFINITIONS "${FOVEA_FORMAT_DEFINITIONS}")
