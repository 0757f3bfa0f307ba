/* SPDX-License-Identifier: Apache-2.0 */
#include "data/cache.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/memory.h"

static const char pictures[] = "pictures"; /* the folder of their files */

/* In memory a picture is one block, which is complete before its place points to it. */
typedef struct kept_picture {
    cache_shape shape;
    uint8_t pixels[];
} kept_picture;

struct picture_cache {
    cache_file *file;                  /* NULL: in memory */
    _Atomic(kept_picture *) *pictures; /* (count) */
    int64_t count;
    size_t limit;
    atomic_size_t bytes;
    atomic_llong kept;
    atomic_bool full; /* nothing is added any more */
    int64_t damaged_told;
    pthread_mutex_t lock; /* of `problems` */
    text problems;
};

static size_t shape_bytes(const cache_shape *s)
{
    return (size_t)s->height * s->width * s->channels;
}

/* ---- what is free ---- */

static size_t read_number(const char *path, const char *key)
{
    char line[256];
    unsigned long long number = 0;
    FILE *f = fopen(path, "r");
    if (!f)
        return 0;
    while (fgets(line, sizeof line, f))
        if (strncmp(line, key, strlen(key)) == 0 && sscanf(line + strlen(key), "%llu", &number) == 1)
            break;
    fclose(f);
    return (size_t)number;
}

/* What the system can give, or what is left of the control group's allowance. */
static size_t memory_free(void)
{
    size_t available = read_number("/proc/meminfo", "MemAvailable:") << 10;
    size_t allowed = read_number("/sys/fs/cgroup/memory.max", ""), /* "max": 0 */
        used = read_number("/sys/fs/cgroup/memory.current", "");
    if (allowed > 0 && (allowed <= used || allowed - used < available))
        available = allowed > used ? allowed - used : 0;
    return available;
}

/* ---- making and ending ---- */

bool cache_is_on_disk(const char *where)
{
    return where && (strcmp(where, "disk") == 0 || (strncmp(where, "disk:", 5) == 0 && where[5]));
}

fv_status cache_check(const char *where)
{
    if (!where || strcmp(where, "none") == 0 || strcmp(where, "ram") == 0 || cache_is_on_disk(where))
        return FV_OK;
    return status_set(FV_ERROR_INVALID, "cache: '%s' is none of none, ram, disk and disk:FOLDER", where);
}

fv_status cache_folder(const char *where, const char *kind, char **folder)
{
    bool named = where && strncmp(where, "disk:", 5) == 0;
    char *all = named ? mem_string(where + 5) : file_cache_folder();
    *folder = all && !named ? file_join(all, kind) : all;
    if (*folder != all)
        free(all);
    fv_status status = *folder ? file_make_folders(*folder) : status_last();
    if (status != FV_OK) {
        free(*folder);
        *folder = NULL;
    }
    return status;
}

fv_status cache_half_of_free(const char *where, size_t *bytes)
{
    *bytes = 0;
    STATUS_TRY(cache_check(where));
    if (where && strcmp(where, "ram") == 0)
        *bytes = memory_free() / 2;
    if (!cache_is_on_disk(where))
        return FV_OK;
    char *folder;
    STATUS_TRY(cache_folder(where, pictures, &folder));
    *bytes = cache_file_free(folder) / 2;
    free(folder);
    return FV_OK;
}

static fv_status open_file(picture_cache *c, const cache_options *o)
{
    char *folder;
    STATUS_TRY(cache_folder(o->where, pictures, &folder));
    fv_status status = cache_file_open(folder, o, &c->problems, &c->file);
    if (status == FV_OK) {
        size_t bytes;
        int64_t count;
        cache_file_found(c->file, &bytes, &count);
        c->bytes = bytes;
        c->kept = count;
        c->limit = o->limit ? o->limit : bytes + cache_file_free(folder) / 2;
        c->full = !cache_file_writable(c->file);
    }
    free(folder);
    return status;
}

fv_status cache_create(const cache_options *o, picture_cache **out)
{
    *out = NULL;
    STATUS_TRY(cache_check(o->where));
    if (!o->where || strcmp(o->where, "none") == 0)
        return FV_OK;
    picture_cache *c = mem_array(1, sizeof *c);
    if (!c)
        return status_last();
    pthread_mutex_init(&c->lock, NULL);
    c->count = o->count;
    fv_status status = FV_OK;
    if (cache_is_on_disk(o->where))
        status = open_file(c, o);
    else if (!(c->pictures = mem_array((size_t)o->count, sizeof *c->pictures)))
        status = status_last();
    else
        c->limit = o->limit ? o->limit : memory_free() / 2;
    if (status == FV_OK)
        *out = c;
    else
        cache_destroy(c);
    return status;
}

void cache_destroy(picture_cache *c)
{
    if (!c)
        return;
    for (int64_t i = 0; c->pictures && i < c->count; i++)
        free(c->pictures[i]);
    free(c->pictures);
    cache_file_close(c->file);
    text_release(&c->problems);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* ---- pictures ---- */

bool cache_find(picture_cache *c, int64_t sample, cache_shape *shape)
{
    if (c->file) {
        size_t lost;
        bool found = cache_file_find(c->file, sample, shape, &lost);
        atomic_fetch_sub(&c->bytes, lost);
        atomic_fetch_sub(&c->kept, lost > 0);
        return found;
    }
    const kept_picture *k = atomic_load_explicit(&c->pictures[sample], memory_order_acquire);
    if (k)
        *shape = k->shape;
    return k != NULL;
}

bool cache_part(picture_cache *c, int64_t sample, const image_region *part, image *out)
{
    if (c->file)
        return cache_file_part(c->file, sample, part, out);
    kept_picture *k = atomic_load_explicit(&c->pictures[sample], memory_order_acquire);
    if (!k)
        return false;
    const image whole = {
        .height = k->shape.height, .width = k->shape.width, .channels = k->shape.channels, .data = k->pixels};
    return image_copy_part(&whole, part, out) == FV_OK;
}

/* Another thread may have been quicker; then its picture stays. 0 when kept. */
static int keep_in_memory(picture_cache *c, int64_t sample, const cache_shape *shape, const uint8_t *pixels)
{
    kept_picture *k = malloc(sizeof *k + shape_bytes(shape)), *none = NULL;
    if (!k)
        return ENOMEM;
    k->shape = *shape;
    memcpy(k->pixels, pixels, shape_bytes(shape));
    if (atomic_compare_exchange_strong(&c->pictures[sample], &none, k))
        return 0;
    free(k);
    return EEXIST;
}

static void add_problem(picture_cache *c, int code)
{
    pthread_mutex_lock(&c->lock);
    if (!atomic_exchange(&c->full, true))
        text_add(&c->problems, "the cache keeps no more pictures (%s): the others are decoded each time",
                 strerror(code));
    pthread_mutex_unlock(&c->lock);
}

void cache_put(picture_cache *c, int64_t sample, const cache_shape *shape, const uint8_t *pixels)
{
    size_t bytes = shape_bytes(shape);
    if (atomic_load(&c->full))
        return;
    if (atomic_fetch_add(&c->bytes, bytes) + bytes > c->limit) {
        atomic_fetch_sub(&c->bytes, bytes);
        return;
    }
    int code =
        c->file ? cache_file_put(c->file, sample, shape, pixels) : keep_in_memory(c, sample, shape, pixels);
    if (code == 0) {
        atomic_fetch_add(&c->kept, 1);
        return;
    }
    atomic_fetch_sub(&c->bytes, bytes);
    if (code != EEXIST)
        add_problem(c, code);
}

/* ---- telling ---- */

void cache_describe(const picture_cache *c, text *out)
{
    double gigabytes = (double)c->limit / 1e9;
    if (!c->file) {
        text_add(out, "decoded pictures are kept in memory, up to %.3g GB", gigabytes);
        return;
    }
    text_add(out, "decoded pictures are kept in %s, up to %.3g GB; %lld of %lld are there",
             cache_file_path(c->file), gigabytes, (long long)cache_count(c), (long long)c->count);
    if (!cache_file_writable(c->file))
        text_add(out, ", and no more are added while another process writes them");
}

bool cache_problem(picture_cache *c, text *out)
{
    int64_t damaged = c->file ? cache_file_damaged(c->file) : 0;
    pthread_mutex_lock(&c->lock);
    bool any = c->problems.length > 0;
    if (any)
        text_add(out, "%s", text_string(&c->problems));
    text_release(&c->problems);
    pthread_mutex_unlock(&c->lock);
    if (damaged > c->damaged_told)
        text_add(out, "%s%lld pictures in %s are damaged: decoded again", any ? "; " : "",
                 (long long)(damaged - c->damaged_told), cache_file_path(c->file));
    any |= damaged > c->damaged_told;
    c->damaged_told = damaged;
    return any;
}

size_t cache_bytes(const picture_cache *c)
{
    return atomic_load(&c->bytes);
}

int64_t cache_count(const picture_cache *c)
{
    return atomic_load(&c->kept);
}
