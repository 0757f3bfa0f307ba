/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a data_place: in a folder of the disk, or in an archive. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "data/archives/container.h"
#include "data/source.h"

static int64_t find(const data_place *p, const char *name)
{
    for (size_t i = 0; i < p->names->count; i++)
        if (strcmp(p->names->items[i], name) == 0)
            return (int64_t)i;
    return -1;
}

bool place_has(const data_place *p, const char *name)
{
    return find(p, name) >= 0;
}

fv_status place_read(const data_place *p, const char *name, size_t limit, file_bytes *bytes)
{
    int64_t i = find(p, name);
    if (p->archive && i >= 0)
        return container_read(p->archive, p->first + (size_t)i, limit, bytes);
    char *path = file_join(p->path, name);
    fv_status status = path ? file_read_into(path, limit, bytes) : status_last();
    free(path);
    return status;
}

/* A file in memory, for what reads from files only. */
static fv_status memory_file(const data_place *p, const char *name, const file_bytes *bytes, int *file)
{
    *file = memfd_create("fovea", MFD_CLOEXEC);
    size_t done = 0;
    while (*file >= 0 && done < bytes->size) {
        ssize_t n = write(*file, bytes->data + done, bytes->size - done);
        if (n <= 0 && errno != EINTR)
            break;
        done += n > 0 ? (size_t)n : 0;
    }
    if (*file >= 0 && done == bytes->size && lseek(*file, 0, SEEK_SET) == 0)
        return FV_OK;
    fv_status status =
        status_set(FV_ERROR_IO, "%s/%s: cannot be unpacked: %s", p->path, name, strerror(errno));
    if (*file >= 0)
        close(*file);
    return status;
}

fv_status place_open(const data_place *p, const char *name, int *file)
{
    static const size_t limit = (size_t)4 << 30;
    fv_status status;
    if (p->archive) {
        file_bytes bytes = {0};
        status = place_read(p, name, limit, &bytes);
        if (status == FV_OK)
            status = memory_file(p, name, &bytes, file);
        file_bytes_release(&bytes);
        return status;
    }
    char *path = file_join(p->path, name);
    status = path ? file_open(path, file) : status_last();
    free(path);
    return status;
}
