/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IDX, the format of MNIST and its relatives (LeCun et al., http://yann.lecun.com/exdb/mnist): big-endian
 * 32-bit magic 0x0000 08 RANK and RANK dimensions, then bytes. Pictures are NAME-images-idx3-ubyte, labels
 * NAME-labels-idx1-ubyte, either with .gz behind.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "core/file.h"
#include "core/memory.h"
#include "core/numbers.h"
#include "data/source.h"

enum {
    MAX_RANK = 3,
    MAX_SIDE = 16384,
    MAX_CLASSES = 256 /* labels are bytes */
};
static const uint64_t max_bytes = (uint64_t)16 << 30;
/* deflate cannot shrink data more than this: a header that announces more is wrong, whatever follows. */
static const uint64_t max_deflate_ratio = 1032;

typedef struct idx_block {
    uint8_t *data;
    int64_t count, height, width; /* height and width 1 for labels */
} idx_block;

static fv_status truncated(const char *path, uint64_t wanted)
{
    return status_set(FV_ERROR_FORMAT,
                      "%s: truncated: its header announces %llu bytes of data, but there are fewer", path,
                      (unsigned long long)wanted);
}

/* Reads up to `size` bytes; less only at the end of the file. */
static fv_status read_some(gzFile stream, const char *path, uint8_t *to, uint64_t size, uint64_t *got)
{
    for (*got = 0; *got < size;) {
        uint64_t left = size - *got;
        int n = gzread(stream, to + *got, left < (1u << 30) ? (unsigned)left : 1u << 30);
        if (n == 0)
            break;
        if (n < 0) {
            int code;
            const char *reason = gzerror(stream, &code);
            if (code == Z_BUF_ERROR) /* the compressed stream stops early */
                break;
            return status_set(code == Z_ERRNO ? FV_ERROR_IO : FV_ERROR_FORMAT, "%s: cannot be unpacked: %s",
                              path, code == Z_ERRNO ? strerror(errno) : reason);
        }
        *got += (uint64_t)n;
    }
    return FV_OK;
}

/* Reads and checks the header: what it announces must fit the limits and `file_size`, before anything is
 * allocated. */
static fv_status read_header(gzFile stream, const char *path, int rank, uint64_t file_size, idx_block *b,
                             uint64_t *total)
{
    uint8_t header[4 + 4 * MAX_RANK];
    uint64_t got, header_size = 4 + 4 * (uint64_t)rank, dimensions[MAX_RANK] = {1, 1, 1};
    STATUS_TRY(read_some(stream, path, header, header_size, &got));
    if (got < header_size)
        return status_set(FV_ERROR_FORMAT, "%s: truncated: not even the IDX header is whole", path);
    uint32_t magic = (uint32_t)number_big_endian(header, 4), wanted = 0x800u + (uint32_t)rank;
    if (magic != wanted)
        return status_set(FV_ERROR_FORMAT, "%s: not an IDX file of %s: it begins with %08x instead of %08x",
                          path, rank == 3 ? "pictures" : "labels", magic, wanted);
    for (int i = 0; i < rank; i++)
        dimensions[i] = (uint32_t)number_big_endian(header + 4 + 4 * i, 4);
    if (dimensions[0] == 0 || dimensions[0] > (uint64_t)SOURCE_MAX_RECORDS - 1)
        return status_set(FV_ERROR_FORMAT, "%s: its header announces %llu records", path,
                          (unsigned long long)dimensions[0]);
    if (dimensions[1] == 0 || dimensions[1] > MAX_SIDE || dimensions[2] == 0 || dimensions[2] > MAX_SIDE)
        return status_set(FV_ERROR_FORMAT, "%s: pictures of %llu x %llu pixels; a side must be 1 to %d", path,
                          (unsigned long long)dimensions[1], (unsigned long long)dimensions[2], MAX_SIDE);
    *total = dimensions[0] * dimensions[1] * dimensions[2]; /* below 2^32 * 2^28 */
    bool plain = gzdirect(stream);
    if (*total > (plain ? file_size - header_size : file_size * max_deflate_ratio))
        return truncated(path, *total);
    if (*total > max_bytes)
        return status_set(FV_ERROR_UNSUPPORTED, "%s: %llu bytes of pictures are over the limit of %llu", path,
                          (unsigned long long)*total, (unsigned long long)max_bytes);
    *b = (idx_block){
        .count = (int64_t)dimensions[0], .height = (int64_t)dimensions[1], .width = (int64_t)dimensions[2]};
    return FV_OK;
}

/* Rank 3: pictures, rank 1: labels. The caller frees b->data, also on failure. */
static fv_status read_idx(const data_place *place, const char *name, const char *path, int rank, idx_block *b)
{
    *b = (idx_block){0};
    struct stat info = {0};
    int file;
    STATUS_TRY(place_open(place, name, &file));
    gzFile stream = fstat(file, &info) == 0 ? gzdopen(file, "rb") : NULL;
    if (!stream) {
        close(file);
        return status_set(FV_ERROR_IO, "%s: cannot be opened: %s", path, strerror(errno));
    }
    uint64_t total = 0, got = 0;
    uint8_t more;
    fv_status status = read_header(stream, path, rank, (uint64_t)info.st_size, b, &total);
    if (status == FV_OK && !(b->data = mem_array(total, 1)))
        status = status_last();
    if (status == FV_OK)
        status = read_some(stream, path, b->data, total, &got);
    if (status == FV_OK && got < total)
        status = truncated(path, total);
    /* Reading past the end also makes zlib compare the checksum. */
    if (status == FV_OK)
        status = read_some(stream, path, &more, 1, &got);
    if (status == FV_OK && got > 0)
        status =
            status_set(FV_ERROR_FORMAT, "%s: damaged: there is more data than its header announces", path);
    /* A stream that ends within its checksum is only told here. */
    int closed = gzclose(stream);
    return status == FV_OK && closed != Z_OK ? truncated(path, total) : status;
}

/* ---- names ---- */

static bool ends_with(const char *name, size_t length, const char *end)
{
    size_t n = strlen(end);
    return length >= n && memcmp(name + length - n, end, n) == 0;
}

/* The length of the part before "-images-idx3-ubyte[.gz]", or -1. Some copies have a dot instead of the
 * second dash. */
static int prefix_length(const char *name)
{
    size_t length = strlen(name);
    if (ends_with(name, length, ".gz"))
        length -= 3;
    if (ends_with(name, length, "-images-idx3-ubyte") || ends_with(name, length, "-images.idx3-ubyte"))
        return (int)(length - strlen("-images-idx3-ubyte"));
    return -1;
}

static fv_part part_of(const char *name, int prefix)
{
    static const struct {
        const char *end;
        fv_part part;
    } parts[] = {{"train", FV_TRAIN},           {"t10k", FV_TEST},        {"test", FV_TEST},
                 {"validation", FV_VALIDATION}, {"valid", FV_VALIDATION}, {"val", FV_VALIDATION}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (ends_with(name, (size_t)prefix, parts[i].end))
            return parts[i].part;
    return FV_TRAIN;
}

static bool detect(const data_place *place)
{
    for (size_t i = 0; i < place->names->count; i++)
        if (prefix_length(place->names->items[i]) >= 0)
            return true;
    return false;
}

/* The name of the labels that belong to `pictures`, packed or not; the caller frees it. NULL with the error
 * set. */
static char *labels_name(const data_place *place, const char *pictures, int prefix)
{
    static const char *const ends[] = {"-labels-idx1-ubyte", "-labels-idx1-ubyte.gz", "-labels.idx1-ubyte",
                                       "-labels.idx1-ubyte.gz"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char name[512];
        snprintf(name, sizeof name, "%.*s%s", prefix, pictures, ends[i]);
        if (place_has(place, name))
            return mem_string(name);
    }
    status_set(FV_ERROR_IO, "%s/%s: its labels are missing: a file %.*s%s[.gz] must lie beside it",
               place->path, pictures, prefix, pictures, ends[0]);
    return NULL;
}

/* ---- the source ---- */

/*
 * A label byte can say anything, so it is checked against what else there is: in training pictures labels
 * above 9 must run without gaps (the value 0 may be missing, as in EMNIST's letters). Test pictures are
 * compared with training in check_parts.
 */
static fv_status set_labels(source *s, const idx_block *labels, const char *path)
{
    bool seen[MAX_CLASSES] = {false};
    int distinct = 0, highest = 0;
    for (int64_t i = 0; i < labels->count; i++) {
        int label = labels->data[i];
        s->labels[i] = label;
        distinct += !seen[label];
        seen[label] = true;
        highest = label > highest ? label : highest;
    }
    for (int64_t i = 0; s->part == FV_TRAIN && highest > 9 && i < s->count; i++)
        if (s->labels[i] > distinct && s->labels[i] > 9)
            return status_set(FV_ERROR_FORMAT,
                              "%s: record %lld: label %d is out of range: only %d different labels occur",
                              path, (long long)i, s->labels[i], distinct);
    for (int i = 0; i <= highest; i++)
        STATUS_TRY(names_add(&s->classes, "%d", i));
    return FV_OK;
}

/* The files' names, and their paths for messages. */
typedef struct idx_pair {
    const char *pictures, *labels, *pictures_path, *labels_path;
} idx_pair;

static fv_status fill(picture_source *p, const data_place *place, const idx_pair *f)
{
    idx_block pictures = {0}, labels = {0};
    source *s = &p->base;
    fv_status status = read_idx(place, f->pictures, f->pictures_path, 3, &pictures);
    if (status == FV_OK)
        status = read_idx(place, f->labels, f->labels_path, 1, &labels);
    if (status == FV_OK && labels.count != pictures.count)
        status = status_set(FV_ERROR_FORMAT, "%s: %lld labels, but %s has %lld pictures", f->labels_path,
                            (long long)labels.count, f->pictures_path, (long long)pictures.count);
    p->pixels = pictures.data;
    s->count = pictures.count;
    s->height = pictures.height;
    s->width = pictures.width;
    s->channels = 1;
    if (status == FV_OK && !(s->labels = mem_array((size_t)s->count, sizeof *s->labels)))
        status = status_last();
    if (status == FV_OK)
        status = set_labels(s, &labels, f->labels_path);
    if (status == FV_OK)
        status = pictures_add_file(p, f->pictures_path, 0);
    free(labels.data);
    return status;
}

static fv_status add_pair(const data_place *place, const char *name, listing *l)
{
    int prefix = prefix_length(name);
    picture_source *p = pictures_create();
    char *path = file_join(place->path, name), *labels = labels_name(place, name, prefix);
    char *labels_path = labels ? file_join(place->path, labels) : NULL;
    fv_status status = p && path && labels_path ? FV_OK : status_last();
    if (status == FV_OK) {
        p->base.part = part_of(name, prefix);
        status = fill(p, place, &(idx_pair){name, labels, path, labels_path});
    }
    if (status == FV_OK)
        status = listing_add(l, &p->base);
    else if (p)
        p->base.destroy(&p->base);
    free(path);
    free(labels);
    free(labels_path);
    return status;
}

/* A label of the other parts that no training picture has is a damaged file, not a class of its own. */
static fv_status check_parts(const char *folder, const listing *l)
{
    size_t classes = 0;
    for (size_t i = 0; i < l->count; i++)
        if (l->sources[i]->part == FV_TRAIN && l->sources[i]->classes.count > classes)
            classes = l->sources[i]->classes.count;
    for (size_t i = 0; classes > 0 && i < l->count; i++) {
        const source *s = l->sources[i];
        for (int64_t k = 0; s->classes.count > classes && k < s->count; k++)
            if ((size_t)s->labels[k] >= classes)
                return status_set(
                    FV_ERROR_FORMAT,
                    "%s: the labels of %s: record %lld: label %d is out of range: training ends at %zu",
                    folder, file_base_name(((const picture_source *)s)->files[0].path), (long long)k,
                    s->labels[k], classes - 1);
    }
    return FV_OK;
}

static fv_status list(const data_place *place, listing *l)
{
    const name_list *names = place->names;
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i];
        if (prefix_length(name) < 0)
            continue;
        /* Names are sorted: the packed copy of a file stands right behind it. */
        size_t length = strlen(name);
        if (i > 0 && ends_with(name, length, ".gz") && strlen(names->items[i - 1]) == length - 3 &&
            strncmp(names->items[i - 1], name, length - 3) == 0)
            continue;
        STATUS_TRY(add_pair(place, name, l));
    }
    return check_parts(place->path, l);
}

const source_kind idx_kind = {"a folder with IDX files", detect, list};
