# SPDX-License-Identifier: Apache-2.0
# embed_file(TARGET FILE NAME): the file's bytes as `const unsigned char NAME[]` and their number as `const size_t NAME_size`, compiled
# into the target. Run as a script it writes that C file.
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ ${INPUT} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  file(WRITE ${OUTPUT} "#include <stddef.h>\nextern const unsigned char ${NAME}[];\nextern const size_t ${NAME}_size;\nconst unsigned char ${NAME}[] = {${bytes}};\nconst size_t ${NAME}_size = sizeof ${NAME};\n")
  return()
endif()
set(FOVEA_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})
function(embed_file target file name)
  set(output ${PROJECT_BINARY_DIR}/embedded/${name}.c)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DINPUT=${file} -DOUTPUT=${output} -DNAME=${name} -P ${FOVEA_EMBED_SCRIPT}
    DEPENDS ${file} ${FOVEA_EMBED_SCRIPT})
  target_sources(${target} PRIVATE ${output})
endfunction()
