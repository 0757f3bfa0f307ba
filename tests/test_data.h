/* SPDX-License-Identifier: Apache-2.0 */
/* What the data tests share: a temporary folder, pictures and files to put into it. */
#ifndef TEST_DATA_H
#define TEST_DATA_H

#include "testing.h"

#include <ftw.h>
#include <sys/stat.h>

#include "core/file.h"
#include "image/image.h"

static char test_root[64];

static inline int make_root(void **state)
{
    (void)state;
    strcpy(test_root, "/tmp/fovea-data-XXXXXX");
    return mkdtemp(test_root) ? 0 : -1;
}

static inline int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info, (void)type, (void)where;
    return remove(path);
}

static inline int remove_root(void **state)
{
    (void)state;
    return nftw(test_root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A path below the temporary folder; the string is good for the next few calls. */
static inline const char *in_root(const char *name)
{
    static char paths[4][512];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", test_root, name);
    return path;
}

/* Writes a file and the folders above it. */
static inline void put_file(const char *name, const void *data, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s", in_root(name));
    *strrchr(path, '/') = 0;
    assert_ok(file_make_folders(path));
    FILE *f = fopen(in_root(name), "wb"); /* not file_write: hundreds of files need not be synced */
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    fclose(f);
}

/* A PNG whose pixels depend on `tone`. */
static inline void put_picture(const char *name, int64_t height, int64_t width, int64_t channels, int tone)
{
    image im = {0};
    uint8_t *bytes;
    size_t size;
    assert_ok(image_reshape(&im, height, width, channels));
    for (int64_t i = 0; i < height * width * channels; i++)
        im.data[i] = (uint8_t)(tone + i * 7);
    assert_ok(image_encode_png(&im, &bytes, &size));
    put_file(name, bytes, size);
    free(bytes);
    image_release(&im);
}

static inline int has_problem(const fv_dataset *d, const char *part)
{
    for (int64_t i = 0; i < fv_dataset_problem_count(d); i++)
        if (strstr(fv_dataset_problem(d, i), part))
            return 1;
    return 0;
}

static inline int64_t count_label(const fv_dataset *d, int64_t label)
{
    int64_t n = 0;
    for (int64_t i = 0; i < fv_dataset_size(d); i++)
        n += fv_dataset_label(d, i) == label;
    return n;
}

/* Opening fails with `status`, and the message has `part` in it. */
#define assert_not_open(wanted, part, ...)                                                                   \
    do {                                                                                                     \
        fv_dataset *d_ = fv_dataset_open(__VA_ARGS__);                                                       \
        if (d_)                                                                                              \
            fail_msg("was opened");                                                                          \
        if (!strstr(fv_error_message(), part))                                                               \
            fail_msg("\"%s\" lacks \"%s\"", fv_error_message(), part);                                       \
        assert_int_equal(status_last(), wanted);                                                             \
    } while (0)

#endif
