/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     4096 bytes   "fovea features 1\n", the fingerprint, the size of the rest and its checksum; zeros
 *     the rest     as the caller filled it
 */
#include "train/feature_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "core/file.h"
#include "core/memory.h"

enum {
    HEADER_BYTES = 4096 /* a page: the rest is mapped at a multiple of it */
};

static void make_header(const feature_file *f, char header[HEADER_BYTES])
{
    memset(header, 0, HEADER_BYTES);
    snprintf(header, HEADER_BYTES, "fovea features 1\n%s\n%zu\n%08lx\n", f->fingerprint, f->size,
             (unsigned long)crc32_z(0, f->bytes, f->size));
}

/* 0, or errno. */
static int map(feature_file *f, int protection)
{
    void *mapping = mmap(NULL, HEADER_BYTES + f->size, protection, MAP_SHARED, f->file, 0);
    if (mapping == MAP_FAILED)
        return errno;
    f->mapping = mapping;
    f->bytes = (char *)mapping + HEADER_BYTES;
    return 0;
}

static void unmap(feature_file *f)
{
    if (f->mapping)
        munmap(f->mapping, HEADER_BYTES + f->size);
    if (f->file >= 0)
        close(f->file);
    f->mapping = f->bytes = NULL;
    f->file = -1;
}

/* ---- one that is there ---- */

static bool is_whole(feature_file *f)
{
    struct stat s;
    char header[HEADER_BYTES];
    if (fstat(f->file, &s) != 0 || !S_ISREG(s.st_mode) || (uint64_t)s.st_size != HEADER_BYTES + f->size ||
        map(f, PROT_READ) != 0)
        return false;
    make_header(f, header);
    return memcmp(f->mapping, header, HEADER_BYTES) == 0;
}

static void open_existing(feature_file *f, text *problem)
{
    f->file = open(f->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (f->file < 0)
        return;
    f->whole = is_whole(f);
    if (f->whole)
        return;
    text_add(problem, "%s is damaged, or holds no features of these pictures: it is made anew", f->path);
    unmap(f);
}

/* ---- a new one ---- */

/* 0, or errno. Without room on the disk writing into the mapping would end the process. */
static int make_room(feature_file *f)
{
    f->file = mkstemp(f->temporary);
    if (f->file < 0)
        return errno;
    int code = posix_fallocate(f->file, 0, (off_t)(HEADER_BYTES + f->size));
    if (code == 0)
        code = map(f, PROT_READ | PROT_WRITE);
    if (!f->path)
        unlink(f->temporary);
    return code;
}

static fv_status make_file(const char *folder, feature_file *f)
{
    char *stem = f->path ? mem_string(f->path) : file_join(folder, "features");
    f->temporary = stem ? mem_array(strlen(stem) + 16, 1) : NULL;
    if (!f->temporary) {
        free(stem);
        return status_last();
    }
    sprintf(f->temporary, "%s.XXXXXX", stem);
    int code = make_room(f);
    fv_status status = FV_OK;
    if (code != 0)
        status = status_set(FV_ERROR_IO,
                            "%s: features of %.3g GB cannot be kept there: %s; --cache disk:FOLDER names "
                            "another folder, --cache ram keeps them in memory",
                            stem, (double)f->size / 1e9, strerror(code));
    free(stem);
    return status;
}

fv_status feature_file_open(const char *folder, const char *fingerprint, size_t size, text *problem,
                            feature_file *f)
{
    *f = (feature_file){.size = size, .file = -1};
    if (size > SIZE_MAX / 4)
        return status_set(FV_ERROR_MEMORY, "%s: features of all pictures are too many", folder);
    fv_status status = FV_OK;
    if (fingerprint) {
        char name[64];
        snprintf(name, sizeof name, "%.16s.features", fingerprint);
        f->path = file_join(folder, name);
        f->fingerprint = mem_string(fingerprint);
        status = f->path && f->fingerprint ? FV_OK : status_last();
        if (status == FV_OK)
            open_existing(f, problem);
    }
    if (status == FV_OK && !f->whole)
        status = make_file(folder, f);
    if (status != FV_OK)
        feature_file_close(f);
    return status;
}

/* 0, or errno. */
static int write_out(feature_file *f)
{
    make_header(f, f->mapping);
    if (msync(f->mapping, HEADER_BYTES + f->size, MS_SYNC) != 0 || fsync(f->file) != 0 ||
        rename(f->temporary, f->path) != 0)
        return errno;
    return 0;
}

fv_status feature_file_commit(feature_file *f)
{
    int code = f->path ? write_out(f) : 0;
    if (code != 0)
        return status_set(FV_ERROR_IO, "%s: features cannot be kept there: %s", f->path, strerror(code));
    f->whole = true;
    return FV_OK;
}

void feature_file_close(feature_file *f)
{
    if (f->temporary && f->path && !f->whole)
        unlink(f->temporary);
    if (f->size > 0)
        unmap(f);
    free(f->path);
    free(f->temporary);
    free(f->fingerprint);
    *f = (feature_file){0};
}
