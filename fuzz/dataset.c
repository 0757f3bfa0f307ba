/* SPDX-License-Identifier: Apache-2.0 */
/* The properties of every data set: what it says of itself is consistent, and its pictures are decoded or refused. */
#include "data/dataset.h"
#include "fuzz.h"

enum {
    SAMPLES = 4,
    MAX_PIXELS = 1 << 16,
    MAX_BYTES = 1 << 20
};

static void check_texts(const fv_dataset *d)
{
    for (int64_t i = 0; i < fv_dataset_class_count(d); i++)
        expect(fv_dataset_class_name(d, i));
    expect(!fv_dataset_class_name(d, fv_dataset_class_count(d)) && !fv_dataset_class_name(d, -1));
    for (int64_t i = 0; i < fv_dataset_problem_count(d); i++)
        expect(fuzz_is_line(fv_dataset_problem(d, i)));
}

static void check_sample(const fv_dataset *d, int64_t i, image_space *space, image *out)
{
    const int32_t *labels;
    int64_t count = dataset_labels(d, i, &labels), classes = fv_dataset_class_count(d);
    expect(dataset_is_multi_label(d) ? count >= 0 : count == 1);
    for (int64_t k = 0; k < count; k++) {
        expect(labels[k] >= 0 && labels[k] < classes && (k == 0 || labels[k - 1] < labels[k]));
        expect(fv_dataset_label_at(d, i, k) == labels[k]);
    }
    char name[512];
    expect(strlen(fv_dataset_file(d, i, name, sizeof name)) > 0);
    image_decode_options o = {.channels = 3, .max_pixels = MAX_PIXELS};
    if (fuzz_ok(dataset_decode(d, i, &o, space, out)))
        expect(out->height > 0 && out->width > 0 && out->channels == 3);
}

static void check_part(const fv_dataset *d)
{
    image_space space = {0};
    image out = {0};
    int64_t size = fv_dataset_size(d);
    expect(size > 0);
    check_texts(d);
    for (int64_t i = 0; i < SAMPLES && i < size; i++)
        check_sample(d, i < SAMPLES / 2 ? i : size - 1 - (i - SAMPLES / 2), &space, &out);
    image_release(&out);
    image_space_release(&space);
}

int fuzz_dataset(const char *path)
{
    fv_dataset *d = fv_dataset_open(path, .max_pixels = MAX_PIXELS, .max_bytes = MAX_BYTES);
    if (!d) {
        fuzz_ok(status_last());
        expect(status_last() != FV_OK);
        return 0;
    }
    int64_t count = 0;
    for (fv_part part = FV_TRAIN; part <= FV_TEST; part++) {
        const fv_dataset *p = fv_dataset_part(d, part);
        if (p)
            check_part(p);
        count += p ? fv_dataset_size(p) : 0;
    }
    expect(count == fv_dataset_size(d));
    fv_dataset_destroy(d);
    return 0;
}
