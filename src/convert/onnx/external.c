/* SPDX-License-Identifier: Apache-2.0 */
/* Values in files beside the model. Where they lie is the model's word, and models come from strangers. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "convert/onnx/file.h"
#include "core/memory.h"
#include "core/text.h"

typedef struct place {
    const char *location; /* a path within the folder */
    uint64_t offset, length;
    bool has_length;
} place;

static bool read_number(const char *words, uint64_t *number)
{
    char *end;
    errno = 0;
    *number = strtoull(words, &end, 10);
    return *words >= '0' && *words <= '9' && *end == 0 && errno == 0;
}

static fv_status read_place(const onnx_file *f, const Onnx__TensorProto *p, place *where)
{
    bool good = true;
    *where = (place){0};
    for (size_t i = 0; good && i < p->n_external_data; i++) {
        const char *key = p->external_data[i]->key, *value = p->external_data[i]->value;
        if (!key || !value)
            good = false;
        else if (strcmp(key, "location") == 0)
            where->location = value;
        else if (strcmp(key, "offset") == 0)
            good = read_number(value, &where->offset);
        else if (strcmp(key, "length") == 0)
            good = where->has_length = read_number(value, &where->length);
    }
    return good && where->location && *where->location
               ? FV_OK
               : status_set(FV_ERROR_FORMAT, "%s: does not say in which file, and where, some values are",
                            f->path);
}

static fv_status refuse(const onnx_file *f, const char *location, const char *why)
{
    char shown[128];
    snprintf(shown, sizeof shown, "%.120s", location);
    text_flatten(shown);
    return status_set(FV_ERROR_FORMAT, "%s: has values in the file %s, which %s", f->path, shown, why);
}

/* The next part of a path, its length in *length, 0: a part that leads elsewhere. NULL behind the last. */
static const char *next_part(const char *at, size_t *length)
{
    while (*at == '/')
        at++;
    *length = strcspn(at, "/");
    if ((*length == 1 && *at == '.') || (*length == 2 && memcmp(at, "..", 2) == 0))
        *length = 0;
    return *at ? at : NULL;
}

/* Goes down from the model's folder, part by part, through no link. */
static fv_status open_within(const onnx_file *f, const char *location, int *file)
{
    size_t length, folder_length = (size_t)(file_base_name(f->path) - f->path);
    char *folder = mem_string_n(f->path, folder_length), part[256];
    if (!folder)
        return status_last();
    int at = open(folder_length ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    const char *rest = *location == '/' ? NULL : next_part(location, &length);
    if (!rest || at < 0) {
        if (at >= 0)
            close(at);
        return refuse(f, location, "is not in the model's folder");
    }
    while (rest) {
        size_t next_length = 0;
        const char *next = next_part(rest + length, &next_length);
        if (length == 0 || length >= sizeof part) {
            close(at);
            return refuse(f, location, "is not in the model's folder");
        }
        memcpy(part, rest, length);
        part[length] = 0;
        int inner =
            openat(at, part, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (next ? O_DIRECTORY : 0));
        int failure = errno;
        close(at);
        if (inner < 0)
            return refuse(f, location,
                          failure == ENOENT ? "is missing; it belongs beside the model"
                                            : "is a link, or cannot be opened");
        at = inner;
        rest = next;
        length = next_length;
    }
    *file = at;
    return FV_OK;
}

static fv_status read_all(const onnx_file *f, const place *where, int file, size_t size, file_bytes *values)
{
    STATUS_TRY(file_bytes_resize(values, size));
    for (size_t done = 0; done < size;) {
        ssize_t got = pread(file, values->data + done, size - done, (off_t)(where->offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return refuse(f, where->location, got ? "cannot be read" : "was cut short");
        done += (size_t)got;
    }
    return FV_OK;
}

fv_status onnx_external_read(const onnx_file *f, const Onnx__TensorProto *p, size_t size, file_bytes *values)
{
    place where;
    struct stat info;
    int file = -1;
    STATUS_TRY(read_place(f, p, &where));
    if (where.has_length && where.length != size)
        return refuse(f, where.location, "has another number of bytes for a tensor than its shape needs");
    STATUS_TRY(open_within(f, where.location, &file));
    fv_status status = FV_OK;
    if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode))
        status = refuse(f, where.location, "is no regular file");
    else if (where.offset > (uint64_t)info.st_size || size > (uint64_t)info.st_size - where.offset)
        status = refuse(f, where.location, "was cut short: a tensor would lie behind its end");
    else if (values)
        status = read_all(f, &where, file, size, values);
    close(file);
    return status;
}
