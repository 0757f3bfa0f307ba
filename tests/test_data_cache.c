/* SPDX-License-Identifier: Apache-2.0 */
/* data: the cache of decoded pictures gives the same bytes whatever is kept, where and by whom; and does without what it cannot
 * keep or read. */
#include "test_data.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "core/text.h"
#include "data/loader.h"

enum {
    SIDE = 12,
    BATCH = 8,
    EACH = 8, /* pictures of a class: of 2 */
    PICTURES = 2 * EACH,
    BYTES = PICTURES * SIDE * SIDE * 3 /* of an epoch */
};

static augment_step crop = {.what = &augment_random_resized_crop, .strength = 1, .probability = 0.8f};
static const augment_policy cropping = {.steps = &crop, .count = 1};

static void put_jpeg(const char *name, int64_t height, int64_t width, int tone)
{
    image im = {0};
    uint8_t *bytes;
    size_t size;
    assert_ok(image_reshape(&im, height, width, 3));
    for (int64_t i = 0; i < height * width * 3; i++)
        im.data[i] = (uint8_t)(tone + i / 5 * 3 + i % 11);
    assert_ok(image_encode_jpeg(&im, 90, &bytes, &size));
    put_file(name, bytes, size);
    free(bytes);
    image_release(&im);
}

/* JPEG and PNG pictures up to `largest` on a side. */
static fv_dataset *make_data(const char *folder, int64_t largest)
{
    char name[100];
    for (int i = 0; i < PICTURES; i++) {
        int64_t height = largest - i % 5, width = largest - i % 3;
        snprintf(name, sizeof name, "%s/c%d/%02d.%s", folder, i % 2, i, i % 4 < 2 ? "jpg" : "png");
        if (i % 4 < 2)
            put_jpeg(name, height, width, 10 * i);
        else
            put_picture(name, height, width, 3, 10 * i);
    }
    fv_dataset *d = fv_dataset_open(in_root(folder), .validation_split = FV_OFF);
    assert_non_null(d);
    return d;
}

static loader_options options_for(const fv_dataset *d, const augment_policy *policy, const char *cache,
                                  int threads)
{
    return (loader_options){.data = d,
                            .preprocess = {.height = SIDE, .width = SIDE, .channels = 3, .crop_fraction = 1},
                            .augment = policy,
                            .batch = BATCH,
                            .shuffle = true,
                            .reduced_decode = true,
                            .seed = 3,
                            .threads = threads,
                            .cache = cache};
}

static void run_epoch(loader *l, int64_t epoch, uint8_t pixels[BYTES])
{
    size_t at = 0;
    assert_ok(loader_start(l, epoch, 0));
    for (const batch *b;;) {
        assert_ok(loader_next(l, &b));
        if (!b)
            break;
        assert_true(at < BYTES);
        memcpy(pixels + at, b->pixels, BYTES / 2);
        at += BYTES / 2;
        loader_done(l, b);
    }
    assert_int_equal(at, BYTES);
}

/* Three epochs of a loader with these options, against those of `expected`; NULL: they are written there. */
static void run(const loader_options *o, uint8_t expected[3][BYTES], bool write)
{
    uint8_t pixels[BYTES];
    loader *l;
    assert_ok(loader_create(o, &l));
    for (int64_t epoch = 0; epoch < 3; epoch++) {
        run_epoch(l, epoch, write ? expected[epoch] : pixels);
        if (!write)
            assert_memory_equal(pixels, expected[epoch], BYTES);
    }
    assert_int_equal(loader_skipped(l), 0);
    loader_destroy(l);
}

static const char *on_disk(const char *folder)
{
    static char where[512];
    snprintf(where, sizeof where, "disk:%s", in_root(folder));
    return where;
}

/* The same bytes: kept in memory, on disk, by a second run from disk, partly, not at all; by one thread and by eight. */
static void same_bytes_whatever_is_kept(void **state)
{
    (void)state;
    static uint8_t expected[3][BYTES];
    fv_dataset *d = make_data("same", 90);
    const augment_policy *const policies[] = {&cropping, NULL};
    for (int k = 0; k < 2; k++) {
        loader_options o = options_for(d, policies[k], "ram", 1);
        run(&o, expected, true);
        for (int threads = 1; threads <= 8; threads += 7)
            for (size_t limit = 0; limit < 30000; limit = limit * 20 + 1) {
                o = options_for(d, policies[k], "ram", threads);
                o.cache_limit = limit;
                run(&o, expected, false);
                o.cache = on_disk("same-cache");
                run(&o, expected, false);
            }
        if (!policies[k]) { /* what is kept is then what is made without a cache */
            o = options_for(d, NULL, NULL, 2);
            run(&o, expected, false);
        }
    }
    fv_dataset_destroy(d);
}

/* Pictures that are decoded at full scale anyway: parts are the same with a cache and without. */
static void small_pictures_are_the_same_without_a_cache(void **state)
{
    (void)state;
    static uint8_t expected[3][BYTES];
    fv_dataset *d = make_data("small", 2 * SIDE - 2);
    loader_options o = options_for(d, &cropping, "ram", 2);
    run(&o, expected, true);
    o.cache = NULL;
    run(&o, expected, false);
    fv_dataset_destroy(d);
}

/* A PNG of 96 x 96 is averaged to 24 x 24, the smallest that is at least 18: parts are cut out of that. */
static void parts_are_cut_from_the_reduced_picture(void **state)
{
    (void)state;
    put_picture("png/a/1.png", 96, 96, 3, 5);
    put_picture("png/b/2.png", 96, 96, 3, 50);
    fv_dataset *d = fv_dataset_open(in_root("png"), .validation_split = FV_OFF);
    assert_non_null(d);
    augment_step always = crop;
    always.probability = 1;
    const augment_policy policy = {.steps = &always, .count = 1};
    loader_options o = options_for(d, &policy, "ram", 1);
    o.batch = 2;
    o.shuffle = false;
    loader *l;
    const batch *b;
    assert_ok(loader_create(&o, &l));
    for (int64_t epoch = 0; epoch < 4; epoch++) {
        assert_ok(loader_start(l, epoch, 0));
        assert_ok(loader_next(l, &b));
        for (int64_t i = 0; i < 2; i++) {
            image whole = {0}, small = {0}, part = {0}, made = {0};
            rng r = rng_at(o.seed, (uint32_t)epoch, (uint64_t)i);
            image_region region = {0}, scaled;
            assert_ok(image_load(in_root(i ? "png/b/2.png" : "png/a/1.png"), NULL, &whole));
            assert_ok(image_resize(&whole, NULL, 24, 24, FV_BOX, NULL, &small));
            crop.what->choose(NULL, 1, 96, 96, &r, &region);
            scaled.top = (region.top + 2) / 4;
            scaled.left = (region.left + 2) / 4;
            scaled.height = (region.top + region.height + 2) / 4 - scaled.top;
            scaled.width = (region.left + region.width + 2) / 4 - scaled.left;
            assert_ok(image_copy_part(&small, &scaled, &part));
            assert_ok(image_resize(&part, NULL, SIDE, SIDE, FV_BILINEAR, NULL, &made));
            assert_memory_equal(b->pixels + i * SIDE * SIDE * 3, made.data, SIDE * SIDE * 3);
            image_release(&whole);
            image_release(&small);
            image_release(&part);
            image_release(&made);
        }
        loader_done(l, b);
    }
    loader_destroy(l);
    fv_dataset_destroy(d);
}

static void the_limit_is_kept(void **state)
{
    (void)state;
    static uint8_t pixels[BYTES];
    fv_dataset *d = make_data("limit", 50);
    const char *const places[] = {"ram", on_disk("limit-cache")};
    for (int k = 0; k < 2; k++) {
        loader *l;
        loader_options o = options_for(d, &cropping, places[k], 8);
        o.cache_limit = 6 * 25 * 25 * 3; /* pictures of 50 x 50 are kept at half their size */
        assert_ok(loader_create(&o, &l));
        run_epoch(l, 0, pixels);
        run_epoch(l, 1, pixels);
        assert_true(cache_count(loader_cache(l)) >= 6 && cache_count(loader_cache(l)) < PICTURES);
        assert_true(cache_bytes(loader_cache(l)) <= o.cache_limit);
        loader_destroy(l);
    }
    fv_dataset_destroy(d);
}

/* Overwrites a file with zeros, and leaves its size and, when asked, its time. */
static void spoil(const char *path, bool keep_time)
{
    struct stat s;
    assert_int_equal(stat(path, &s), 0);
    FILE *f = fopen(path, "r+b");
    for (off_t i = 0; i < s.st_size; i++)
        fputc(0, f);
    fclose(f);
    struct timespec times[2] = {s.st_atim, s.st_mtim};
    times[1].tv_sec += keep_time ? 0 : 5;
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* The second run finds all pictures, and does not open their files any more; when one has changed they are decoded again. */
static void the_file_is_used_again(void **state)
{
    (void)state;
    static uint8_t expected[3][BYTES], pixels[BYTES];
    fv_dataset *d = make_data("again", 60);
    loader_options o = options_for(d, &cropping, on_disk("again-cache"), 4);
    run(&o, expected, true);
    spoil(in_root("again/c0/00.jpg"), true);
    loader *l;
    assert_ok(loader_create(&o, &l));
    assert_int_equal(cache_count(loader_cache(l)), PICTURES);
    run_epoch(l, 1, pixels);
    assert_memory_equal(pixels, expected[1], BYTES);
    text problem = {0};
    assert_false(loader_cache_problem(l, &problem));
    loader_destroy(l);

    spoil(in_root("again/c0/00.jpg"), false);
    assert_ok(loader_create(&o, &l));
    assert_int_equal(cache_count(loader_cache(l)), 0);
    run_epoch(l, 1, pixels);
    assert_int_equal(loader_skipped(l), 1);
    loader_destroy(l);
    fv_dataset_destroy(d);
}

/* The path of the only file in a folder. */
static const char *only_file(const char *folder)
{
    file_list list;
    static char path[512];
    assert_ok(file_list_folder(&list, in_root(folder)));
    assert_int_equal(list.count, 1);
    snprintf(path, sizeof path, "%s/%s", in_root(folder), list.names[0]);
    file_list_release(&list);
    return path;
}

static void flip(const char *path, long offset, int whence)
{
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, offset, whence), 0);
    int c = fgetc(f);
    assert_int_equal(fseek(f, -1, SEEK_CUR), 0);
    fputc(c ^ 0x40, f);
    fclose(f);
}

/* A bit of a picture, of an entry and of the header; a file that is cut short, and one that is something else: the batches are
 * right, and a message names the file. */
static void damage_is_seen(void **state)
{
    (void)state;
    static uint8_t expected[3][BYTES];
    fv_dataset *d = make_data("damage", 60);
    loader_options o = options_for(d, &cropping, on_disk("damage-cache"), 4);
    run(&o, expected, true);
    for (int how = 0; how < 6; how++) {
        const char *path = only_file("damage-cache");
        if (how == 0)
            flip(path, -1, SEEK_END);
        if (how == 1)
            flip(path, 4096 + 48 * 3 + 12, SEEK_SET);
        if (how == 2)
            flip(path, 20, SEEK_SET);
        if (how == 3)
            assert_int_equal(truncate(path, 4096 + 48 * PICTURES + 1000), 0);
        if (how == 4)
            assert_int_equal(truncate(path, 5000), 0);
        if (how == 5)
            spoil(path, true);
        loader *l;
        uint8_t pixels[BYTES];
        text problem = {0};
        assert_ok(loader_create(&o, &l));
        for (int64_t epoch = 0; epoch < 3; epoch++) {
            run_epoch(l, epoch, pixels);
            assert_memory_equal(pixels, expected[epoch], BYTES);
        }
        assert_true(loader_cache_problem(l, &problem));
        assert_non_null(strstr(text_string(&problem), path));
        assert_non_null(strstr(text_string(&problem), "damaged"));
        assert_int_equal(cache_count(loader_cache(l)), PICTURES);
        text_release(&problem);
        assert_false(loader_cache_problem(l, &problem));
        loader_destroy(l);
        run(&o, expected, false);
    }
    fv_dataset_destroy(d);
}

/* Files may not grow beyond some pictures: the others are decoded every time, and a message says so. */
static void a_full_disk_is_done_without(void **state)
{
    (void)state;
    static uint8_t expected[3][BYTES], pixels[BYTES];
    fv_dataset *d = make_data("full", 60);
    loader_options o = options_for(d, &cropping, "ram", 4);
    run(&o, expected, true);
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 4096 + 48 * PICTURES + 10000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    loader *l;
    o.cache = on_disk("full-cache");
    fv_status status = loader_create(&o, &l);
    for (int64_t epoch = 0; status == FV_OK && epoch < 3; epoch++) {
        run_epoch(l, epoch, pixels);
        assert_memory_equal(pixels, expected[epoch], BYTES);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, FV_OK);
    text problem = {0};
    assert_true(loader_cache_problem(l, &problem));
    assert_non_null(strstr(text_string(&problem), "File too large"));
    text_release(&problem);
    assert_true(cache_count(loader_cache(l)) < PICTURES);
    loader_destroy(l);
    run(&o, expected, false); /* what was kept is right */
    fv_dataset_destroy(d);
}

/* Two processes with one folder, four times; each has the right bytes, and so does who comes after them. */
static void two_processes_share_a_folder(void **state)
{
    (void)state;
    static uint8_t expected[3][BYTES];
    fv_dataset *d = make_data("two", 60);
    loader_options o = options_for(d, &cropping, "ram", 2);
    run(&o, expected, true);
    for (int turn = 0; turn < 4; turn++) {
        char folder[32];
        snprintf(folder, sizeof folder, "two-cache-%d", turn / 2); /* made by both, then there already */
        o.cache = on_disk(folder);
        pid_t other = fork();
        if (other == 0) {
            uint8_t pixels[BYTES];
            loader *l;
            bool right = loader_create(&o, &l) == FV_OK;
            for (int64_t epoch = 0; right && epoch < 3; epoch++) {
                run_epoch(l, epoch, pixels);
                right = memcmp(pixels, expected[epoch], BYTES) == 0;
            }
            _exit(right ? 0 : 1);
        }
        run(&o, expected, false);
        int code;
        assert_int_equal(waitpid(other, &code, 0), other);
        assert_int_equal(code, 0);
    }
    run(&o, expected, false);
    fv_dataset_destroy(d);
}

static void words_are_checked(void **state)
{
    (void)state;
    fv_dataset *d = make_data("words", 30);
    loader *l;
    const char *const wrong[] = {"disc", "disk:", "RAM", "", "ram:"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        loader_options o = options_for(d, NULL, wrong[i], 1);
        assert_int_equal(loader_create(&o, &l), FV_ERROR_INVALID);
        assert_non_null(strstr(fv_error_message(), "disk:FOLDER"));
    }
    loader_options o = options_for(d, NULL, "disk:/dev/null/none", 1);
    assert_int_not_equal(loader_create(&o, &l), FV_OK);
    assert_non_null(strstr(fv_error_message(), "/dev/null"));
    o.cache = "none";
    assert_ok(loader_create(&o, &l));
    assert_null(loader_cache(l));
    loader_destroy(l);
    fv_dataset_destroy(d);
}

int main(void)
{
    signal(SIGXFSZ, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(same_bytes_whatever_is_kept, make_root, remove_root),
        cmocka_unit_test_setup_teardown(small_pictures_are_the_same_without_a_cache, make_root, remove_root),
        cmocka_unit_test_setup_teardown(parts_are_cut_from_the_reduced_picture, make_root, remove_root),
        cmocka_unit_test_setup_teardown(the_limit_is_kept, make_root, remove_root),
        cmocka_unit_test_setup_teardown(the_file_is_used_again, make_root, remove_root),
        cmocka_unit_test_setup_teardown(damage_is_seen, make_root, remove_root),
        cmocka_unit_test_setup_teardown(a_full_disk_is_done_without, make_root, remove_root),
        cmocka_unit_test_setup_teardown(two_processes_share_a_folder, make_root, remove_root),
        cmocka_unit_test_setup_teardown(words_are_checked, make_root, remove_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
