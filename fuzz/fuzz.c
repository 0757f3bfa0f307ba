/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <ftw.h>
#include <unistd.h>
#include <zlib.h>

bool fuzz_ok(fv_status status)
{
    if (status == FV_OK)
        return true;
    expect(status == status_last() && status != FV_ERROR_INTERNAL && status != FV_ERROR_DIVERGED);
    expect(fuzz_is_line(fv_error_message()));
    return false;
}

bool fuzz_is_line(const char *string)
{
    for (const char *c = string; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            return false;
    return *string != 0;
}

rng fuzz_random(const uint8_t *bytes, size_t size)
{
    return rng_at(crc32(0, bytes, (uInt)size), 0, 0);
}

/* ---- files ---- */

static char folder[96];

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info, (void)type, (void)where;
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *fuzz_folder(void)
{
    const char *temporary = getenv("TMPDIR");
    if (!folder[0]) {
        snprintf(folder, sizeof folder, "%s/fovea-fuzz-XXXXXX", temporary ? temporary : "/tmp");
        expect(mkdtemp(folder));
        atexit(remove_folder);
    }
    return folder;
}

const char *fuzz_file(const char *name, const uint8_t *bytes, size_t size)
{
    static char paths[4][192];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", fuzz_folder(), name);
    if (!bytes) {
        remove(path);
        return path;
    }
    FILE *f = fopen(path, "wb");
    expect(f && fwrite(bytes, 1, size, f) == size && fclose(f) == 0);
    return path;
}

const uint8_t *fuzz_next(const uint8_t **bytes, size_t *size, size_t *length)
{
    static const char line[] = "\n--\n";
    const uint8_t *first = *bytes, *end = first ? memmem(first, *size, line, sizeof line - 1) : NULL;
    *length = end ? (size_t)(end - first) : first ? *size : 0;
    *bytes = end ? end + sizeof line - 1 : NULL;
    *size = end ? *size - *length - (sizeof line - 1) : 0;
    return first;
}
