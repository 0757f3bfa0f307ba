/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CIFAR's binary versions (Krizhevsky, "Learning multiple layers of features from tiny images", 2009):
 * records of one label byte (CIFAR-100: coarse, then fine) and 3072 bytes of a 32 x 32 picture as planes R,
 * G, B.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/memory.h"
#include "data/source.h"

enum {
    SIDE = 32,
    PLANE = SIDE * SIDE,
    PIXELS = 3 * PLANE,
    MAX_FILES = 5
};
static const size_t max_file_bytes = (size_t)4 << 30;

typedef struct layout {
    const char *folder;                      /* as the archive names it */
    const char *train[MAX_FILES + 1], *test; /* NULL-ended */
    const char *names_file;
    int label_bytes; /* the last one is the class */
    int classes;
    const char *const *names; /* used when names_file is missing; NULL: numbers */
} layout;

static const char *const ten_names[] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                        "dog",      "frog",       "horse", "ship", "truck"};
static const layout layouts[] = {
    {"cifar-10-batches-bin",
     {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
     "test_batch.bin",
     "batches.meta.txt",
     1,
     10,
     ten_names},
    {"cifar-100-binary", {"train.bin"}, "test.bin", "fine_label_names.txt", 2, 100, NULL},
};

static const layout *find_layout(const data_place *place)
{
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
        if (place_has(place, layouts[i].train[0]) || place_has(place, layouts[i].test))
            return &layouts[i];
    return NULL;
}

static bool detect(const data_place *place)
{
    return find_layout(place) != NULL;
}

/* A line a class; further lines must be empty. */
static fv_status read_names(const data_place *place, const layout *kind, name_list *out)
{
    file_bytes file = {0};
    fv_status status = place_read(place, kind->names_file, 1 << 20, &file);
    for (char *line = (char *)file.data, *next; status == FV_OK && line; line = next) {
        next = strchr(line, '\n');
        size_t length = next ? (size_t)(next++ - line) : strlen(line);
        while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == ' '))
            length--;
        if (length > 0)
            status = names_add(out, "%.*s", (int)length, line);
    }
    file_bytes_release(&file);
    if (status == FV_OK && out->count != (size_t)kind->classes)
        status = status_set(FV_ERROR_FORMAT, "%s/%s: %zu class names instead of %d", place->path,
                            kind->names_file, out->count, kind->classes);
    return status;
}

static fv_status class_names(const data_place *place, const layout *kind, name_list *out)
{
    if (place_has(place, kind->names_file))
        return read_names(place, kind, out);
    fv_status status = FV_OK;
    for (int i = 0; status == FV_OK && i < kind->classes; i++)
        status = kind->names ? names_add(out, "%s", kind->names[i]) : names_add(out, "%d", i);
    return status;
}

/* Planes to interleaved pixels, once, so that a sample is one copy later. */
static void interleave(const uint8_t *restrict planes, uint8_t *restrict pixels)
{
    for (int i = 0; i < PLANE; i++) {
        pixels[3 * i] = planes[i];
        pixels[3 * i + 1] = planes[PLANE + i];
        pixels[3 * i + 2] = planes[2 * PLANE + i];
    }
}

static fv_status add_records(picture_source *p, const layout *kind, const char *path, const uint8_t *data,
                             size_t size)
{
    source *s = &p->base;
    size_t record = (size_t)kind->label_bytes + PIXELS;
    int64_t count = (int64_t)(size / record), first = s->count;
    if (size == 0 || size % record != 0)
        return status_set(FV_ERROR_FORMAT,
                          "%s: truncated: record %lld is not whole (records have %zu bytes, the file %zu)",
                          path, (long long)count, record, size);
    STATUS_TRY(pictures_add_file(p, path, first));
    uint8_t *pixels = mem_resize(p->pixels, (size_t)(first + count), PIXELS);
    if (!pixels)
        return status_last();
    p->pixels = pixels;
    int32_t *labels = mem_resize(s->labels, (size_t)(first + count), sizeof *labels);
    if (!labels)
        return status_last();
    s->labels = labels;
    for (int64_t i = 0; i < count; i++, data += record) {
        int label = data[kind->label_bytes - 1];
        if (label >= kind->classes)
            return status_set(FV_ERROR_FORMAT,
                              "%s: record %lld: label %d is out of range: there are %d classes", path,
                              (long long)i, label, kind->classes);
        labels[first + i] = label;
        interleave(data + kind->label_bytes, pixels + (first + i) * PIXELS);
    }
    s->count += count;
    return FV_OK;
}

static fv_status add_file(picture_source *p, const layout *kind, const data_place *place, const char *name)
{
    char *path = file_join(place->path, name);
    if (!path)
        return status_last();
    file_bytes file = {0};
    fv_status status = place_read(place, name, max_file_bytes, &file);
    if (status == FV_OK)
        status = add_records(p, kind, path, file.data, file.size);
    file_bytes_release(&file);
    free(path);
    return status;
}

/* One part out of those of `files` that are there; a missing one is a problem, none at all is no part. */
static fv_status add_part(const data_place *place, const layout *kind, fv_part part, const char *const *files,
                          listing *l)
{
    picture_source *p = pictures_create();
    if (!p)
        return status_last();
    p->base.part = part;
    p->base.height = p->base.width = SIDE;
    p->base.channels = 3;
    fv_status status = class_names(place, kind, &p->base.classes);
    for (int i = 0; status == FV_OK && files[i]; i++)
        status = place_has(place, files[i])
                     ? add_file(p, kind, place, files[i])
                     : names_add(&l->problems, "%s/%s: is missing; its pictures are left out", place->path,
                                 files[i]);
    if (status == FV_OK && p->base.count > 0)
        return listing_add(l, &p->base);
    p->base.destroy(&p->base);
    return status;
}

static fv_status list(const data_place *place, listing *l)
{
    const layout *kind = find_layout(place);
    STATUS_TRY(add_part(place, kind, FV_TRAIN, kind->train, l));
    return add_part(place, kind, FV_TEST, (const char *const[]){kind->test, NULL}, l);
}

const source_kind cifar_kind = {"CIFAR's folders of binaries", detect, list};
