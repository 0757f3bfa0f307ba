/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fv_pack_write: a data set as shards of tar files (sources/shards.c) with an index each, in a shuffled order. Threads read,
 * check and encode the pictures; one writes them, in order, so that the bytes do not depend on how many there are.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/ordered.h"
#include "core/random.h"
#include "data/pack.h"
#include "data/store.h"

enum {
    MAX_THREADS = 1024,
    MAX_SIZE = 65500, /* a JPEG's side */
    STEM = 60,        /* bytes of a file's own name that are kept in a key */
    LABEL_TEXT = 16   /* bytes that a label takes at most, and what stands around all of them */
};
static const uint32_t order_stream = 0x5041434b; /* of the seed */
static const int64_t default_shard_bytes = 500000000, min_shard_bytes = 1000;

typedef struct pack {
    const fv_pack_options *o;
    fv_pack_result result;
    char *folder; /* what is written, until it is complete */
    int digits;   /* of the keys' numbers */
    int64_t done, total;
    pack_space *spaces;    /* by thread */
    packed_picture *slots; /* see core/ordered.h */
    /* the part in hand */
    const fv_dataset *part;
    const char *part_name;
    uint32_t *order;
    pack_shard shard;
    int64_t shard_number, in_shard;
} pack;

/* ---- options ---- */

static fv_status check_range(const char *name, int64_t value, int64_t low, int64_t high)
{
    return value >= low && value <= high
               ? FV_OK
               : status_set(FV_ERROR_INVALID, "pack: %s must be %lld to %lld, not %lld", name, (long long)low,
                            (long long)high, (long long)value);
}

static fv_status resolve(const fv_pack_options *given, fv_pack_options *o)
{
    *o = (fv_pack_options){0};
    if (!given || given->struct_size < sizeof given->struct_size)
        return status_set(FV_ERROR_INVALID,
                          "pack: options without struct_size: use fv_pack_write(data, ...)");
    memcpy(o, given, given->struct_size < sizeof *o ? given->struct_size : sizeof *o);
    if (!o->data || !o->path || !*o->path)
        return status_set(FV_ERROR_INVALID, "pack: a data set and a path, the folder to write, are needed");
    o->shard_bytes = o->shard_bytes ? o->shard_bytes : default_shard_bytes;
    o->shard_pictures = o->shard_pictures ? o->shard_pictures : INT64_MAX;
    o->quality = o->quality ? o->quality : 90;
    o->threads = o->threads ? o->threads : ordered_cores();
    STATUS_TRY(check_range("size", o->size, 0, MAX_SIZE));
    STATUS_TRY(check_range("quality", o->quality, 1, 100));
    STATUS_TRY(check_range("shard_bytes", o->shard_bytes, min_shard_bytes, INT64_MAX));
    STATUS_TRY(check_range("shard_pictures", o->shard_pictures, 1, INT64_MAX));
    return check_range("threads", o->threads, 1, MAX_THREADS);
}

/* ---- a picture ---- */

/* The number gives the order and makes the key unique; the file's own name tells where the picture came from. */
static void make_key(const pack *p, int64_t index, char key[USTAR_NAME])
{
    char file[4200];
    const char *base = file_base_name(fv_dataset_file(p->part, index, file, sizeof file));
    const char *dot = strrchr(base, '.');
    size_t length = dot && dot > base && fv_is_picture_name(base) ? (size_t)(dot - base) : strlen(base);
    if (length > STEM)
        for (length = STEM; length > 0 && (base[length] & 0xc0) == 0x80;)
            length--; /* not within a character */
    int at = snprintf(key, USTAR_NAME, "%0*lld-", p->digits, (long long)p->result.pictures);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)base[i];
        key[at++] = c >= 0x80 || isalnum(c) || c == '-' || c == '_' ? (char)c : '_';
    }
    key[at] = 0;
}

static fv_status next_shard(pack *p)
{
    text path = {0};
    text_add(&path, "%s/%s-%06lld.tar", p->folder, p->part_name, (long long)p->shard_number++);
    fv_status status = text_status(&path);
    if (status == FV_OK)
        status = pack_shard_open(&p->shard, text_string(&path));
    text_release(&path);
    p->in_shard = 0;
    return status;
}

static fv_status end_shard(pack *p)
{
    if (!p->shard.open)
        return FV_OK;
    p->result.bytes += (int64_t)p->shard.bytes + 2 * USTAR_BLOCK;
    p->result.shards++;
    return pack_shard_finish(&p->shard);
}

/* A pack does not hold groups, which only matters while training pictures may yet become validation. */
static bool loses_group(const pack *p, int64_t index)
{
    const store *s = p->o->data->store;
    return p->part == &s->parts[FV_TRAIN] && s->parts[FV_VALIDATION].count == 0 && s->groups &&
           s->groups[dataset_sample(p->part, index)] != 0;
}

static fv_status write_picture(pack *p, int64_t index, const packed_picture *picture)
{
    char key[USTAR_NAME];
    const int32_t *labels;
    int64_t count = dataset_labels(p->part, index, &labels);
    bool multi_label = dataset_is_multi_label(p->part);
    uint64_t bytes = pack_sample_bytes(LABEL_TEXT * (uint64_t)(count + 1), picture->file.size);
    if (p->shard.open && (p->in_shard >= p->o->shard_pictures ||
                          p->shard.bytes + bytes + 2 * USTAR_BLOCK > (uint64_t)p->o->shard_bytes))
        STATUS_TRY(end_shard(p));
    if (!p->shard.open)
        STATUS_TRY(next_shard(p));
    make_key(p, index, key);
    STATUS_TRY(pack_shard_add(&p->shard, key, picture, labels, count, multi_label));
    p->in_shard++;
    p->result.pictures++;
    p->result.encoded += picture->encoded;
    p->result.deep += picture->deep;
    p->result.grouped += loses_group(p, index);
    return FV_OK;
}

static fv_status prepare(void *user, int thread, int64_t item, int slot)
{
    pack *p = user;
    return pack_picture(p->part, p->order[item], p->o->size, p->o->quality, &p->spaces[thread],
                        &p->slots[slot]);
}

static fv_status take(void *user, int64_t item, int slot, fv_status status)
{
    pack *p = user;
    const fv_pack_options *o = p->o;
    if (status == FV_ERROR_MEMORY || (status != FV_OK && o->on_error == FV_FAIL))
        return status;
    if (status != FV_OK) {
        p->result.skipped++;
        if (o->on_skip)
            o->on_skip(fv_error_message(), o->user);
    } else {
        STATUS_TRY(write_picture(p, p->order[item], &p->slots[slot]));
    }
    p->done++;
    if (o->on_progress && o->on_progress(p->done, p->total, o->user))
        return status_set(FV_INTERRUPTED, "%s: stopped after %lld of %lld pictures; nothing was left there",
                          o->path, (long long)p->done, (long long)p->total);
    return FV_OK;
}

/* ---- the parts ---- */

static fv_status write_part(pack *p, fv_part part)
{
    static const char *const names[PART_COUNT] = {NULL, "train", "val", "test"};
    const fv_dataset *d = &p->o->data->store->parts[part];
    bool asked = p->o->data == &p->o->data->store->parts[FV_ALL] || p->o->data == d;
    if (!asked || d->count == 0)
        return FV_OK;
    p->part = d;
    p->part_name = names[part];
    p->shard_number = 0;
    if (!(p->order = mem_array((size_t)d->count, sizeof *p->order)))
        return status_last();
    for (int64_t i = 0; i < d->count; i++)
        p->order[i] = (uint32_t)i;
    rng r = rng_at(p->o->seed, order_stream, (uint64_t)part);
    rng_shuffle_u32(&r, p->order, d->count);
    fv_status status = ordered_run(&(ordered_work){
        .count = d->count, .threads = p->o->threads, .work = prepare, .take = take, .user = p});
    if (status == FV_OK)
        status = end_shard(p);
    pack_shard_discard(&p->shard);
    free(p->order);
    p->order = NULL;
    return status;
}

static fv_status write_classes(const pack *p)
{
    text lines = {0};
    const name_list *classes = &p->o->data->store->classes;
    fv_status status = FV_OK;
    for (size_t i = 0; status == FV_OK && i < classes->count; i++) {
        const char *name = classes->items[i];
        if (!*name || strpbrk(name, "\r\n"))
            status = status_set(FV_ERROR_UNSUPPORTED,
                                "pack: class %zu, '%s', has an empty name or a line break in it", i, name);
        text_add(&lines, "%s\n", name);
    }
    char *path = file_join(p->folder, "classes.txt");
    if (status == FV_OK)
        status = path ? text_status(&lines) : status_last();
    if (status == FV_OK)
        status = file_write(path, lines.data, lines.length);
    free(path);
    text_release(&lines);
    return status;
}

static fv_status write_all(pack *p)
{
    int slots = ordered_slots(p->o->threads);
    p->spaces = mem_array((size_t)p->o->threads, sizeof *p->spaces);
    p->slots = mem_array((size_t)slots, sizeof *p->slots);
    if (!p->spaces || !p->slots)
        return status_last();
    p->total = p->o->data->count;
    p->digits = snprintf(NULL, 0, "%lld", (long long)p->total);
    p->digits = p->digits < 6 ? 6 : p->digits;
    fv_status status = write_classes(p);
    for (fv_part part = FV_TRAIN; status == FV_OK && part <= FV_TEST; part++)
        status = write_part(p, part);
    if (status == FV_OK && p->result.pictures == 0)
        status = status_set(FV_ERROR_INVALID, "%s: none of %lld pictures can be read", p->o->path,
                            (long long)p->total);
    return status;
}

static void release(pack *p)
{
    for (int i = 0; p->spaces && i < p->o->threads; i++)
        pack_space_release(&p->spaces[i]);
    for (int i = 0; p->slots && i < ordered_slots(p->o->threads); i++)
        packed_release(&p->slots[i]);
    free(p->spaces);
    free(p->slots);
    free(p->folder);
}

fv_status fv_pack_write_with(const fv_pack_options *options)
{
    fv_pack_options o;
    STATUS_TRY(resolve(options, &o));
    pack p = {.o = &o};
    STATUS_TRY(file_folder_begin(o.path, &p.folder));
    fv_status status = write_all(&p);
    if (status == FV_OK)
        status = file_folder_commit(p.folder, o.path);
    else
        file_folder_discard(p.folder);
    if (o.result)
        *o.result = p.result;
    release(&p);
    return status;
}
