/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "data/pack.h"
#include "data/store.h"

void pack_space_release(pack_space *s)
{
    image_space_release(&s->space);
    image_release(&s->decoded);
    image_release(&s->resized);
}

void packed_release(packed_picture *p)
{
    file_bytes_release(&p->file);
}

/* A picture that keeps its bytes is decoded as cheaply as its format can, only to see that it is whole. */
static void choose_scale(void *size, int64_t height, int64_t width, image_region *region)
{
    int64_t limit = *(const int64_t *)size;
    if (limit == 0 || height <= limit || width <= limit)
        region->min_height = region->min_width = 1;
}

/* Tools go by the ending, so it says what the bytes are, whatever the file was called. */
static const char *ending_of(const file_bytes *file, const char *format)
{
    static const struct {
        const char *format, *ending;
    } endings[] = {{"JPEG", "jpg"}, {"PNG", "png"}, {"WebP", "webp"}, {"GIF", "gif"},
                   {"BMP", "bmp"},  {"PNM", "pnm"}, {"TIFF", "tif"},  {"HEIF", "heic"}};
    if (strcmp(format, "HEIF") == 0 && file->size > 11 && memcmp(file->data + 8, "avi", 3) == 0)
        return "avif";
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (strcmp(format, endings[i].format) == 0)
            return endings[i].ending;
    return "jpg"; /* readers go by the content */
}

static void keep_file(pack_space *space, const image_info *info, packed_picture *out)
{
    file_bytes taken = space->space.file;
    space->space.file = out->file;
    out->file = taken;
    out->ending = ending_of(&taken, info->format);
}

/* The shorter side becomes `size`, the longer one is rounded down, as torchvision's Resize does. */
static fv_status shrink(pack_space *space, int64_t size, const image **out)
{
    const image *im = &space->decoded;
    int64_t height = im->height, width = im->width, shorter = height < width ? height : width;
    *out = im;
    if (size == 0 || shorter <= size)
        return FV_OK;
    height = height == shorter ? size : height * size / shorter;
    width = width == shorter ? size : width * size / shorter;
    *out = &space->resized;
    return image_resize(im, NULL, height, width, FV_BILINEAR, &space->space, &space->resized);
}

static fv_status encode(const image *im, bool lossless, int quality, packed_picture *out)
{
    uint8_t *bytes = NULL;
    size_t size;
    STATUS_TRY(lossless ? image_encode_png(im, &bytes, &size)
                        : image_encode_jpeg(im, quality, &bytes, &size));
    fv_status status = file_bytes_resize(&out->file, size);
    if (status == FV_OK)
        memcpy(out->file.data, bytes, size);
    free(bytes);
    out->ending = lossless ? "png" : "jpg";
    out->encoded = true;
    return status;
}

fv_status pack_picture(const fv_dataset *d, int64_t index, int64_t size, int quality, pack_space *space,
                       packed_picture *out)
{
    int64_t record;
    const source *s = dataset_locate(d, index, &record);
    const image_decode_options o = {.choose = choose_scale, .user = &size};
    const file_bytes *file = &space->space.file;
    const image *small;
    image_info info;
    out->encoded = out->deep = false;
    STATUS_TRY(source_decode(s, record, &o, &space->space, &space->decoded));
    STATUS_TRY(shrink(space, size, &small));
    if (s->pixels)
        return encode(small, true, quality, out);
    STATUS_TRY(image_probe(file->data, file->size, "", &info));
    /* The window that makes 8 bits of more is for training to choose. */
    bool large = small != &space->decoded;
    out->deep = large && info.depth > 8;
    if (large && !out->deep)
        return encode(small, false, quality, out);
    keep_file(space, &info, out);
    return FV_OK;
}
