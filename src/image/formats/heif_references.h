/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures in a HEIF file that are made of others. */
#ifndef IMAGE_FORMATS_HEIF_REFERENCES_H
#define IMAGE_FORMATS_HEIF_REFERENCES_H

#include "image/decode.h"

/* FV_ERROR_FORMAT where decoding a picture would mean decoding itself, or more pictures than any file has use for: libheif
 * follows references wherever they lead. */
fv_status heif_check_references(const decode_source *s);

#endif
