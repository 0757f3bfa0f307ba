# SPDX-License-Identifier: Apache-2.0
# Manual pages and change logs are compressed in Debian packages; CPack calls this before it makes them.
file(GLOB_RECURSE pages ${CPACK_TEMPORARY_DIRECTORY}/*.1 ${CPACK_TEMPORARY_DIRECTORY}/changelog)
list(FILTER pages INCLUDE REGEX "/(man1|doc)/")
if(pages)
  execute_process(COMMAND gzip -9nf ${pages} COMMAND_ERROR_IS_FATAL ANY)
endif()
