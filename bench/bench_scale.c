/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Very large data sets: makes them, and measures listing and splitting.
 *
 *     scale folder DIR PICTURES CLASSES     hard links of one small picture: DIR/class-007/picture-0000012345.png
 *     scale table FILE PICTURES CLASSES     rows of file,label with paths of 60 to 70 bytes; the files themselves are not made
 *     scale groups FILE PICTURES CLASSES    rows of file,group for what the first makes, 5 pictures a group
 *     scale open DATA [GROUPS]              "SECONDS SECONDS MB PICTURES": wall clock, processor, peak of the resident memory
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/file.h"
#include "fovea.h"
#include "image/image.h"

enum {
    LINKS = 30000 /* of one file, under the limits of file systems */
};

static int fail(const char *what)
{
    fprintf(stderr, "scale: %s: %s\n", what, strerror(errno));
    return 1;
}

static int write_picture(const char *path)
{
    image im = {0};
    int bad = image_reshape(&im, 4, 4, 3) != FV_OK;
    for (int i = 0; !bad && i < 4 * 4 * 3; i++)
        im.data[i] = (uint8_t)(5 * i);
    bad = bad || image_save_png(&im, path) != FV_OK;
    image_release(&im);
    return bad;
}

static int make_folder(const char *root, long pictures, long classes)
{
    char path[4096], first[4096] = "";
    for (long c = 0; c < classes; c++) {
        snprintf(path, sizeof path, "%s/class-%03ld", root, c);
        if (file_make_folders(path) != FV_OK)
            return fail(path);
    }
    for (long i = 0; i < pictures; i++) {
        /* As files come: not in the order of their names. */
        snprintf(path, sizeof path, "%s/class-%03ld/picture-%010lld.png", root, i % classes,
                 (long long)i * 7919 % pictures);
        if (i % LINKS == 0) {
            strcpy(first, path);
            if (write_picture(path))
                return fail(path);
        } else if (link(first, path) != 0) {
            return fail(path);
        }
    }
    return 0;
}

static int make_groups(const char *path, long pictures, long classes)
{
    FILE *f = fopen(path, "w");
    if (!f)
        return fail(path);
    for (long i = 0; i < pictures; i++)
        fprintf(f, "class-%03ld/picture-%010lld.png,patient %ld\n", i % classes,
                (long long)i * 7919 % pictures, i / 5);
    return fclose(f) ? fail(path) : 0;
}

/* Of the files only the first is made: a table none of whose first files exists is an error. */
static int make_table(const char *path, long pictures, long classes)
{
    FILE *f = fopen(path, "w");
    if (!f)
        return fail(path);
    fputs("file,label\n", f);
    for (long i = 0; i < pictures; i++) {
        char name[128];
        snprintf(name, sizeof name, "pictures/station-%02ld/2024-05-17/camera-%05ld/observation-%010lld.jpg",
                 i / 100000 % 100, i / 1000, (long long)i * 7919 % pictures);
        fprintf(f, "%s,class-%03ld\n", name, i % classes);
        if (i == 0) {
            char first[4096];
            snprintf(first, sizeof first, "%.*s%s", (int)(file_base_name(path) - path), path, name);
            *strrchr(first, '/') = 0;
            if (file_make_folders(first) != FV_OK)
                return fail(first);
            first[strlen(first)] = '/';
            if (write_picture(first))
                return fail(first);
        }
    }
    return fclose(f) ? fail(path) : 0;
}

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int open_data(const char *path, const char *groups)
{
    double wall = seconds(CLOCK_MONOTONIC), used = seconds(CLOCK_PROCESS_CPUTIME_ID);
    fv_dataset *d =
        fv_dataset_open(path, .validation_split = 0.15f, .test_split = 0.15f, .keep_together = groups);
    wall = seconds(CLOCK_MONOTONIC) - wall;
    used = seconds(CLOCK_PROCESS_CPUTIME_ID) - used;
    if (!d) {
        fprintf(stderr, "scale: %s\n", fv_error_message());
        return 1;
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%.2f %.2f %.0f %lld\n", wall, used, (double)usage.ru_maxrss / 1024,
           (long long)fv_dataset_size(d));
    fv_dataset_destroy(d);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "folder") == 0)
        return make_folder(argv[2], atol(argv[3]), atol(argv[4]));
    if (argc == 5 && strcmp(argv[1], "table") == 0)
        return make_table(argv[2], atol(argv[3]), atol(argv[4]));
    if (argc == 5 && strcmp(argv[1], "groups") == 0)
        return make_groups(argv[2], atol(argv[3]), atol(argv[4]));
    if (argc >= 3 && strcmp(argv[1], "open") == 0)
        return open_data(argv[2], argc > 3 ? argv[3] : NULL);
    fputs("usage: scale folder|groups|table PATH PICTURES CLASSES, or scale open DATA [GROUPS]\n", stderr);
    return 2;
}
