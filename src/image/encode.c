/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>
#include <spng.h>

#include "core/file.h"
#include "image/image.h"

fv_status image_encode_png(const image *im, uint8_t **bytes, size_t *size)
{
    static const uint8_t color_types[5] = {[1] = SPNG_COLOR_TYPE_GRAYSCALE,
                                           [3] = SPNG_COLOR_TYPE_TRUECOLOR,
                                           [4] = SPNG_COLOR_TYPE_TRUECOLOR_ALPHA};
    if (im->channels != 1 && im->channels != 3 && im->channels != 4)
        return status_set(FV_ERROR_INVALID, "PNG: a picture of %lld channels cannot be written",
                          (long long)im->channels);
    spng_ctx *context = spng_ctx_new(SPNG_CTX_ENCODER);
    if (!context)
        return status_set(FV_ERROR_MEMORY, "PNG: not enough memory to write a picture");
    struct spng_ihdr header = {.width = (uint32_t)im->width,
                               .height = (uint32_t)im->height,
                               .bit_depth = 8,
                               .color_type = color_types[im->channels]};
    size_t length = (size_t)(im->height * im->width * im->channels);
    *bytes = NULL;
    int code = spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1);
    if (code == 0)
        code = spng_set_ihdr(context, &header);
    if (code == 0)
        code = spng_encode_image(context, im->data, length, SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE);
    if (code == 0)
        *bytes = spng_get_png_buffer(context, size, &code);
    spng_ctx_free(context);
    if (*bytes)
        return FV_OK;
    return status_set(code == SPNG_EMEM ? FV_ERROR_MEMORY : FV_ERROR_INVALID,
                      "PNG: a picture of %lld x %lld cannot be written: %s", (long long)im->width,
                      (long long)im->height, spng_strerror(code));
}

/* Everything lives here, not in local variables, whose values longjmp may lose. */
typedef struct jpeg_writer {
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr errors;
    jmp_buf escape;
    unsigned char *bytes;
    unsigned long size;
    fv_status status;
} jpeg_writer;

static void fail(j_common_ptr info)
{
    jpeg_writer *w = info->client_data;
    char text[JMSG_LENGTH_MAX];
    w->errors.format_message(info, text);
    w->status = status_set(FV_ERROR_INVALID, "JPEG: the picture cannot be written: %s", text);
    longjmp(w->escape, 1);
}

static void compress(jpeg_writer *w, const image *im, int quality)
{
    jpeg_create_compress(&w->info);
    jpeg_mem_dest(&w->info, &w->bytes, &w->size);
    w->info.image_width = (JDIMENSION)im->width;
    w->info.image_height = (JDIMENSION)im->height;
    w->info.input_components = (int)im->channels;
    w->info.in_color_space = im->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&w->info);
    jpeg_set_quality(&w->info, quality, TRUE);
    jpeg_start_compress(&w->info, TRUE);
    while (w->info.next_scanline < w->info.image_height) {
        JSAMPROW row = im->data + w->info.next_scanline * im->width * im->channels;
        jpeg_write_scanlines(&w->info, &row, 1);
    }
    jpeg_finish_compress(&w->info);
}

fv_status image_encode_jpeg(const image *im, int quality, uint8_t **bytes, size_t *size)
{
    if (im->channels != 1 && im->channels != 3)
        return status_set(FV_ERROR_INVALID, "JPEG: a picture of %lld channels cannot be written",
                          (long long)im->channels);
    if (im->height > JPEG_MAX_DIMENSION || im->width > JPEG_MAX_DIMENSION)
        return status_set(FV_ERROR_INVALID, "JPEG: %lld x %lld pixels are too many; a side has at most %ld",
                          (long long)im->width, (long long)im->height, JPEG_MAX_DIMENSION);
    jpeg_writer w = {.status = FV_OK};
    w.info.err = jpeg_std_error(&w.errors);
    w.info.client_data = &w;
    w.errors.error_exit = fail;
    if (setjmp(w.escape) == 0)
        compress(&w, im, quality);
    jpeg_destroy_compress(&w.info);
    if (w.status != FV_OK) {
        free(w.bytes);
        return w.status;
    }
    *bytes = w.bytes;
    *size = w.size;
    return FV_OK;
}

fv_status image_save_png(const image *im, const char *path)
{
    uint8_t *bytes;
    size_t size;
    STATUS_TRY(image_encode_png(im, &bytes, &size));
    fv_status status = file_write(path, bytes, size);
    free(bytes);
    return status;
}
