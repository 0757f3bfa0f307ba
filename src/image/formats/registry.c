/* SPDX-License-Identifier: Apache-2.0 */
/* The picture formats: the only place that knows which were built in. */
#include <string.h>
#include <strings.h>

#include "image/decode.h"

/* FOVEA_HAVE_NAME comes from cmake/formats.cmake: the library's headers were there. */
static const image_format *const formats[] = {&jpeg_format, &png_format, &bmp_format,
                                              &pnm_format,  &pfm_format,
#ifdef FOVEA_HAVE_WEBP
                                              &webp_format,
#endif
#ifdef FOVEA_HAVE_GIF
                                              &gif_format,
#endif
#ifdef FOVEA_HAVE_TIFF
                                              &tiff_format,
#endif
#ifdef FOVEA_HAVE_HEIF
                                              &heif_format,
#endif
                                              NULL};

/* Formats that are recognised only to say so, and those above that may not have been built in: then `package` is
 * what building them takes. */
static const struct signature {
    const char *name, *package;
    size_t offset, length;
    const char *bytes;
} signatures[] = {
    {"WebP", "libwebp-dev", 8, 4, "WEBP"},
    {"GIF", "libgif-dev", 0, 4, "GIF8"},
    {"AVIF", "libheif-dev", 4, 7, "ftypavi"},
    {"HEIC", "libheif-dev", 4, 7, "ftyphei"},
    {"HEIC", "libheif-dev", 4, 7, "ftyphev"},
    {"HEIF", "libheif-dev", 4, 8, "ftypmif1"},
    {"HEIF", "libheif-dev", 4, 8, "ftypmsf1"},
    {"TIFF", "libtiff-dev", 0, 4, "II*\0"},
    {"TIFF", "libtiff-dev", 0, 4, "MM\0*"},
    {"JPEG 2000", NULL, 0, 12, "\0\0\0\x0cjP  \r\n\x87\n"},
    {"JPEG XL", NULL, 0, 12, "\0\0\0\x0cJXL \r\n\x87\n"},
    {"JPEG XL", NULL, 0, 2, "\xff\x0a"},
    {"Photoshop", NULL, 0, 4, "8BPS"},
    {"OpenEXR", NULL, 0, 4, "v/1\x01"},
    {"QOI", NULL, 0, 4, "qoif"},
    {"icon", NULL, 0, 4, "\0\0\1\0"},
    {"PDF", NULL, 0, 5, "%PDF-"},
    {"SVG", NULL, 0, 4, "<svg"},
    {"SVG", NULL, 0, 5, "<?xml"},
};

fv_status decode_find_format(const decode_source *s, const image_format **format)
{
    if (s->size == 0)
        return status_set(FV_ERROR_FORMAT, "%s: the file is empty", s->name);
    for (int i = 0; formats[i]; i++) {
        if (formats[i]->matches(s->bytes, s->size)) {
            *format = formats[i];
            return FV_OK;
        }
    }
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const struct signature *g = &signatures[i];
        if (s->size < g->offset + g->length || memcmp(s->bytes + g->offset, g->bytes, g->length) != 0)
            continue;
        if (g->package)
            return status_set(
                FV_ERROR_UNSUPPORTED,
                "%s: this fovea was built without %s pictures: install %s and build it again, or "
                "convert it to JPEG or PNG",
                s->name, g->name, g->package);
        return status_set(FV_ERROR_UNSUPPORTED,
                          "%s: %s pictures are not supported; convert it to JPEG or PNG", s->name, g->name);
    }
    return status_set(FV_ERROR_FORMAT, "%s: not a picture: the content is of no picture format", s->name);
}

const image_format *decode_format_named(const char *name)
{
    int i = 0;
    while (formats[i] && strcasecmp(formats[i]->name, name) != 0)
        i++;
    return formats[i];
}

/* Also the endings of formats that were not built in: decoding then says so, which is better than silence. */
int fv_is_picture_name(const char *path)
{
    static const char *const endings[] = {".jpg", ".jpeg", ".jpe",  ".jfif", ".png",  ".webp", ".gif",
                                          ".bmp", ".dib",  ".pnm",  ".pbm",  ".pgm",  ".ppm",  ".pam",
                                          ".pfm", ".tif",  ".tiff", ".heic", ".heif", ".avif"};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(dot, endings[i]) == 0)
            return 1;
    return 0;
}
