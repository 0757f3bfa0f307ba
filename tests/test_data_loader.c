/* SPDX-License-Identifier: Apache-2.0 */
/* data: augmentation policies, and the loader: the same bytes whatever the threads, resuming, bad pictures,
 * no leftovers. */
#include "test_data.h"

#include <dirent.h>
#include <math.h>

#include "data/augment.h"
#include "data/loader.h"

enum {
    SIDE = 12,
    CLASSES = 3,
    EACH = 11 /* pictures a class: 33 in all, so that batches of 8 leave a partial one */
};

static fv_preprocess small_input(void)
{
    return (fv_preprocess){.height = SIDE, .width = SIDE, .channels = 3, .crop_fraction = 1};
}

/* Pictures of several sizes, some of the network's own. */
static fv_dataset *make_data(void)
{
    char name[100];
    for (int c = 0; c < CLASSES; c++)
        for (int i = 0; i < EACH; i++) {
            snprintf(name, sizeof name, "c%d/%02d.png", c, i);
            put_picture(name, SIDE + i % 3, SIDE + i % 2, 3, 20 * i + 90 * c);
        }
    fv_dataset *d = fv_dataset_open(test_root, .validation_split = FV_OFF);
    assert_non_null(d);
    return d;
}

/* What an epoch hands out from batch `first` on, one batch after the other; the caller frees it. */
typedef struct epoch_bytes {
    uint8_t *pixels;
    int64_t *indices;
    int32_t *labels;
    float *weights;
    int64_t batches;
} epoch_bytes;

static void epoch_release(epoch_bytes *e)
{
    free(e->pixels);
    free(e->indices);
    free(e->labels);
    free(e->weights);
}

static epoch_bytes run_epoch(loader *l, const loader_options *o, int64_t epoch, int64_t first)
{
    const fv_preprocess *p = &o->preprocess;
    size_t n = (size_t)o->batch, bytes = n * (size_t)(p->height * p->width * p->channels);
    size_t most = (size_t)loader_batches(l) + 1;
    epoch_bytes e = {.pixels = malloc(most * bytes),
                     .indices = malloc(most * n * sizeof(int64_t)),
                     .labels = malloc(most * n * sizeof(int32_t)),
                     .weights = malloc(most * n * sizeof(float))};
    assert_ok(loader_start(l, epoch, first));
    for (const batch *b;; e.batches++) {
        assert_ok(loader_next(l, &b));
        if (!b)
            break;
        assert_true((size_t)e.batches < most);
        size_t k = (size_t)e.batches;
        memcpy(e.pixels + k * bytes, b->pixels, bytes);
        memcpy(e.indices + k * n, b->indices, n * sizeof(int64_t));
        memcpy(e.labels + k * n, b->labels, n * sizeof(int32_t));
        memcpy(e.weights + k * n, b->weights, n * sizeof(float));
        loader_done(l, b);
    }
    return e;
}

static void assert_same(const epoch_bytes *a, const epoch_bytes *b, int64_t skip_batches,
                        const loader_options *o)
{
    const fv_preprocess *p = &o->preprocess;
    size_t n = (size_t)o->batch, bytes = n * (size_t)(p->height * p->width * p->channels);
    size_t from = (size_t)skip_batches, count = (size_t)b->batches;
    assert_int_equal(a->batches - skip_batches, b->batches);
    assert_memory_equal(a->pixels + from * bytes, b->pixels, count * bytes);
    assert_memory_equal(a->indices + from * n, b->indices, count * n * sizeof(int64_t));
    assert_memory_equal(a->labels + from * n, b->labels, count * n * sizeof(int32_t));
    assert_memory_equal(a->weights + from * n, b->weights, count * n * sizeof(float));
}

static const augment_context colour_32 = {32, 32, 3, NULL, 0};

static void same_bytes_for_any_threads(void **state)
{
    (void)state;
    fv_dataset *d = make_data();
    augment_policy policy;
    assert_ok(augment_policy_init(&policy, "strong", &colour_32));
    loader_options o = {.data = d,
                        .preprocess = small_input(),
                        .augment = &policy,
                        .batch = 8,
                        .shuffle = true,
                        .seed = 5,
                        .threads = 1};
    loader *one, *many;
    assert_ok(loader_create(&o, &one));
    o.threads = 8;
    o.ring = 2;
    assert_ok(loader_create(&o, &many));
    assert_int_equal(loader_batches(one), 5);
    for (int64_t epoch = 0; epoch < 3; epoch++) {
        epoch_bytes a = run_epoch(one, &o, epoch, 0), b = run_epoch(many, &o, epoch, 0);
        assert_int_equal(a.batches, 5);
        assert_same(&a, &b, 0, &o);
        /* Entering the epoch at batch 2 gives its last three. */
        epoch_bytes rest = run_epoch(many, &o, epoch, 2);
        assert_same(&a, &rest, 2, &o);
        epoch_bytes other = run_epoch(one, &o, epoch + 10, 0);
        assert_memory_not_equal(a.indices, other.indices, 33 * sizeof(int64_t));
        epoch_release(&a);
        epoch_release(&b);
        epoch_release(&rest);
        epoch_release(&other);
    }
    loader_destroy(one);
    loader_destroy(many);
    augment_policy_release(&policy);
    fv_dataset_destroy(d);
}

/* A policy that chooses a part: what is decoded, cut and resized by hand, whatever the threads and where an epoch is
 * entered. */
static void parts_are_chosen_before_decoding(void **state)
{
    (void)state;
    fv_dataset *d = make_data();
    augment_step steps[] = {
        {.what = &augment_random_horizontal_flip, .strength = 1, .probability = 0.5f},
        {.what = &augment_random_resized_crop, .strength = 1, .probability = 0.7f},
    };
    augment_policy policy = {.steps = steps, .count = 2};
    loader_options o = {.data = d,
                        .preprocess = small_input(),
                        .augment = &policy,
                        .batch = 8,
                        .shuffle = true,
                        .reduced_decode = true,
                        .seed = 9,
                        .threads = 1};
    loader *one, *many;
    assert_ok(loader_create(&o, &one));
    o.threads = 8;
    assert_ok(loader_create(&o, &many));
    epoch_bytes a = run_epoch(one, &o, 4, 0), b = run_epoch(many, &o, 4, 0), rest = run_epoch(many, &o, 4, 3);
    assert_same(&a, &b, 0, &o);
    assert_same(&a, &rest, 3, &o);
    image decoded = {0}, fitted = {0};
    image_space space = {0};
    int chosen = 0;
    for (int i = 0; i < 33; i++) {
        rng r = rng_at(9, 4, (uint64_t)a.indices[i]);
        assert_ok(dataset_decode(d, a.indices[i], &(image_decode_options){.channels = 3}, &space, &decoded));
        bool part = rng_uniform(&r) < 0.7f;
        image_region region;
        if (part) {
            chosen++;
            augment_random_resized_crop.choose(NULL, 1, decoded.height, decoded.width, &r, &region);
            image_box box = {(double)region.left, (double)region.top, (double)(region.left + region.width),
                             (double)(region.top + region.height)};
            image cut = {0};
            assert_ok(image_resize(&decoded, &box, region.height, region.width, FV_BILINEAR, NULL, &cut));
            assert_ok(image_resize(&cut, NULL, SIDE, SIDE, FV_BILINEAR, NULL, &fitted));
            image_release(&cut);
        } else {
            assert_ok(image_fit(&decoded, &o.preprocess, (uint8_t[3]){0}, &space, &fitted));
        }
        if (rng_uniform(&r) < 0.5f)
            assert_ok(augment_random_horizontal_flip.apply(NULL, 1, &fitted, &r, &space));
        assert_memory_equal(a.pixels + i * SIDE * SIDE * 3, fitted.data, SIDE * SIDE * 3);
    }
    assert_true(chosen > 10 && chosen < 33);
    image_release(&decoded);
    image_release(&fitted);
    image_space_release(&space);
    epoch_release(&a);
    epoch_release(&b);
    epoch_release(&rest);
    loader_destroy(one);
    loader_destroy(many);
    fv_dataset_destroy(d);
}

/* Every sample once an epoch; the last batch is filled up with the epoch's first ones, without weight. */
static void epochs_are_permutations(void **state)
{
    (void)state;
    fv_dataset *d = make_data();
    loader_options o = {.data = d, .preprocess = small_input(), .batch = 8, .shuffle = true, .threads = 2};
    loader *l;
    assert_ok(loader_create(&o, &l));
    epoch_bytes e = run_epoch(l, &o, 0, 0);
    int seen[CLASSES * EACH] = {0};
    for (int i = 0; i < 40; i++) {
        assert_true(e.weights[i] == (i < 33));
        seen[e.indices[i]] += i < 33;
        assert_int_equal(e.labels[i], fv_dataset_label(d, e.indices[i]));
    }
    for (int i = 0; i < CLASSES * EACH; i++)
        assert_int_equal(seen[i], 1);
    for (int i = 33; i < 40; i++) {
        size_t bytes = SIDE * SIDE * 3;
        assert_int_equal(e.indices[i], e.indices[i - 33]);
        assert_memory_equal(e.pixels + (size_t)i * bytes, e.pixels + (size_t)(i - 33) * bytes, bytes);
    }
    epoch_release(&e);
    loader_destroy(l);
    fv_dataset_destroy(d);
}

/* Without shuffling or augmentation a batch is what decoding and fitting one by one gives, also where a batch
 * is larger than the data. */
static void pixels_are_the_fitted_pictures(void **state)
{
    (void)state;
    fv_dataset *d = make_data();
    fv_preprocess modes[] = {small_input(), small_input(), small_input()};
    modes[1].resize_mode = FV_RESIZE_LETTERBOX;
    modes[1].width = 20;
    for (int c = 0; c < 3; c++)
        modes[1].mean[c] = 100.0f + (float)c;
    modes[1].reverse_channels = 1;
    modes[2].crop_fraction = 0.75f;
    modes[2].channels = 1;
    static const uint8_t reversed[3] = {102, 101, 100};
    for (int m = 0; m < 3; m++) {
        loader_options o = {.data = d, .preprocess = modes[m], .batch = 50, .threads = 3};
        size_t bytes = (size_t)(modes[m].height * modes[m].width * modes[m].channels);
        loader *l;
        assert_ok(loader_create(&o, &l));
        epoch_bytes e = run_epoch(l, &o, 0, 0);
        assert_int_equal(e.batches, 1);
        for (int i = 0; i < 50; i++) {
            image decoded = {0}, fitted = {0};
            image_space space = {0};
            assert_ok(dataset_decode(d, i % 33, &(image_decode_options){.channels = modes[m].channels},
                                     &space, &decoded));
            assert_ok(image_fit(&decoded, &modes[m], reversed, NULL, &fitted));
            assert_memory_equal(e.pixels + (size_t)i * bytes, fitted.data, bytes);
            assert_int_equal(e.indices[i], i % 33);
            image_release(&decoded);
            image_release(&fitted);
            image_space_release(&space);
        }
        epoch_release(&e);
        loader_destroy(l);
    }
    fv_dataset_destroy(d);
}

static void classes_are_mapped(void **state)
{
    (void)state;
    fv_dataset *d = make_data();
    int32_t map[CLASSES] = {7, -1, 2};
    loader_options o = {
        .data = d, .preprocess = small_input(), .batch = 8, .shuffle = true, .threads = 2, .class_map = map};
    loader *l;
    assert_ok(loader_create(&o, &l));
    assert_int_equal(loader_samples(l), 2 * EACH);
    epoch_bytes e = run_epoch(l, &o, 1, 0);
    assert_int_equal(e.batches, 3);
    for (int i = 0; i < 24; i++)
        assert_int_equal(e.labels[i], map[fv_dataset_label(d, e.indices[i])]);
    epoch_release(&e);
    loader_destroy(l);
    map[0] = map[2] = -1; /* nothing is left: no batches, no error */
    assert_ok(loader_create(&o, &l));
    e = run_epoch(l, &o, 0, 0);
    assert_int_equal(e.batches, 0);
    epoch_release(&e);
    loader_destroy(l);
    fv_dataset_destroy(d);
}

static void unreadable_pictures(void **state)
{
    (void)state;
    fv_dataset *d = make_data();
    put_file("c1/03.png", "not a picture", 13); /* sample 14 */
    remove(in_root("c2/10.png"));               /* sample 32 */
    loader_options o = {.data = d, .preprocess = small_input(), .batch = 8, .threads = 4};
    loader *l;
    assert_ok(loader_create(&o, &l));
    for (int epoch = 0; epoch < 2; epoch++) {
        epoch_bytes e = run_epoch(l, &o, epoch, 0);
        size_t bytes = SIDE * SIDE * 3;
        for (int i = 0; i < 40; i++)
            assert_true(e.weights[i] == (i < 33 && i != 14 && i != 32));
        assert_int_equal(e.indices[14], 14);
        assert_memory_equal(e.pixels + 14 * bytes, e.pixels + 8 * bytes, bytes);
        assert_int_equal(loader_skipped(l), 2); /* once, whatever the epochs */
        assert_non_null(strstr(loader_skipped_message(l, 0), "c1/03.png"));
        assert_non_null(strstr(loader_skipped_message(l, 1), "c2/10.png"));
        assert_null(loader_skipped_message(l, 2));
        epoch_release(&e);
    }
    loader_destroy(l);

    o.on_error = FV_FAIL;
    assert_ok(loader_create(&o, &l));
    const batch *b;
    assert_ok(loader_start(l, 0, 0));
    assert_ok(loader_next(l, &b));
    loader_done(l, b);
    assert_int_not_equal(loader_next(l, &b), FV_OK);
    assert_null(b);
    assert_non_null(strstr(fv_error_message(), "c1/03.png"));
    loader_destroy(l);
    fv_dataset_destroy(d);
}

static void nothing_can_be_read(void **state)
{
    (void)state;
    put_file("a/1.png", "x", 1);
    put_file("b/1.png", "x", 1);
    fv_dataset *d = fv_dataset_open(test_root, .validation_split = FV_OFF);
    loader_options o = {.data = d, .preprocess = small_input(), .batch = 3, .threads = 2};
    loader *l;
    assert_ok(loader_create(&o, &l));
    epoch_bytes e = run_epoch(l, &o, 0, 0);
    assert_int_equal(loader_skipped(l), 2);
    for (int i = 0; i < 3; i++)
        assert_true(e.weights[i] == 0);
    epoch_release(&e);
    float mean[3], std[3];
    assert_int_equal(dataset_statistics(d, &o.preprocess, 100, mean, std), FV_ERROR_FORMAT);
    loader_destroy(l);
    fv_dataset_destroy(d);
}

static int thread_count(void)
{
    int n = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *e; tasks && (e = readdir(tasks));)
        n += e->d_name[0] != '.';
    if (tasks)
        closedir(tasks);
    return n;
}

/* Epochs dropped at any point, batches not given back, destruction in the middle of work. */
static void dropped_epochs(void **state)
{
    (void)state;
    fv_dataset *d = make_data();
    loader_options o = {
        .data = d, .preprocess = small_input(), .batch = 4, .shuffle = true, .threads = 5, .ring = 3};
    int before = thread_count();
    loader *l;
    assert_ok(loader_create(&o, &l));
    epoch_bytes whole = run_epoch(l, &o, 7, 0);
    for (int taken = 0; taken < 4; taken++) {
        const batch *held = NULL;
        assert_ok(loader_start(l, taken, 0));
        for (int i = 0; i < taken; i++)
            assert_ok(loader_next(l, &held)); /* and never done */
        if (taken == 3) {
            const batch *b;
            assert_int_equal(loader_next(l, &b), FV_ERROR_INTERNAL); /* instead of waiting for ever */
        }
        epoch_bytes e = run_epoch(l, &o, 7, 0);
        assert_same(&whole, &e, 0, &o);
        epoch_release(&e);
        assert_ok(loader_start(l, 1, 0));
        if (held)
            loader_done(l, held); /* of an epoch that is gone: nothing happens */
    }
    assert_int_equal(loader_start(l, 0, 10), FV_ERROR_INVALID);
    assert_true(loader_waited(l) >= 0);
    loader_destroy(l);
    epoch_release(&whole);
    for (int i = 0; i < 20; i++) { /* destroyed before, while and after it works */
        assert_ok(loader_create(&o, &l));
        if (i % 4 > 0)
            assert_ok(loader_start(l, 0, 0));
        usleep((useconds_t)(i % 4 * 300));
        loader_destroy(l);
    }
    /* A joined thread's entry may stand in /proc for a moment. */
    for (int i = 0; i < 100 && thread_count() > before; i++)
        usleep(10000);
    assert_int_equal(thread_count(), before);
    fv_dataset_destroy(d);
}

static void bad_options(void **state)
{
    (void)state;
    fv_dataset *d = make_data();
    loader *l;
    loader_options o = {.data = d, .preprocess = small_input(), .batch = 0, .threads = 1};
    assert_int_equal(loader_create(&o, &l), FV_ERROR_INVALID);
    o.batch = INT64_MAX / 2;
    assert_int_equal(loader_create(&o, &l), FV_ERROR_MEMORY);
    assert_null(l);
    o.batch = 1;
    o.preprocess.channels = 2;
    assert_int_equal(loader_create(&o, &l), FV_ERROR_INVALID);
    fv_dataset_destroy(d);
}

static void statistics_by_channel(void **state)
{
    (void)state;
    image im = {0};
    assert_ok(image_reshape(&im, 8, 8, 3));
    for (int i = 0; i < 64; i++) {
        im.data[3 * i] = i % 2 ? 110 : 90; /* mean 100, deviation 10 */
        im.data[3 * i + 1] = 50;
        im.data[3 * i + 2] = i < 32 ? 0 : 255;
    }
    assert_ok(file_make_folders(in_root("a")));
    assert_ok(image_save_png(&im, in_root("a/1.png")));
    image_release(&im);
    fv_dataset *d = fv_dataset_open(test_root);
    fv_preprocess p = {.height = 8, .width = 8, .channels = 3, .crop_fraction = 1};
    float mean[3], std[3];
    for (int reverse = 0; reverse < 2; reverse++) {
        p.reverse_channels = reverse;
        assert_ok(dataset_statistics(d, &p, 10, mean, std));
        int red = reverse ? 2 : 0, blue = 2 - red;
        assert_true(fabsf(mean[red] - 100) < 1e-4f && fabsf(std[red] - 10) < 1e-4f);
        assert_true(fabsf(mean[1] - 50) < 1e-4f && std[1] == 1); /* no deviation: never divide by zero */
        assert_true(fabsf(mean[blue] - 127.5f) < 1e-4f && fabsf(std[blue] - 127.5f) < 1e-4f);
    }
    fv_dataset_destroy(d);
}

/* ---- policies ---- */

/* "standard" moves a 32 x 32 colour picture by up to 4 pixels (black comes in), and mirrors half of them. */
static void standard_for_cifar(void **state)
{
    (void)state;
    augment_policy p;
    assert_ok(augment_policy_init(&p, "standard", &colour_32));
    image im = {0};
    image_space scratch = {0};
    int flips = 0, low = 99, high = -99, n = 2000;
    for (int k = 0; k < n; k++) {
        assert_ok(image_reshape(&im, 32, 32, 3));
        for (int i = 0; i < 32 * 32; i++)
            for (int c = 0; c < 3; c++)
                im.data[3 * i + c] = (uint8_t)(100 + i % 32);
        rng r = rng_at(1, 0, (uint64_t)k);
        assert_ok(augment_policy_apply(&p, &im, &r, &scratch));
        const uint8_t *middle = im.data + (16 * 32 + 15) * 3;
        bool flipped = middle[0] > middle[3];
        int shift = middle[0] - 100 - (flipped ? 16 : 15);
        flips += flipped;
        low = shift < low ? shift : low;
        high = shift > high ? shift : high;
    }
    assert_true(low == -4 && high == 4);
    assert_true(abs(flips - n / 2) < 5 * sqrt(n) / 2);
    image_release(&im);
    image_space_release(&scratch);
    augment_policy_release(&p);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(same_bytes_for_any_threads),
        TEST(parts_are_chosen_before_decoding),
        TEST(epochs_are_permutations),
        TEST(pixels_are_the_fitted_pictures),
        TEST(classes_are_mapped),
        TEST(unreadable_pictures),
        TEST(nothing_can_be_read),
        TEST(dropped_epochs),
        TEST(bad_options),
        TEST(statistics_by_channel),
        cmocka_unit_test(standard_for_cifar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
