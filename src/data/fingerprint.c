/* SPDX-License-Identifier: Apache-2.0 */
/* What tells one data set from another without decoding it. */
#include <stdlib.h>
#include <sys/stat.h>

#include "core/hash.h"
#include "data/store.h"

enum {
    NAME_BYTES = 4096 + 64,
    SIZES_MOST = 20000 /* files that are asked for their size, which takes a while on a network's disk */
};

/* Bytes of the picture as it is stored; -1 where they cannot be told. */
static int64_t stored_bytes(const source *s, int64_t record, const char *name)
{
    struct stat info;
    if (s->size)
        return s->size(s, record);
    return s->in_files && stat(name, &info) == 0 ? (int64_t)info.st_size : -1;
}

/* Names are without their folders: data may be moved. */
static uint64_t add_file(uint64_t hash, const source *s, int64_t record, bool with_size)
{
    char name[NAME_BYTES];
    s->file(s, record, name, sizeof name);
    hash = hash_string(hash, file_base_name(name));
    return with_size ? hash_number(hash, (uint64_t)stored_bytes(s, record, name)) : hash;
}

static fv_status add_pixels(uint64_t *hash, const source *s, int64_t record, image *picture)
{
    STATUS_TRY(s->pixels(s, record, picture));
    *hash = hash_bytes(*hash, picture->data, (size_t)(s->height * s->width * s->channels));
    return FV_OK;
}

fv_status dataset_take_fingerprint(const fv_dataset *d, dataset_fingerprint *out)
{
    image picture = {0};
    fv_status status = FV_OK;
    uint64_t hash = HASH_START;
    int64_t step = (d->count + SIZES_MOST - 1) / SIZES_MOST;
    for (int64_t i = 0; status == FV_OK && i < d->count; i++) {
        int64_t record;
        const int32_t *labels;
        const source *s = dataset_locate(d, i, &record);
        int64_t count = dataset_labels(d, i, &labels);
        hash = hash_bytes(hash_number(hash, (uint64_t)count), labels, (size_t)count * sizeof *labels);
        if (s->pixels)
            status = add_pixels(&hash, s, record, &picture);
        else
            hash = add_file(hash, s, record, i % step == 0);
    }
    image_release(&picture);
    *out = (dataset_fingerprint){
        .pictures = d->count, .classes = fv_dataset_class_count(d), .names = HASH_START, .contents = hash};
    for (int64_t i = 0; i < out->classes; i++)
        out->names = hash_string(out->names, fv_dataset_class_name(d, i));
    return status;
}
