/* SPDX-License-Identifier: Apache-2.0 */
/* The loader's targets, mixed pictures and balanced classes: what they are, whatever the threads and where an epoch is entered. */
#include "test_data.h"

#include <math.h>

#include "data/loader.h"

enum {
    SIDE = 12,
    BYTES = SIDE * SIDE * 3,
    BATCH_SIZE = 8,
    MANY = 33 /* pictures; classes, too, where each picture is to be known by its target */
};

static fv_preprocess small_input(void)
{
    return (fv_preprocess){.height = SIDE, .width = SIDE, .channels = 3, .crop_fraction = 1};
}

static fv_dataset *open_root(const char *name)
{
    fv_dataset *d = fv_dataset_open(in_root(name), .validation_split = FV_OFF);
    if (!d)
        fail_msg("%s", fv_error_message());
    return d;
}

/* A class each. */
static fv_dataset *make_singles(void)
{
    char name[100];
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "d/c%02d/a.png", i);
        put_picture(name, SIDE, SIDE, 3, 53 * i);
    }
    return open_root("d");
}

/* counts[c] pictures of class c. */
static fv_dataset *make_uneven(const int *counts, int classes)
{
    char name[100];
    for (int c = 0; c < classes; c++)
        for (int i = 0; i < counts[c]; i++) {
            snprintf(name, sizeof name, "d/c%d/%03d.png", c, i);
            put_picture(name, SIDE, SIDE, 3, 20 * i + 90 * c);
        }
    return open_root("d");
}

static fv_dataset *make_multi_label(void)
{
    const char *rows =
        "file,a,b,c\n0.png,1,0,1\n1.png,0,0,0\n2.png,0,1,0\n3.png,1,1,1\n4.png,1,0,0\n5.png,1,0,0\n";
    char name[100];
    for (int i = 0; i < 6; i++) {
        snprintf(name, sizeof name, "%d.png", i);
        put_picture(name, SIDE, SIDE, 3, 40 * i);
    }
    put_file("t.csv", rows, strlen(rows));
    fv_dataset *d = open_root("t.csv");
    assert_true(fv_dataset_is_multi_label(d));
    return d;
}

/* An epoch from batch `first` on. */
typedef struct epoch_data {
    int64_t places, classes;
    uint8_t *pixels;
    float *targets, *weights;
    int64_t *indices;
    int32_t *labels;
} epoch_data;

static epoch_data run_epoch(loader *l, const loader_options *o, int64_t epoch, int64_t first)
{
    size_t most = (size_t)(loader_batches(l) * o->batch), k = (size_t)o->classes;
    epoch_data e = {.classes = o->classes,
                    .pixels = malloc(most * BYTES),
                    .targets = calloc(most * (k ? k : 1), sizeof(float)),
                    .weights = malloc(most * sizeof(float)),
                    .indices = malloc(most * sizeof(int64_t)),
                    .labels = malloc(most * sizeof(int32_t))};
    assert_ok(loader_start(l, epoch, first));
    for (const batch *b;;) {
        assert_ok(loader_next(l, &b));
        if (!b)
            break;
        size_t n = (size_t)o->batch, at = (size_t)e.places;
        memcpy(e.pixels + at * BYTES, b->pixels, n * BYTES);
        assert_true((b->targets != NULL) == (k > 0));
        if (k > 0)
            memcpy(e.targets + at * k, b->targets, n * k * sizeof(float));
        memcpy(e.weights + at, b->weights, n * sizeof(float));
        memcpy(e.indices + at, b->indices, n * sizeof(int64_t));
        memcpy(e.labels + at, b->labels, n * sizeof(int32_t));
        e.places += o->batch;
        loader_done(l, b);
    }
    return e;
}

static void epoch_free(epoch_data *e)
{
    free(e->pixels);
    free(e->targets);
    free(e->weights);
    free(e->indices);
    free(e->labels);
}

static void assert_same_from(const epoch_data *a, int64_t from, const epoch_data *b)
{
    size_t n = (size_t)b->places, at = (size_t)from, k = (size_t)a->classes;
    assert_int_equal(a->places - from, b->places);
    assert_memory_equal(a->pixels + at * BYTES, b->pixels, n * BYTES);
    assert_memory_equal(a->targets + at * k, b->targets, n * k * sizeof(float));
    assert_memory_equal(a->weights + at, b->weights, n * sizeof(float));
    assert_memory_equal(a->indices + at, b->indices, n * sizeof(int64_t));
    assert_memory_equal(a->labels + at, b->labels, n * sizeof(int32_t));
}

/* The same with 1 and with 8 threads, and when entered at batch 2. */
static void assert_same_for_any_threads(loader_options o)
{
    loader *one, *many;
    o.threads = 1;
    assert_ok(loader_create(&o, &one));
    o.threads = 8;
    o.ring = 3;
    assert_ok(loader_create(&o, &many));
    for (int64_t epoch = 0; epoch < 5; epoch++) {
        epoch_data a = run_epoch(one, &o, epoch, 0), b = run_epoch(many, &o, epoch, 0),
                   rest = run_epoch(many, &o, epoch, 2), next = run_epoch(one, &o, epoch + 1, 0);
        assert_int_equal(a.places, loader_batches(one) * o.batch);
        assert_same_from(&a, 0, &b);
        assert_same_from(&a, 2 * o.batch, &rest);
        assert_memory_not_equal(a.indices, next.indices, (size_t)a.places * sizeof(int64_t));
        epoch_free(&a);
        epoch_free(&b);
        epoch_free(&rest);
        epoch_free(&next);
    }
    loader_destroy(one);
    loader_destroy(many);
}

/* ---- targets ---- */

static void one_hot(void **state)
{
    (void)state;
    fv_dataset *d = make_uneven((const int[]){5, 4, 3}, 3);
    int32_t map[] = {3, -1, 0};
    loader_options o = {.data = d,
                        .preprocess = small_input(),
                        .batch = 5,
                        .shuffle = true,
                        .threads = 2,
                        .class_map = map,
                        .classes = 4};
    loader *l;
    assert_ok(loader_create(&o, &l));
    assert_int_equal(loader_samples(l), 8);
    epoch_data e = run_epoch(l, &o, 0, 0);
    for (int64_t i = 0; i < e.places; i++)
        for (int64_t k = 0; k < 4; k++)
            assert_true(e.targets[i * 4 + k] == (k == e.labels[i]));
    epoch_free(&e);
    loader_destroy(l);
    fv_dataset_destroy(d);
}

static void multi_hot(void **state)
{
    (void)state;
    fv_dataset *d = make_multi_label();
    static const float all[6][3] = {{1, 0, 1}, {0, 0, 0}, {0, 1, 0}, {1, 1, 1}, {1, 0, 0}, {1, 0, 0}};
    static const int32_t labels[] = {0, -1, 1, 0, 0, 0};
    loader_options o = {.data = d, .preprocess = small_input(), .batch = 8, .threads = 2, .classes = 3};
    loader *l;
    assert_ok(loader_create(&o, &l));
    epoch_data e = run_epoch(l, &o, 0, 0);
    for (int64_t i = 0; i < 8; i++) {
        assert_memory_equal(e.targets + i * 3, all[i % 6], sizeof all[0]);
        assert_int_equal(e.labels[i], labels[i % 6]);
        assert_true(e.weights[i] == (i < 6));
    }
    epoch_free(&e);
    loader_destroy(l);
    /* A picture takes part when all of its classes are known; one without classes always does. */
    int32_t map[] = {1, -1, 0};
    o.class_map = map;
    o.classes = 2;
    assert_ok(loader_create(&o, &l));
    assert_int_equal(loader_samples(l), 4);
    e = run_epoch(l, &o, 0, 0);
    assert_int_equal(e.indices[0], 0);
    assert_memory_equal(e.targets, ((float[]){1, 1, 0, 0, 0, 1, 0, 1}), 8 * sizeof(float));
    epoch_free(&e);
    loader_destroy(l);
    fv_dataset_destroy(d);
}

/* ---- mixing ---- */

/* The sample that the target says was mixed in, -1 where it cannot be told, and what remains of the first. */
static int64_t partner_of(const epoch_data *e, int64_t i, float *share)
{
    const float *t = e->targets + i * MANY;
    int64_t partner = -1;
    float sum = 0;
    *share = t[e->labels[i]];
    for (int64_t k = 0; k < MANY; k++) {
        sum += t[k];
        if (t[k] > 0 && k != e->labels[i]) {
            assert_int_equal(partner, -1);
            partner = k;
        }
    }
    assert_float_equal(sum, 1, 1e-6);
    return partner;
}

static bool stands_in_batch(const epoch_data *e, int64_t place, int64_t sample)
{
    int64_t first = place / BATCH_SIZE * BATCH_SIZE;
    for (int64_t i = first; i < first + BATCH_SIZE; i++)
        if (e->indices[i] == sample && e->weights[i] > 0)
            return true;
    return false;
}

/* With a class for each picture the targets say what each was mixed from, and the pixels agree. */
static void check_mixing(fv_dataset *d, const augmentation *what, const augment_policy *policy)
{
    loader_options o = {.data = d,
                        .preprocess = small_input(),
                        .batch = BATCH_SIZE,
                        .shuffle = true,
                        .seed = 3,
                        .threads = 3,
                        .classes = MANY};
    loader *plain, *mixed;
    assert_ok(loader_create(&o, &plain));
    o.augment = policy;
    assert_ok(loader_create(&o, &mixed));
    int told = 0;
    double shares = 0;
    for (int64_t epoch = 0; epoch < 4; epoch++) {
        epoch_data a = run_epoch(plain, &o, epoch, 0), b = run_epoch(mixed, &o, epoch, 0);
        assert_memory_equal(a.indices, b.indices, (size_t)a.places * sizeof(int64_t));
        assert_memory_equal(a.weights, b.weights, (size_t)a.places * sizeof(float));
        const uint8_t *unmixed[MANY] = {0};
        for (int64_t i = 0; i < a.places; i++)
            if (a.weights[i] > 0)
                unmixed[a.indices[i]] = a.pixels + i * BYTES;
        for (int64_t i = 0; i < a.places; i++) {
            const uint8_t *x = a.pixels + i * BYTES, *y = b.pixels + i * BYTES;
            float share;
            int64_t partner = partner_of(&b, i, &share);
            if (partner < 0) { /* nothing was mixed in, or itself */
                assert_memory_equal(x, y, BYTES);
                continue;
            }
            assert_true(b.weights[i] > 0 && stands_in_batch(&b, i, partner));
            const uint8_t *z = unmixed[partner];
            int taken = 0;
            for (int p = 0; p < BYTES; p++) {
                double blend = (double)share * x[p] + (1 - (double)share) * z[p];
                if (what == &augment_mixup)
                    assert_true(fabs(blend - y[p]) <= 0.5 + 1e-3);
                else
                    assert_true(y[p] == x[p] || y[p] == z[p]);
                taken += y[p] == z[p];
            }
            if (what == &augment_cutmix) /* at least the box; further bytes may happen to be equal */
                assert_true(taken >= (int)lround((1 - (double)share) * BYTES));
            told++;
            shares += (double)share;
        }
        epoch_free(&a);
        epoch_free(&b);
    }
    assert_true(told > 80);
    assert_true(shares / told > 0.3 && shares / told < 0.75); /* Beta(1, 1), cut off at borders */
    loader_destroy(plain);
    loader_destroy(mixed);
}

static void mixed_pictures(void **state)
{
    (void)state;
    fv_dataset *d = make_singles();
    const struct {
        const augmentation *what;
        float mixup, cutmix;
    } list[] = {{&augment_mixup, 1, 0}, {&augment_cutmix, 0, 1}};
    for (int i = 0; i < 2; i++) {
        augment_policy policy = {0};
        assert_ok(augment_policy_add_extras(&policy, 0, list[i].mixup, list[i].cutmix));
        check_mixing(d, list[i].what, &policy);
        augment_policy_release(&policy);
    }
    fv_dataset_destroy(d);
}

/* An unreadable picture is no partner, and no weight comes back to it. */
static void unreadable_partners(void **state)
{
    (void)state;
    fv_dataset *d = make_singles();
    put_file("d/c05/a.png", "not a picture", 13);
    put_file("d/c32/a.png", "not a picture", 13);
    augment_policy policy = {0};
    assert_ok(augment_policy_add_extras(&policy, 0, 1, 0));
    check_mixing(d, &augment_mixup, &policy);
    augment_policy_release(&policy);
    fv_dataset_destroy(d);
}

static void mixing_for_any_threads(void **state)
{
    (void)state;
    fv_dataset *d = make_uneven((const int[]){11, 9, 13}, 3);
    augment_policy policy;
    assert_ok(augment_policy_init(&policy, "strong", &(augment_context){SIDE, SIDE, 3, NULL, 0}));
    assert_ok(augment_policy_add_extras(&policy, 0.2f, 0.4f, 1));
    loader_options o = {.data = d,
                        .preprocess = small_input(),
                        .augment = &policy,
                        .batch = BATCH_SIZE,
                        .shuffle = true,
                        .seed = 5,
                        .classes = 3};
    assert_same_for_any_threads(o);
    o.class_weights = (const float[]){0.5f, 2, 1.25f};
    assert_same_for_any_threads(o);
    o.balanced = true;
    assert_same_for_any_threads(o);
    loader *l;
    o.threads = 1;
    o.classes = 0;
    assert_int_equal(loader_create(&o, &l),
                     FV_ERROR_INVALID); /* there would be nowhere to put mixed labels */
    augment_policy_release(&policy);
    fv_dataset_destroy(d);
}

/* ---- balance ---- */

/* Every class as often as any other in an epoch of the same length, within a class no picture twice more than another, and
 * over many epochs all alike. */
static void balanced_sampler(void **state)
{
    (void)state;
    enum {
        CLASSES = 4,
        TOTAL = 3 + 17 + 40 + 1,
        EPOCHS = 400
    };
    static const int counts[] = {3, 17, 40, 1};
    fv_dataset *d = make_uneven(counts, CLASSES);
    loader_options o = {.data = d,
                        .preprocess = small_input(),
                        .batch = 61,
                        .shuffle = true,
                        .seed = 2,
                        .threads = 2,
                        .balanced = true};
    loader *l;
    assert_ok(loader_create(&o, &l));
    assert_int_equal(loader_samples(l), TOTAL);
    int drawn[TOTAL] = {0}, extra[CLASSES] = {0};
    for (int64_t epoch = 0; epoch < EPOCHS; epoch++) {
        epoch_data e = run_epoch(l, &o, epoch, 0);
        int by_class[CLASSES] = {0}, here[TOTAL] = {0};
        assert_int_equal(e.places, TOTAL);
        for (int64_t i = 0; i < TOTAL; i++) {
            assert_true(e.weights[i] == 1);
            by_class[e.labels[i]]++;
            here[e.indices[i]]++;
            drawn[e.indices[i]]++;
        }
        for (int c = 0; c < CLASSES; c++) { /* 61 = 4 * 15 + 1 */
            assert_true(by_class[c] == 15 || by_class[c] == 16);
            extra[c] += by_class[c] - 15;
        }
        for (int i = 0; i < TOTAL; i++) {
            int64_t c = fv_dataset_label(d, i), low = by_class[c] / counts[c];
            assert_true(here[i] == low || here[i] == low + 1);
        }
        epoch_free(&e);
    }
    for (int c = 0; c < CLASSES; c++) { /* the place that is left: binomial, within 4.5 deviations */
        double p = 1.0 / CLASSES;
        assert_true(fabs(extra[c] - EPOCHS * p) < 4.5 * sqrt(EPOCHS * p * (1 - p)));
    }
    for (int i = 0; i < TOTAL;
         i++) { /* an epoch's draws of a picture have at most a Bernoulli's variance, and the class's */
        double mean = (double)EPOCHS * TOTAL / CLASSES / counts[fv_dataset_label(d, i)];
        assert_true(fabs(drawn[i] - mean) < 4.5 * sqrt(EPOCHS * 0.5));
    }
    loader_destroy(l);
    fv_dataset_destroy(d);
}

/* A picture that an epoch has several times is changed differently each time. */
static void repeats_differ(void **state)
{
    (void)state;
    fv_dataset *d = make_uneven((const int[]){1, 31}, 2);
    augment_policy policy;
    assert_ok(augment_policy_init(&policy, "[random_rotation: {degrees: 90}]",
                                  &(augment_context){SIDE, SIDE, 3, NULL, 0}));
    loader_options o = {.data = d,
                        .preprocess = small_input(),
                        .augment = &policy,
                        .batch = 32,
                        .shuffle = true,
                        .threads = 2,
                        .balanced = true};
    loader *l;
    assert_ok(loader_create(&o, &l));
    epoch_data e = run_epoch(l, &o, 0, 0);
    int repeats = 0;
    for (int64_t i = 0, before = -1; i < 32; i++)
        if (e.labels[i] == 0) {
            if (before >= 0)
                assert_memory_not_equal(e.pixels + i * BYTES, e.pixels + before * BYTES, BYTES);
            before = i;
            repeats++;
        }
    assert_int_equal(repeats, 16);
    epoch_free(&e);
    loader_destroy(l);
    augment_policy_release(&policy);
    fv_dataset_destroy(d);
}

static void class_weights(void **state)
{
    (void)state;
    static const float weights[] = {4, 1.5f, 0.5f};
    fv_dataset *d = make_uneven((const int[]){2, 6, 16}, 3);
    loader_options o = {.data = d,
                        .preprocess = small_input(),
                        .batch = 10,
                        .shuffle = true,
                        .threads = 2,
                        .class_weights = weights};
    loader *l;
    assert_ok(loader_create(&o, &l));
    epoch_data e = run_epoch(l, &o, 0, 0);
    for (int64_t i = 0; i < e.places; i++)
        assert_true(e.weights[i] == (i < 24 ? weights[e.labels[i]] : 0));
    epoch_free(&e);
    loader_destroy(l);
    /* Mixed pictures have mixed weights. */
    augment_policy policy = {0};
    assert_ok(augment_policy_add_extras(&policy, 0, 1, 0));
    o.augment = &policy;
    o.classes = 3;
    assert_ok(loader_create(&o, &l));
    e = run_epoch(l, &o, 0, 0);
    for (int64_t i = 0; i < 24; i++) {
        float expected = 0;
        for (int c = 0; c < 3; c++)
            expected += e.targets[i * 3 + c] * weights[c];
        assert_float_equal(e.weights[i], expected, 1e-5);
    }
    epoch_free(&e);
    loader_destroy(l);
    augment_policy_release(&policy);
    fv_dataset_destroy(d);
}

/* In multi-label data a picture counts for its rarest class: here b of {a: 4, b: 2, c: 2} for two pictures, c for one, a for
 * two, and none for one. */
static void multi_label_balance(void **state)
{
    (void)state;
    fv_dataset *d = make_multi_label();
    static const float shares[] = {6.0f / 4, 6.0f / 4, 6.0f / 8, 6.0f / 8, 6.0f / 8, 6.0f / 8};
    loader_options o = {.data = d,
                        .preprocess = small_input(),
                        .batch = 6,
                        .threads = 2,
                        .classes = 3,
                        .balanced = true};
    loader *l;
    assert_int_equal(loader_create(&o, &l), FV_ERROR_INVALID); /* without shuffling there is no other order */
    o.shuffle = true;
    assert_ok(loader_create(&o, &l));
    int drawn[6] = {0};
    for (int64_t epoch = 0; epoch < 2000; epoch++) {
        epoch_data e = run_epoch(l, &o, epoch, 0);
        for (int64_t i = 0; i < 6; i++)
            drawn[e.indices[i]]++;
        epoch_free(&e);
    }
    for (int i = 0; i < 6; i++)
        assert_float_equal(drawn[i], 2000 * (double)shares[i], 5 * sqrt(2000 * 0.5));
    loader_destroy(l);
    fv_dataset_destroy(d);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_hot),
        TEST(multi_hot),
        TEST(mixed_pictures),
        TEST(unreadable_partners),
        TEST(mixing_for_any_threads),
        TEST(balanced_sampler),
        TEST(repeats_differ),
        TEST(class_weights),
        TEST(multi_label_balance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
