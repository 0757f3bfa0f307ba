/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoded pictures in a file:
 *
 *     4096 bytes     "fovea pictures 1\n", the fingerprint, the number of samples; zeros
 *     48 a sample    entry: where the pixels are, how many, their checksum; zeros while there are none
 *     pixels         one picture behind the other
 *
 * It is made whole (temporary, then renamed) and then only grows; an entry is written after its pixels. One process adds, the one that
 * holds the lock; others read what was there when they opened it. The file is not trusted: every entry is held against the
 * file's size, and every picture against its checksum when it is read for the first time.
 */
#include "data/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <zlib.h>

#include "core/file.h"
#include "core/memory.h"

enum {
    HEADER_BYTES = 4096,
    MAX_SIDE = 1 << 20
};
static const char magic[] = "fovea pictures 1\n";

typedef struct entry {
    uint64_t offset; /* in the file; 0: none */
    cache_shape shape;
    uint32_t pixel_sum, entry_sum; /* CRC-32 of the pixels, and of all before this field */
    uint32_t unused[3];
} entry;
_Static_assert(sizeof(entry) == 48, "the file's layout");

/* Of a sample. From UNCHECKED a reader comes to READY or to NONE, from NONE the one who writes it over WRITING to READY. */
enum {
    NONE,
    UNCHECKED,
    WRITING,
    READY
};

struct cache_file {
    int file;
    char *path;
    bool writable;
    int64_t count;
    entry *entries;       /* (count) */
    atomic_uchar *states; /* (count) */
    uint64_t end;         /* where the next picture goes */
    pthread_mutex_t lock; /* of `end` */
    size_t bytes_found;   /* by opening it */
    int64_t pictures_found;
    atomic_llong damaged;
};

static size_t entry_bytes(const entry *e)
{
    return (size_t)e->shape.height * e->shape.width * e->shape.channels;
}

static uint32_t checksum(const void *bytes, size_t size)
{
    return (uint32_t)crc32_z(0, bytes, size);
}

static bool read_at(int file, void *to, size_t size, uint64_t offset)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(file, (char *)to + done, size - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

/* 0, or errno. */
static int write_at(int file, const void *from, size_t size, uint64_t offset)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = pwrite(file, (const char *)from + done, size - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : EIO;
        done += (size_t)n;
    }
    return 0;
}

/* ---- opening ---- */

static void make_header(const cache_options *o, char header[HEADER_BYTES])
{
    memset(header, 0, HEADER_BYTES);
    snprintf(header, HEADER_BYTES, "%s%s\n%lld\n", magic, o->fingerprint, (long long)o->count);
}

static uint64_t first_pixel(int64_t count)
{
    return HEADER_BYTES + (uint64_t)count * sizeof(entry);
}

/* Whether entry `e` can be one of a file of `size` bytes. */
static bool entry_fits(const entry *e, uint64_t first, uint64_t size)
{
    const cache_shape *s = &e->shape;
    if (e->entry_sum != checksum(e, offsetof(entry, entry_sum)))
        return false;
    if (s->height < 1 || s->width < 1 || s->height > MAX_SIDE || s->width > MAX_SIDE || s->full_height < 1 ||
        s->full_width < 1 || s->full_height > MAX_SIDE || s->full_width > MAX_SIDE ||
        (s->channels != 1 && s->channels != 3))
        return false;
    return e->offset >= first && e->offset <= size && entry_bytes(e) <= size - e->offset;
}

/* Reads the header and all entries; false: this is not our file, or it is damaged. */
static bool read_entries(cache_file *f, const cache_options *o)
{
    struct stat s;
    char header[HEADER_BYTES], expected[HEADER_BYTES];
    make_header(o, expected);
    uint64_t first = first_pixel(f->count);
    if (fstat(f->file, &s) != 0 || !S_ISREG(s.st_mode) || (uint64_t)s.st_size < first ||
        !read_at(f->file, header, HEADER_BYTES, 0) || memcmp(header, expected, HEADER_BYTES) != 0 ||
        !read_at(f->file, f->entries, (size_t)f->count * sizeof(entry), HEADER_BYTES))
        return false;
    f->end = (uint64_t)s.st_size;
    for (int64_t i = 0; i < f->count; i++) {
        const entry *e = &f->entries[i];
        if (e->offset == 0)
            continue;
        if (!entry_fits(e, first, (uint64_t)s.st_size)) {
            atomic_fetch_add(&f->damaged, 1);
            continue;
        }
        f->states[i] = UNCHECKED;
        f->bytes_found += entry_bytes(e);
        f->pictures_found++;
    }
    return true;
}

/* An empty file, under its name only when it is complete. */
static fv_status make_file(const char *path, const cache_options *o)
{
    char header[HEADER_BYTES];
    make_header(o, header);
    char *temporary = mem_array(strlen(path) + 16, 1);
    if (!temporary)
        return status_last();
    sprintf(temporary, "%s.XXXXXX", path);
    int file = mkstemp(temporary);
    int code = file < 0 ? errno : write_at(file, header, HEADER_BYTES, 0);
    if (code == 0 && ftruncate(file, (off_t)first_pixel(o->count)) != 0)
        code = errno;
    if (code == 0 && rename(temporary, path) != 0)
        code = errno;
    if (code != 0 && file >= 0)
        unlink(temporary);
    if (file >= 0)
        close(file);
    free(temporary);
    return code == 0 ? FV_OK
                     : status_set(FV_ERROR_IO,
                                  "%s: the cache cannot be made there: %s; disk:FOLDER names another folder",
                                  path, strerror(code));
}

/* false: there is none, or it cannot be used. */
static bool open_existing(cache_file *f, const cache_options *o)
{
    f->file = open(f->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (f->file < 0)
        return false;
    f->writable = flock(f->file, LOCK_EX | LOCK_NB) == 0;
    return read_entries(f, o);
}

static fv_status open_or_make(cache_file *f, const cache_options *o, text *problem)
{
    if (open_existing(f, o))
        return FV_OK;
    if (f->file >= 0) {
        text_add(problem, "%s is no cache of these pictures, or is damaged: it is made anew", f->path);
        close(f->file);
    }
    STATUS_TRY(make_file(f->path, o));
    return open_existing(f, o)
               ? FV_OK
               : status_set(FV_ERROR_IO, "%s: the cache cannot be opened: %s", f->path, strerror(errno));
}

fv_status cache_file_open(const char *folder, const cache_options *o, text *problem, cache_file **out)
{
    char name[64];
    cache_file *f = mem_array(1, sizeof *f);
    *out = NULL;
    if (!f)
        return status_last();
    f->file = -1;
    f->count = o->count;
    pthread_mutex_init(&f->lock, NULL);
    snprintf(name, sizeof name, "%.16s.pictures", o->fingerprint);
    f->path = file_join(folder, name);
    f->entries = mem_array((size_t)o->count, sizeof *f->entries);
    f->states = mem_array((size_t)o->count, sizeof *f->states);
    fv_status status = f->path && f->entries && f->states ? open_or_make(f, o, problem) : status_last();
    if (status == FV_OK)
        *out = f;
    else
        cache_file_close(f);
    return status;
}

void cache_file_close(cache_file *f)
{
    if (!f)
        return;
    if (f->file >= 0)
        close(f->file); /* and the lock is gone */
    pthread_mutex_destroy(&f->lock);
    free(f->path);
    free(f->entries);
    free(f->states);
    free(f);
}

/* ---- pictures ---- */

/* Holds the pixels against their checksum, once. */
static bool check_pixels(cache_file *f, int64_t sample, size_t *lost)
{
    const entry *e = &f->entries[sample];
    size_t bytes = entry_bytes(e);
    uint8_t *pixels = malloc(bytes);
    if (!pixels)
        return false;
    bool right = read_at(f->file, pixels, bytes, e->offset) && checksum(pixels, bytes) == e->pixel_sum;
    free(pixels);
    unsigned char before = UNCHECKED;
    if (atomic_compare_exchange_strong(&f->states[sample], &before, right ? READY : NONE) && !right) {
        atomic_fetch_add(&f->damaged, 1);
        *lost = bytes;
    }
    return right;
}

bool cache_file_find(cache_file *f, int64_t sample, cache_shape *shape, size_t *lost)
{
    *lost = 0;
    unsigned char state = atomic_load(&f->states[sample]);
    if (state != READY && (state != UNCHECKED || !check_pixels(f, sample, lost)))
        return false;
    *shape = f->entries[sample].shape;
    return true;
}

/* Whole rows are read at once; what is left and right of the part is cut off in memory. */
bool cache_file_part(cache_file *f, int64_t sample, const image_region *part, image *out)
{
    const entry *e = &f->entries[sample];
    int64_t stride = (int64_t)e->shape.width * e->shape.channels;
    if (image_reshape(out, part->height, e->shape.width, e->shape.channels) != FV_OK ||
        !read_at(f->file, out->data, (size_t)(part->height * stride),
                 e->offset + (uint64_t)(part->top * stride)))
        return false;
    image_cut(out, &(image_region){.left = part->left, .height = part->height, .width = part->width});
    return true;
}

int cache_file_put(cache_file *f, int64_t sample, const cache_shape *shape, const uint8_t *pixels)
{
    unsigned char before = NONE;
    if (!atomic_compare_exchange_strong(&f->states[sample], &before, WRITING))
        return EEXIST;
    entry *e = &f->entries[sample];
    *e = (entry){.shape = *shape};
    size_t bytes = entry_bytes(e);
    e->pixel_sum = checksum(pixels, bytes);
    pthread_mutex_lock(&f->lock);
    e->offset = f->end;
    f->end += bytes;
    pthread_mutex_unlock(&f->lock);
    e->entry_sum = checksum(e, offsetof(entry, entry_sum));
    int code = write_at(f->file, pixels, bytes, e->offset);
    if (code == 0)
        code = write_at(f->file, e, sizeof *e, HEADER_BYTES + (uint64_t)sample * sizeof *e);
    atomic_store(&f->states[sample], code == 0 ? READY : NONE);
    return code;
}

/* ---- telling ---- */

const char *cache_file_path(const cache_file *f)
{
    return f->path;
}

bool cache_file_writable(const cache_file *f)
{
    return f->writable;
}

size_t cache_file_free(const char *folder)
{
    struct statvfs s;
    return statvfs(folder, &s) == 0 ? (size_t)s.f_bavail * s.f_frsize : 0;
}

void cache_file_found(const cache_file *f, size_t *bytes, int64_t *count)
{
    *bytes = f->bytes_found;
    *count = f->pictures_found;
}

int64_t cache_file_damaged(const cache_file *f)
{
    return atomic_load(&f->damaged);
}
