/* SPDX-License-Identifier: Apache-2.0 */
#include "image/image.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "image/resize.h"

fv_status image_reshape(image *im, int64_t height, int64_t width, int64_t channels)
{
    int64_t bytes;
    if (height < 1 || width < 1 || channels < 1 || channels > FV_MAX_CHANNELS ||
        __builtin_mul_overflow(height, width, &bytes) || __builtin_mul_overflow(bytes, channels, &bytes))
        return status_set(FV_ERROR_INVALID,
                          "a picture cannot be %lld pixels wide and %lld high with %lld channels",
                          (long long)width, (long long)height, (long long)channels);
    if ((size_t)bytes > im->capacity) {
        uint8_t *data = mem_array((size_t)bytes, 1);
        if (!data)
            return status_last();
        free(im->data);
        im->data = data;
        im->capacity = (size_t)bytes;
    }
    im->height = height;
    im->width = width;
    im->channels = channels;
    return FV_OK;
}

void image_release(image *im)
{
    free(im->data);
    *im = (image){0};
}

/* Y = 0.299 R + 0.587 G + 0.114 B in 16-bit fixed point, rounded: Pillow's convert("L"). */
static void grey_from_rgb(uint8_t *data, int64_t pixels)
{
    for (int64_t i = 0; i < pixels; i++) {
        const uint8_t *p = data + i * 3;
        data[i] = (uint8_t)((p[0] * 19595u + p[1] * 38470u + p[2] * 7471u + 0x8000u) >> 16);
    }
}

fv_status image_set_channels(image *im, int64_t channels)
{
    int64_t pixels = im->height * im->width;
    if (im->channels == channels)
        return FV_OK;
    if (im->channels == 3 && channels == 1) {
        grey_from_rgb(im->data, pixels);
        im->channels = 1;
        return FV_OK;
    }
    if (im->channels != 1 || channels != 3)
        return status_set(FV_ERROR_INVALID, "a picture of %lld channels cannot become one of %lld",
                          (long long)im->channels, (long long)channels);
    image rgb = {0};
    STATUS_TRY(image_reshape(&rgb, im->height, im->width, 3));
    for (int64_t i = 0; i < pixels; i++)
        memset(rgb.data + i * 3, im->data[i], 3);
    image_release(im);
    *im = rgb;
    return FV_OK;
}

void image_space_release(image_space *space)
{
    file_bytes_release(&space->file);
    image_release(&space->spare[0]);
    image_release(&space->spare[1]);
    image_release(&space->letterboxed);
    resize_memory_destroy(space->resize);
    space->resize = NULL;
}
