/* SPDX-License-Identifier: Apache-2.0 */
#include "data/shard_index.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "core/memory.h"
#include "data/shard_labels.h"

static const size_t max_index_bytes = (size_t)1 << 30;
static const char magic[] = "v1.2 ";

/* "a/b.tar" gives "a/b.idx"; the caller frees it. NULL without an error: another kind of name, such as b.tar.gz. */
static char *index_path(const char *shard)
{
    size_t length = strlen(shard);
    if (length < 5 || strcmp(shard + length - 4, ".tar") != 0)
        return NULL;
    char *path = mem_string(shard);
    if (path)
        memcpy(path + length - 4, ".idx", 4);
    return path;
}

/* ---- writing ---- */

static void add_file(text *t, const shard_file *f, char end)
{
    text_add(t, "%s %llu %llu %s%c", f->ending, (unsigned long long)f->place, (unsigned long long)f->size,
             f->name, end);
}

void shard_index_add(shard_index_writer *w, const shard_file *classes, const shard_file *picture,
                     const int32_t *labels, int64_t label_count)
{
    add_file(&w->samples, classes, ' ');
    add_file(&w->samples, picture, '\n');
    for (int64_t i = 0; i < label_count; i++)
        text_add(&w->labels, i ? " %d" : "%d", labels[i]);
    text_add_bytes(&w->labels, "\n", 1);
    w->count++;
}

static void print_tag(const void *data, size_t size, char tag[USTAR_TAG + 1])
{
    snprintf(tag, USTAR_TAG + 1, "%08lx", crc32_z(0, data, size) & 0xffffffff);
}

fv_status shard_index_write(shard_index_writer *w, const char *shard, uint64_t bytes, char tag[USTAR_TAG + 1])
{
    char *path = index_path(shard);
    text head = {0};
    file_writer file;
    text_add_bytes(&w->samples, w->labels.data, w->labels.length);
    fv_status status = path ? text_status(&w->labels) : status_last();
    if (status == FV_OK)
        status = text_status(&w->samples);
    if (status == FV_OK) {
        print_tag(w->samples.data, w->samples.length, tag);
        text_add(&head, "%s%lld fovea %llu %s\n", magic, (long long)w->count, (unsigned long long)bytes, tag);
        status = text_status(&head);
    }
    if (status == FV_OK)
        status = file_writer_open(&file, path);
    if (status == FV_OK) {
        file_writer_add(&file, head.data, head.length);
        file_writer_add(&file, w->samples.data, w->samples.length);
        status = file_writer_commit(&file);
    }
    text_release(&head);
    text_release(&w->samples);
    text_release(&w->labels);
    *w = (shard_index_writer){0};
    free(path);
    return status;
}

/* ---- reading ---- */

typedef struct reader {
    const char *shard;
    uint64_t bytes; /* of the shard */
    char *at;       /* in the index, whose bytes end with a zero */
    char tag[USTAR_TAG + 1];
    uint64_t place; /* the next header's at least */
} reader;

static fv_status unfit(const reader *r, const char *why)
{
    return status_set(FV_ERROR_FORMAT, "%s: its index %s", r->shard, why);
}

/* A word up to `end`, which becomes a zero byte; NULL when the line has none. */
static char *take_word(reader *r, char end)
{
    char *word = r->at;
    size_t length = strcspn(word, " \n");
    if (word[length] != end || length == 0)
        return NULL;
    r->at += length + 1;
    word[length] = 0;
    return word;
}

/* Digits up to `end`: at most 18, so that sums of two do not overflow. */
static bool take_number(reader *r, char end, uint64_t *value)
{
    size_t length = strspn(r->at, "0123456789");
    if (length == 0 || length > 18 || r->at[length] != end)
        return false;
    for (*value = 0; length > 0; length--)
        *value = *value * 10 + (uint64_t)(*r->at++ - '0');
    r->at++;
    return true;
}

/* Files follow each other and lie within the shard. */
static bool take_file(reader *r, char end, shard_file *f)
{
    f->ending = take_word(r, ' ');
    if (!f->ending || !take_number(r, ' ', &f->place) || !take_number(r, ' ', &f->size) ||
        !(f->name = take_word(r, end)))
        return false;
    if (f->place % USTAR_BLOCK != 0 || f->place < r->place + USTAR_BLOCK || f->size > r->bytes ||
        f->place > r->bytes - f->size || strlen(f->name) > USTAR_NAME)
        return false;
    r->place = f->place + f->size + ustar_padding(f->size);
    return true;
}

/* The shard begins with this file, and its tag is the index's. */
static fv_status check_tag(const reader *r, const shard_file *first)
{
    uint8_t wanted[USTAR_BLOCK], found[USTAR_BLOCK];
    int file;
    STATUS_TRY(file_open(r->shard, &file));
    ssize_t got = pread(file, found, USTAR_BLOCK, 0);
    close(file);
    ustar_header(wanted, first->name, first->size, r->tag);
    return got == USTAR_BLOCK && memcmp(wanted, found, USTAR_BLOCK) == 0 ? FV_OK
                                                                         : unfit(r, "is of another shard");
}

static fv_status read_samples(reader *r, shard_index *x, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        shard_file classes, picture;
        if (!take_file(r, ' ', &classes) || !take_file(r, '\n', &picture))
            return unfit(r, "has a sample that cannot be");
        if (i == 0) {
            STATUS_TRY(check_tag(r, &classes));
            x->multi_label = strcmp(classes.ending, "json") == 0;
        }
        size_t before = x->archive->count;
        STATUS_TRY(container_add(x->archive, picture.name, picture.size, picture.place));
        if (x->archive->count == before)
            return unfit(r, "has a name that cannot be");
    }
    return FV_OK;
}

static fv_status read_labels(reader *r, shard_index *x, uint64_t count, int32_t class_limit)
{
    if (!(x->label_first = mem_array((size_t)count + 1, sizeof *x->label_first)))
        return status_last();
    for (uint64_t i = 0; i < count; i++) {
        uint64_t label;
        size_t first = x->label_count;
        if (x->multi_label && *r->at == '\n')
            r->at++;
        else
            for (bool last = false; !last;) {
                last = r->at[strspn(r->at, "0123456789")] == '\n';
                if (!take_number(r, last ? '\n' : ' ', &label) || label >= (uint64_t)class_limit ||
                    (!last && !x->multi_label) || x->label_count - first >= SHARD_MAX_LABELS ||
                    x->label_count >= UINT32_MAX)
                    return unfit(r, "has a class that cannot be");
                STATUS_TRY(MEM_GROW(x->labels, x->label_count, x->label_capacity));
                x->labels[x->label_count++] = (int32_t)label;
            }
        x->label_first[i + 1] = (uint32_t)x->label_count;
    }
    return *r->at ? unfit(r, "goes on behind its end") : FV_OK;
}

/* The first line. `*ours` false: an index of another program. */
static fv_status read_head(reader *r, const file_bytes *index, uint64_t *count, bool *ours)
{
    uint64_t bytes;
    *ours = strncmp(r->at, magic, sizeof magic - 1) == 0;
    r->at += *ours ? sizeof magic - 1 : 0;
    *ours = *ours && take_number(r, ' ', count) && strncmp(r->at, "fovea ", 6) == 0;
    if (!*ours)
        return FV_OK;
    r->at += 6;
    if (!take_number(r, ' ', &bytes))
        return unfit(r, "is damaged");
    if (bytes != r->bytes)
        return unfit(r, "is of a shard of another length");
    const char *tag = take_word(r, '\n');
    size_t left = index->size - (size_t)(r->at - (char *)index->data);
    print_tag(r->at, left, r->tag);
    if (!tag || strcmp(tag, r->tag) != 0 || strlen(r->at) != left)
        return unfit(r, "is damaged");
    /* Each sample takes two headers and two lines. */
    return *count > 0 && *count <= r->bytes / (2 * USTAR_BLOCK) && *count <= left / 2
               ? FV_OK
               : unfit(r, "has a number of samples that cannot be");
}

static fv_status read_index(shard_index *x, const char *shard, file_bytes *index, uint64_t bytes,
                            bool keep_open, int32_t class_limit)
{
    reader r = {.shard = shard, .bytes = bytes, .at = (char *)index->data};
    uint64_t count;
    bool ours;
    STATUS_TRY(read_head(&r, index, &count, &ours));
    if (!ours)
        return FV_OK;
    STATUS_TRY(tar_open_container(shard, keep_open, false, &x->archive));
    STATUS_TRY(read_samples(&r, x, count));
    return read_labels(&r, x, count, class_limit);
}

fv_status shard_index_read(shard_index *x, const char *shard, bool keep_open, int32_t class_limit)
{
    *x = (shard_index){0};
    struct stat info;
    char *path = index_path(shard);
    if (!path || !file_exists(path) || stat(shard, &info) != 0) {
        free(path);
        return FV_OK; /* what is wrong with the shard is said by who scans it */
    }
    file_bytes index = {0};
    fv_status status = file_read_into(path, max_index_bytes, &index);
    if (status == FV_OK)
        status = read_index(x, shard, &index, (uint64_t)info.st_size, keep_open, class_limit);
    file_bytes_release(&index);
    free(path);
    return status;
}

void shard_index_release(shard_index *x)
{
    container_release(x->archive);
    free(x->label_first);
    free(x->labels);
    *x = (shard_index){0};
}
