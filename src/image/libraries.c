/* SPDX-License-Identifier: Apache-2.0 */
/* The versions of the libraries that decode and encode. */
#include <stdio.h>

#include <jpeglib.h>
#include <spng.h>

#include "image/image.h"

#define TEXT_OF_(NUMBER) #NUMBER
#define TEXT_OF(NUMBER)  TEXT_OF_(NUMBER)

const image_library *image_libraries(void)
{
    static const image_library list[] = {
#ifdef LIBJPEG_TURBO_VERSION
        {"libjpeg-turbo", TEXT_OF(LIBJPEG_TURBO_VERSION)},
#else
        {"libjpeg", TEXT_OF(JPEG_LIB_VERSION)},
#endif
        {"libspng",
         TEXT_OF(SPNG_VERSION_MAJOR) "." TEXT_OF(SPNG_VERSION_MINOR) "." TEXT_OF(SPNG_VERSION_PATCH)},
        {NULL, NULL}};
    return list;
}
