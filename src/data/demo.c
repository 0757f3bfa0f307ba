/* SPDX-License-Identifier: Apache-2.0 */
/* fv_demo_write: the demo data set as a folder, so that everything can be tried without a download. */
#include "data/demo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/text.h"
#include "data/demo_digits.h"

enum {
    JPEG_QUALITY = 85,
    MIN_SIZE = 16,
    MAX_SIZE = 1024,
    MAX_PER_CLASS = 100000
};

static fv_status check_range(const char *name, int64_t value, int64_t low, int64_t high)
{
    if (value < low || value > high)
        return status_set(FV_ERROR_INVALID, "demo: %s must be %lld to %lld, not %lld", name, (long long)low,
                          (long long)high, (long long)value);
    return FV_OK;
}

static fv_status resolve(const fv_demo_options *given, fv_demo_options *o)
{
    *o = (fv_demo_options){0};
    if (!given || given->struct_size < sizeof given->struct_size)
        return status_set(FV_ERROR_INVALID,
                          "demo: options without struct_size: use fv_demo_write(path, ...)");
    memcpy(o, given, given->struct_size < sizeof *o ? given->struct_size : sizeof *o);
    if (!o->path || !*o->path)
        return status_set(FV_ERROR_INVALID, "demo: a path is needed: the folder to write");
    if (o->train == 0)
        o->train = 1000;
    if (o->test == 0)
        o->test = 200;
    if (o->size == 0)
        o->size = 32;
    STATUS_TRY(check_range("train", o->train, 1, MAX_PER_CLASS));
    if (o->test == FV_OFF)
        o->test = 0;
    STATUS_TRY(check_range("test", o->test, 0, MAX_PER_CLASS));
    return check_range("size", o->size, MIN_SIZE, MAX_SIZE);
}

/* The user's own files are never mixed with ours, let alone replaced. */
static fv_status check_folder(const char *path)
{
    if (!file_exists(path))
        return FV_OK;
    if (!file_is_folder(path))
        return status_set(FV_ERROR_IO, "%s: is a file; name a folder that is absent or empty", path);
    file_list list;
    STATUS_TRY(file_list_folder(&list, path));
    size_t count = list.count;
    file_list_release(&list);
    if (count > 0)
        return status_set(FV_ERROR_IO, "%s: is not empty; name a folder that is absent or empty", path);
    return FV_OK;
}

/* Not file_write: thousands of syncs would take minutes, and the folder is ours and new. */
static fv_status write_new_file(const char *path, const void *data, size_t size)
{
    FILE *f = fopen(path, "wbxe");
    if (!f)
        return status_set(FV_ERROR_IO, "%s: cannot be written: %s", path, strerror(errno));
    size_t written = fwrite(data, 1, size, f);
    int error = written == size ? 0 : errno;
    if (fclose(f) != 0 && error == 0)
        error = errno;
    return error ? status_set(FV_ERROR_IO, "%s: cannot be written: %s", path, strerror(error)) : FV_OK;
}

/* Every third picture is a JPEG. */
static fv_status write_picture(const image *im, const char *folder, int digit, int64_t number)
{
    bool jpeg = number % 3 == 2;
    uint8_t *bytes = NULL;
    size_t size = 0;
    text path = {0};
    text_add(&path, "%s/%d/%05lld.%s", folder, digit, (long long)number, jpeg ? "jpg" : "png");
    fv_status status = text_status(&path);
    if (status == FV_OK)
        status =
            jpeg ? image_encode_jpeg(im, JPEG_QUALITY, &bytes, &size) : image_encode_png(im, &bytes, &size);
    if (status == FV_OK)
        status = write_new_file(text_string(&path), bytes, size);
    free(bytes);
    text_release(&path);
    return status;
}

static fv_status make_class_folders(const char *folder)
{
    for (int digit = 0; digit < DEMO_DIGITS; digit++) {
        char *path = file_join(folder, (const char[]){(char)('0' + digit), 0});
        fv_status status = path ? file_make_folders(path) : status_last();
        free(path);
        STATUS_TRY(status);
    }
    return FV_OK;
}

typedef struct work {
    const fv_demo_options *options;
    demo_painter painter;
    image picture;
    int64_t done, total;
} work;

static fv_status write_part(work *w, const char *name, uint32_t part, int64_t per_class)
{
    const fv_demo_options *o = w->options;
    if (per_class == 0)
        return FV_OK;
    char *folder = file_join(o->path, name);
    fv_status status = folder ? make_class_folders(folder) : status_last();
    for (int64_t i = 0; status == FV_OK && i < per_class * DEMO_DIGITS; i++) {
        /* Digits take turns, so that a data set of more pictures begins with the same ones. */
        rng r = rng_at(o->seed, part, (uint64_t)i);
        int digit = (int)(i % DEMO_DIGITS);
        status = demo_paint(&w->painter, digit, &r, &w->picture);
        if (status == FV_OK)
            status = write_picture(&w->picture, folder, digit, i / DEMO_DIGITS);
        w->done += status == FV_OK;
        if (status == FV_OK && o->on_progress && o->on_progress(w->done, w->total, o->user))
            status = status_set(FV_INTERRUPTED, "%s: stopped after %lld of %lld pictures", o->path,
                                (long long)w->done, (long long)w->total);
    }
    free(folder);
    return status;
}

fv_status fv_demo_write_with(const fv_demo_options *options)
{
    fv_demo_options o;
    STATUS_TRY(resolve(options, &o));
    STATUS_TRY(check_folder(o.path));
    work w = {.options = &o, .total = (o.train + o.test) * DEMO_DIGITS};
    STATUS_TRY(demo_painter_init(&w.painter, o.size));
    fv_status status = write_part(&w, "train", FV_TRAIN, o.train);
    if (status == FV_OK)
        status = write_part(&w, "test", FV_TEST, o.test);
    image_release(&w.picture);
    demo_painter_release(&w.painter);
    return status;
}
