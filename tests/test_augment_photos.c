/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Augmentations against torchvision's on real photos, by the names and parameters of the policy language (golden/augment_photos.py):
 * sample by sample where the parameters leave nothing to chance, by the distribution of many draws where they do.
 */
#include "test_image.h"

#include <math.h>

#include "data/augment.h"
#include "golden/augment_draws.h"
#include "image/augment/auto.h"

enum {
    POLICY,
    CROP,
    AUTO,
    SIDE = 256
};

static const char *const photos[] = {"photos/imagenet-samples/n01443537_goldfish.JPEG",
                                     "photos/imagenet-samples/n01614925_bald_eagle.JPEG",
                                     "photos/imagenet-samples/n01484850_great_white_shark.JPEG"};

/*
 * The most that the samples of a result may differ by on average, and at most. Pillow drops the fraction of a bilinear mean and we
 * round it: 1 more in half of the samples. torchvision's blur adds in another order: ties. Everything else is equal.
 */
typedef struct bound {
    const char *words; /* in the policy */
    double mean;
    int most;
} bound;
static const bound bounds[] = {{"bilinear", 0.52, 1},
                               {"random_translation", 0, 0},
                               {"random_zoom", 0.52, 1},
                               {"gaussian_blur", 0.001, 1},
                               {"", 0, 0}};

static const bound *bound_of(const char *policy)
{
    const bound *b = bounds;
    while (!strstr(policy, b->words))
        b++;
    return b;
}

static image middle(int photo, int64_t height, int64_t width, int64_t channels)
{
    image whole = {0}, out = {0};
    assert_ok(image_load(test_data(photos[photo]),
                         &(image_decode_options){.channels = 3, .ignore_profile = 1}, &whole));
    assert_ok(image_reshape(&out, height, width, 3));
    int64_t top = (whole.height - height) / 2, left = (whole.width - width) / 2;
    for (int64_t y = 0; y < height; y++)
        memcpy(out.data + y * width * 3, whole.data + ((top + y) * whole.width + left) * 3,
               (size_t)width * 3);
    assert_ok(image_set_channels(&out, channels));
    image_release(&whole);
    return out;
}

static void make_policy(augment_policy *p, const char *words)
{
    assert_ok(augment_policy_init(p, words, &(augment_context){SIDE, SIDE, 3, NULL, 0}));
}

typedef struct record {
    int32_t kind, photo, channels, step;
    double a[6];
    char policy[200];
    int32_t count;
    const uint8_t *expected;
} record;

static record next(golden *g)
{
    record r = {
        .kind = golden_int(g), .photo = golden_int(g), .channels = golden_int(g), .step = golden_int(g)};
    memcpy(r.a, golden_bytes(g, sizeof r.a), sizeof r.a);
    if (r.kind == POLICY) {
        int32_t length = golden_int(g);
        assert_in_range(length, 1, sizeof r.policy - 1);
        memcpy(r.policy, golden_bytes(g, (size_t)length), (size_t)length);
    }
    r.count = golden_int(g);
    r.expected = golden_bytes(g, (size_t)r.count);
    return r;
}

/* Mean and greatest difference of the samples. */
static double compare(const record *r, const image *im, int *most)
{
    double sum = 0;
    *most = 0;
    assert_int_equal(r->count, (im->height * im->width * im->channels + r->step - 1) / r->step);
    for (int32_t i = 0; i < r->count; i++) {
        int d = abs(im->data[(int64_t)i * r->step] - r->expected[i]);
        *most = d > *most ? d : *most;
        sum += d;
    }
    return sum / r->count;
}

static int check(const record *r, const image *im, const char *name, double mean_bound, int most_bound)
{
    int most;
    double mean = compare(r, im, &most);
    bool bad = mean > mean_bound || most > most_bound;
    printf("%sphoto %d, %s: differs by %.4f on average (at most %g), by %d at most\n", bad ? "BAD: " : "",
           r->photo, name, mean, mean_bound, most);
    return bad;
}

static int check_policy(const record *r)
{
    augment_policy p;
    image_space space = {0};
    image im = middle(r->photo, SIDE, SIDE, r->channels);
    rng random = rng_at(1, 0, 0);
    make_policy(&p, r->policy);
    assert_ok(augment_policy_apply(&p, &im, &random, &space));
    const bound *b = bound_of(r->policy);
    int bad = check(r, &im, r->policy, b->mean, b->most);
    augment_policy_release(&p);
    image_space_release(&space);
    image_release(&im);
    return bad;
}

typedef struct crop {
    const record *r;
    int64_t least; /* that the part may be decoded at; 0: full scale */
} crop;

static void choose(void *user, int64_t height, int64_t width, image_region *region)
{
    const crop *c = user;
    const double *a = c->r->a;
    assert_true(a[0] + a[2] <= (double)height && a[1] + a[3] <= (double)width);
    *region = (image_region){.top = (int64_t)a[0],
                             .left = (int64_t)a[1],
                             .height = (int64_t)a[2],
                             .width = (int64_t)a[3],
                             .min_height = c->least,
                             .min_width = c->least};
}

/* As random_resized_crop does it in the loader: at full scale exactly, and with what training gains speed by, the decoder's own
 * reduction (which averages, where a resize weighs by a triangle) and its quick chroma, closely. */
static int check_crop(const record *r)
{
    int bad = 0;
    int64_t side = (int64_t)r->a[4];
    for (int quick = 0; quick < 2; quick++) {
        image part = {0}, out = {0};
        crop c = {r, quick ? side : 0};
        image_decode_options o = {
            .channels = 3, .choose = choose, .user = &c, .fast = quick, .ignore_profile = 1};
        assert_ok(image_load(test_data(photos[r->photo]), &o, &part));
        assert_ok(image_resize(&part, NULL, side, side, FV_BILINEAR, NULL, &out));
        bad += check(r, &out, quick ? "crop, quickly" : "crop", quick ? 3 : 0, quick ? 40 : 0);
        image_release(&part);
        image_release(&out);
    }
    return bad;
}

/* The magnitude is torchvision's, and so is the result. */
static int check_auto(const record *r)
{
    static const auto_space *const spaces[] = {&auto_rand, &auto_trivial, &auto_augmix};
    const auto_space *s = spaces[(int)r->a[0]];
    auto_operation operation = (auto_operation)r->a[1];
    char name[64];
    image_space space = {0};
    image im = middle(r->photo, SIDE, SIDE, r->channels);
    double ours = auto_magnitude(s, operation, (int64_t)r->a[2], (int64_t)r->a[3], SIDE, SIDE);
    assert_true(auto_is_signed(operation) || r->a[4] >= 0);
    assert_float_equal(ours, fabs(r->a[4]), 1e-4);
    assert_ok(auto_apply(&im, operation, r->a[4], &(warp_style){.filter = WARP_NEAREST}, &space));
    snprintf(name, sizeof name, "space %d, operation %d, magnitude %g", (int)r->a[0], operation, r->a[4]);
    int bad = check(r, &im, name, 0, 0);
    image_space_release(&space);
    image_release(&im);
    return bad;
}

static void pinned_ones_are_torchvisions(void **state)
{
    (void)state;
    if (!test_data("photos/imagenet-samples"))
        skip();
    golden g = golden_open("augment_photos.bin");
    int bad = 0, kinds[3] = {0};
    while (golden_more(&g)) {
        record r = next(&g);
        assert_in_range(r.kind, POLICY, AUTO);
        kinds[r.kind]++;
        bad += r.kind == POLICY ? check_policy(&r) : r.kind == CROP ? check_crop(&r) : check_auto(&r);
    }
    assert_true(kinds[POLICY] >= 60 && kinds[CROP] == 9 && kinds[AUTO] >= 100);
    assert_int_equal(bad, 0);
    golden_close(&g);
}

/* ---- by chance ---- */

enum {
    TRIALS = 1000,
    H = 80,
    W = 96,
    SAMPLES = H * W * 3
};

/* What golden/augment_draws.h has the quantiles of. */
static double draw(const augment_policy *p, const image *first, const image *second, image *im,
                   uint64_t number, image_space *space)
{
    rng r = rng_at(11, 3, number);
    memcpy(im->data, first->data, SAMPLES);
    if (augment_policy_mixes(p)) {
        float share;
        assert_ok(augment_policy_mix(p, im, second, &r, &share));
        return (double)share;
    }
    int64_t sum = 0;
    assert_ok(augment_policy_apply(p, im, &r, space));
    for (int y = BORDER; y < H - BORDER; y++)
        for (int i = (y * W + BORDER) * 3; i < (y * W + W - BORDER) * 3; i++)
            sum += abs(im->data[i] - first->data[i]);
    return (double)sum / ((H - 2 * BORDER) * (W - 2 * BORDER) * 3);
}

/* How many of our draws lie at or below a quantile of torchvision's: binomial, but that the quantile itself is estimated. Five
 * deviations; and where the statistic has steps, such as 0 for what changes nothing, it may lie on either side of one. */
static bool is_quantile(const double *values, double quantile, double part, double reach)
{
    int below = 0, at = 0;
    reach += 1e-4 + 0.01 * fabs(quantile);
    for (int i = 0; i < TRIALS; i++) {
        below += values[i] < quantile - reach;
        at += values[i] < quantile + reach;
    }
    double deviation = 5 * sqrt(part * (1 - part) * (1.0 / TRIALS + 1.0 / DRAWN));
    return below <= (part + deviation) * TRIALS && at >= (part - deviation) * TRIALS;
}

static void random_ones_are_distributed_alike(void **state)
{
    (void)state;
    if (!test_data("photos/imagenet-samples"))
        skip();
    image first = middle(0, H, W, 3), second = middle(1, H, W, 3), im = middle(0, H, W, 3);
    image_space space = {0};
    static double values[TRIALS];
    int bad = 0;
    for (size_t k = 0; k < sizeof draws / sizeof *draws; k++) {
        augment_policy p;
        double mean = 0,
               reach = strstr(draws[k].policy, "aug_mix") ? 0.5 : 0; /* torchvision drops the fraction */
        make_policy(&p, draws[k].policy);
        for (int i = 0; i < TRIALS; i++)
            mean += (values[i] = draw(&p, &first, &second, &im, (uint64_t)i, &space)) / TRIALS;
        for (int q = 0; q < QUANTILES; q++)
            if (!is_quantile(values, draws[k].quantiles[q], (q + 1) / (QUANTILES + 1.0), reach)) {
                print_error("%s: %g is no %d/%d quantile\n", draws[k].policy, draws[k].quantiles[q], q + 1,
                            QUANTILES + 1);
                bad++;
            }
        printf("%s: %.3f on average\n", draws[k].policy, mean);
        augment_policy_release(&p);
    }
    assert_int_equal(bad, 0);
    image_space_release(&space);
    image_release(&first);
    image_release(&second);
    image_release(&im);
}

/* Every sample is as the share says: of mixup a blend, of cutmix whole pixels of either. */
static void mixed_as_the_share_says(void **state)
{
    (void)state;
    image a = noise(1, H, W, 3), b = noise(2, H, W, 3), im = noise(1, H, W, 3);
    augment_policy mixup, cutmix;
    make_policy(&mixup, "[mixup]");
    make_policy(&cutmix, "[cutmix]");
    for (uint64_t number = 0; number < 200; number++) {
        float share;
        rng r = rng_at(5, 0, number);
        memcpy(im.data, a.data, SAMPLES);
        assert_ok(augment_policy_mix(&mixup, &im, &b, &r, &share));
        for (int i = 0; i < SAMPLES; i++)
            assert_true(fabs(im.data[i] - (double)share * a.data[i] - (1 - (double)share) * b.data[i]) <=
                        0.5 + 255.0 / 65536);
        memcpy(im.data, a.data, SAMPLES);
        assert_ok(augment_policy_mix(&cutmix, &im, &b, &r, &share));
        int kept = 0;
        for (int i = 0; i < SAMPLES; i += 3) {
            bool own = memcmp(im.data + i, a.data + i, 3) == 0;
            assert_true(own || memcmp(im.data + i, b.data + i, 3) == 0);
            kept += own;
        }
        assert_float_equal(share, (double)kept / (H * W), 1e-6);
    }
    augment_policy_release(&mixup);
    augment_policy_release(&cutmix);
    image_release(&a);
    image_release(&b);
    image_release(&im);
}

/* The shares of AugMix's chains and of the picture sum to one: where the operations change nothing, nor does the mixture. At
 * strength 0 none changes a picture that is half black and half white. */
static void mixtures_are_whole(void **state)
{
    (void)state;
    image_space space = {0};
    image im = noise(1, H, W, 3), first = noise(1, H, W, 3);
    for (int i = 0; i < SAMPLES; i++)
        first.data[i] = i / 3 % 2 ? 255 : 0;
    void *parameters = calloc(1, augment_aug_mix.size);
    for (uint64_t number = 0; number < 300; number++) {
        rng r = rng_at(5, 0, number);
        memcpy(im.data, first.data, SAMPLES);
        assert_ok(augment_aug_mix.apply(parameters, 0, &im, &r, &space));
        assert_true(same_picture(&im, &first));
    }
    free(parameters);
    image_space_release(&space);
    image_release(&im);
    image_release(&first);
}

/* The rectangle has torchvision's size for the area and the shape, lies anywhere, and nothing else changes. */
static void erases_a_rectangle(void **state)
{
    (void)state;
    augment_policy p;
    image_space space = {0};
    image first = noise(3, H, W, 3), im = noise(3, H, W, 3);
    make_policy(&p, "[random_erasing: {scale: [0.1, 0.1], ratio: [0.5, 0.5], value: [1, 2, 3], p: 1}]");
    const int height = (int)rint(sqrt(0.1 * H * W * 0.5)), width = (int)rint(sqrt(0.1 * H * W / 0.5));
    int tops[H] = {0}, lefts[W] = {0};
    for (uint64_t number = 0; number < 500; number++) {
        rng r = rng_at(5, 0, number);
        memcpy(im.data, first.data, SAMPLES);
        assert_ok(augment_policy_apply(&p, &im, &r, &space));
        int changed = 0, top = -1, left = -1;
        for (int i = 0; i < H * W; i++)
            if (memcmp(im.data + 3 * i, first.data + 3 * i, 3) != 0) {
                assert_memory_equal(im.data + 3 * i, ((const uint8_t[3]){1, 2, 3}), 3);
                top = top < 0 ? i / W : top;
                left = left < 0 || i % W < left ? i % W : left;
                changed++;
            }
        assert_int_equal(changed, height * width);
        assert_memory_equal(im.data + 3 * ((top + height - 1) * W + left + width - 1),
                            ((const uint8_t[3]){1, 2, 3}), 3);
        tops[top]++;
        lefts[left]++;
    }
    assert_true(tops[0] > 0 && tops[H - height] > 0 && lefts[0] > 0 && lefts[W - width] > 0);
    augment_policy_release(&p);
    image_space_release(&space);
    image_release(&first);
    image_release(&im);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pinned_ones_are_torchvisions), cmocka_unit_test(random_ones_are_distributed_alike),
        cmocka_unit_test(mixed_as_the_share_says),      cmocka_unit_test(mixtures_are_whole),
        cmocka_unit_test(erases_a_rectangle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
