/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "data/pack.h"

static const uint8_t zeros[2 * USTAR_BLOCK];

fv_status pack_shard_open(pack_shard *s, const char *path)
{
    *s = (pack_shard){.path = mem_string(path)};
    fv_status status = s->path ? file_writer_open(&s->file, path) : status_last();
    s->open = status == FV_OK;
    if (!s->open)
        pack_shard_discard(s);
    return status;
}

uint64_t pack_sample_bytes(uint64_t class_size, uint64_t picture_size)
{
    return 2 * USTAR_BLOCK + class_size + ustar_padding(class_size) + picture_size +
           ustar_padding(picture_size);
}

static void add_file(pack_shard *s, const shard_file *f, const void *data)
{
    uint8_t header[USTAR_BLOCK];
    ustar_header(header, f->name, f->size, NULL);
    file_writer_add(&s->file, header, sizeof header);
    file_writer_add(&s->file, data, f->size);
    file_writer_add(&s->file, zeros, ustar_padding(f->size));
    s->bytes += USTAR_BLOCK + f->size + ustar_padding(f->size);
}

static void print_labels(text *out, const int32_t *labels, int64_t count, bool multi_label)
{
    text_add(out, multi_label ? "{\"labels\": [" : "");
    for (int64_t i = 0; i < count; i++)
        text_add(out, i ? ", %d" : "%d", labels[i]);
    text_add(out, multi_label ? "]}" : "");
}

fv_status pack_shard_add(pack_shard *s, const char *key, const packed_picture *picture, const int32_t *labels,
                         int64_t label_count, bool multi_label)
{
    char class_name[USTAR_NAME + 1], picture_name[USTAR_NAME + 1];
    text class = {0};
    print_labels(&class, labels, label_count, multi_label);
    shard_file c = {.ending = multi_label ? "json" : "cls",
                    .name = class_name,
                    .place = s->bytes + USTAR_BLOCK,
                    .size = class.length};
    shard_file p = {.ending = picture->ending,
                    .name = picture_name,
                    .place = c.place + c.size + ustar_padding(c.size) + USTAR_BLOCK,
                    .size = picture->file.size};
    snprintf(class_name, sizeof class_name, "%s.%s", key, c.ending);
    snprintf(picture_name, sizeof picture_name, "%s.%s", key, p.ending);
    fv_status status = text_status(&class);
    if (status == FV_OK) {
        if (s->bytes == 0) {
            memcpy(s->first, class_name, sizeof s->first);
            s->first_size = c.size;
        }
        add_file(s, &c, class.data);
        add_file(s, &p, picture->file.data);
        shard_index_add(&s->index, &c, &p, labels, label_count);
    }
    text_release(&class);
    /* A full disk is seen here, not after another million pictures. */
    return s->file.status == FV_OK ? status : status_set(s->file.status, "%s", s->file.message);
}

/* The index goes before its shard, whose first header says which index is its own. */
fv_status pack_shard_finish(pack_shard *s)
{
    char tag[USTAR_TAG + 1];
    uint8_t header[USTAR_BLOCK];
    file_writer_add(&s->file, zeros, sizeof zeros);
    s->bytes += sizeof zeros;
    fv_status status = shard_index_write(&s->index, s->path, s->bytes, tag);
    if (status == FV_OK && fseek(s->file.stream, 0, SEEK_SET) == 0) {
        ustar_header(header, s->first, s->first_size, tag);
        file_writer_add(&s->file, header, sizeof header);
    }
    if (status == FV_OK) {
        s->open = false;
        status = file_writer_commit(&s->file);
    }
    pack_shard_discard(s);
    return status;
}

void pack_shard_discard(pack_shard *s)
{
    if (s->open)
        file_writer_discard(&s->file);
    text_release(&s->index.samples);
    text_release(&s->index.labels);
    free(s->path);
    *s = (pack_shard){0};
}
