/* SPDX-License-Identifier: Apache-2.0 */
/* bench_decode ROUNDS FILE...: the fastest of so many decodes of each file, in milliseconds of processor time and megapixels a
 * second; peers/decode.py does the same with Pillow. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/file.h"
#include "image/image.h"

static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int measure(const char *path, int rounds)
{
    uint8_t *bytes;
    size_t size;
    image im = {0};
    double best = 1e9;
    fv_status status = file_read(path, (size_t)1 << 30, &bytes, &size);
    for (int i = 0; status == FV_OK && i < rounds; i++) {
        double begin = processor_seconds();
        status = image_decode(bytes, size, path, NULL, &im);
        double seconds = processor_seconds() - begin;
        best = seconds < best ? seconds : best;
    }
    if (status == FV_OK) {
        printf("%s\t%.3f\t%.1f\n", path, best * 1e3, (double)(im.height * im.width) / best * 1e-6);
        free(bytes);
    } else {
        fprintf(stderr, "%s\n", fv_error_message());
    }
    image_release(&im);
    return status != FV_OK;
}

int main(int count, char **words)
{
    int bad = 0;
    for (int i = 2; i < count; i++)
        bad |= measure(words[i], atoi(words[1]));
    return bad;
}
