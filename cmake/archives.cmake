# SPDX-License-Identifier: Apache-2.0
# libarchive and libzip are opened at run time, on first use; only their headers are needed here, and libzip's run-time name,
# which differs from one distribution to the next.
pkg_check_modules(LIBARCHIVE REQUIRED libarchive)
pkg_check_modules(LIBZIP REQUIRED libzip)
set(ZIP_LIBRARY libzip.so.4)
if(LIBZIP_LINK_LIBRARIES MATCHES "([^;]*/libzip\\.so)(;|$)" AND IS_SYMLINK "${CMAKE_MATCH_1}")
  file(READ_SYMLINK "${CMAKE_MATCH_1}" target)
  if(target MATCHES "(libzip\\.so\\.[0-9]+)")
    set(ZIP_LIBRARY ${CMAKE_MATCH_1})
  endif()
endif()
