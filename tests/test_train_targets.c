/* SPDX-License-Identifier: Apache-2.0 */
/* fv_fit and fv_evaluate with mixed pictures, balanced classes and several classes a picture. */
#include <math.h>
#include <zlib.h>

#include "data/loader.h"
#include "model/predictor.h"
#include "nn/network.h"
#include "test_train.h"

enum {
    BATCH_SIZE = 16,
    EPOCHS = 3,
    BITS = 96 /* pictures with several classes: 12 of each of the 8 sets */
};

typedef struct fixture {
    char *folder;
    fv_dataset *data;
    const fv_dataset *train, *validation;
} fixture;

static void open_data(fixture *f, const char *path)
{
    f->data = fv_dataset_open(path, .seed = 1);
    if (!f->data)
        fail_msg("%s", fv_error_message());
    f->train = fv_dataset_part(f->data, FV_TRAIN);
    f->validation = fv_dataset_part(f->data, FV_VALIDATION);
}

/* Uneven: 40, 20 and 10 pictures. */
static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    f->folder = make_folder();
    write_class(f->folder, "d/a", 0, 40);
    write_class(f->folder, "d/b", 1, 20);
    write_class(f->folder, "d/c", 2, 10);
    char *path = file_join(f->folder, "d");
    open_data(f, path);
    free(path);
    *state = f;
    return 0;
}

/* Three bands, each bright where the picture has the class. */
static void draw_bands(int bits, uint64_t index, uint8_t pixels[SIDE * SIDE])
{
    rng r = rng_at(2, 0, index);
    for (int h = 0; h < SIDE; h++)
        for (int w = 0; w < SIDE; w++) {
            bool bright = bits >> (h * CLASSES / SIDE) & 1;
            pixels[h * SIDE + w] = (uint8_t)((bright ? 160 : 60) + (int)rng_below(&r, 100) - 50);
        }
}

static int set_up_bands(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    text rows = {0};
    f->folder = make_folder();
    text_add(&rows, "file,top,middle,bottom\n");
    for (int i = 0; i < BITS; i++) {
        uint8_t pixels[SIDE * SIDE];
        char name[32];
        snprintf(name, sizeof name, "%02d.png", i);
        char *path = file_join(f->folder, name);
        draw_bands(i % 8, (uint64_t)i, pixels);
        assert_ok(
            image_save_png(&(image){.height = SIDE, .width = SIDE, .channels = 1, .data = pixels}, path));
        text_add(&rows, "%s,%d,%d,%d\n", name, i & 1, i >> 1 & 1, i >> 2 & 1);
        free(path);
    }
    char *table = file_join(f->folder, "t.csv");
    assert_ok(file_write(table, rows.data, rows.length));
    text_release(&rows);
    open_data(f, table);
    assert_true(fv_dataset_is_multi_label(f->train) && fv_dataset_is_multi_label(f->validation));
    free(table);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    fv_dataset_destroy(f->data);
    remove_folder(f->folder);
    free(f);
    return 0;
}

/* Without batch norm and dropout: its training logits are its predictions. */
static fv_model *make_plain(int64_t outputs)
{
    fv_model *m = fv_model_create(.height = SIDE, .width = SIDE, .channels = 1, .seed = 3);
    fv_preprocess p = *fv_model_preprocess(m);
    p.mean[0] = 110;
    p.std[0] = 60;
    p.crop_fraction = 1;
    assert_ok(fv_model_set_preprocess(m, &p));
    fv_output(fv_dense(fv_flatten(fv_input(m)), .units = outputs));
    return m;
}

typedef struct first_step {
    int64_t steps;
    double loss, accuracy;
} first_step;

static int see_first(const fv_progress *p, void *user)
{
    first_step *s = user;
    if (s->steps++ == 0) {
        s->loss = (double)p->train_loss;
        s->accuracy = (double)p->train_accuracy;
    }
    return 0;
}

/* Of the epoch's first batch, in double precision: softmax cross-entropy against the targets, smoothed, weighted; and the share
 * of pictures whose likeliest class has the larger part. */
static void expect_first(fv_model *m, const loader_options *o, double smoothing, first_step *expected)
{
    loader *l;
    const batch *b;
    float logits[BATCH_SIZE * CLASSES];
    double loss = 0, weights = 0, right = 0;
    assert_ok(loader_create(o, &l));
    assert_ok(loader_start(l, 0, 0));
    assert_ok(loader_next(l, &b));
    assert_ok(predictor_logits(m, b->pixels, BATCH_SIZE, logits));
    int mixed = 0;
    for (int i = 0; i < BATCH_SIZE; i++) {
        const float *z = logits + i * CLASSES, *t = b->targets + i * CLASSES;
        double sum = 0, here = 0;
        int best = 0, most = 0;
        for (int k = 0; k < CLASSES; k++)
            sum += exp((double)z[k]);
        for (int k = 0; k < CLASSES; k++) {
            double target = (1 - smoothing) * (double)t[k] + smoothing / CLASSES;
            here += target * (log(sum) - (double)z[k]);
            best = z[k] > z[best] ? k : best;
            most = t[k] > t[most] ? k : most;
            mixed += t[k] > 0 && t[k] < 1;
        }
        loss += (double)b->weights[i] * here;
        weights += (double)b->weights[i];
        right += best == most;
    }
    assert_true(mixed > 8);
    loader_done(l, b);
    loader_destroy(l);
    expected->loss = loss / weights;
    expected->accuracy = right / BATCH_SIZE;
}

/* What a picture of each class weighs: all pictures / (classes * the class's), or in proportion to 1 / (1 - 0.999^n). */
static void expect_weights(const fv_dataset *d, fv_balance balance, float weights[CLASSES])
{
    double counts[CLASSES] = {0}, sum = 0;
    for (int64_t i = 0; i < fv_dataset_size(d); i++)
        counts[fv_dataset_label(d, i)]++;
    for (int k = 0; k < CLASSES; k++)
        sum += 1 / (1 - pow(0.999, counts[k]));
    for (int k = 0; k < CLASSES; k++)
        weights[k] =
            (float)(balance == FV_BALANCE_WEIGHTS ? (double)fv_dataset_size(d) / (CLASSES * counts[k])
                                                  : CLASSES / (1 - pow(0.999, counts[k])) / sum);
}

/* The first loss of a run with mixed pictures is the formula's on the loader's batch. */
static void first_loss(void **state)
{
    const fixture *f = *state;
    static const char *const engines[] = {"reference", "auto"};
    for (int i = 0; i < 8; i++) {
        fv_balance balance = (fv_balance)(i / 2);
        float weights[CLASSES];
        bool weighted = balance == FV_BALANCE_WEIGHTS || balance == FV_BALANCE_EFFECTIVE;
        first_step seen = {0}, expected;
        augment_policy policy;
        fv_model *m = make_plain(CLASSES);
        assert_ok(augment_policy_init(&policy, "[random_horizontal_flip]",
                                      &(augment_context){SIDE, SIDE, 1, NULL, 0}));
        assert_ok(augment_policy_add_extras(&policy, 0, 0.8f, 1));
        expect_weights(f->train, balance, weights);
        expect_first(m,
                     &(loader_options){.data = f->train,
                                       .preprocess = *fv_model_preprocess(m),
                                       .augment = &policy,
                                       .batch = BATCH_SIZE,
                                       .shuffle = true,
                                       .reduced_decode = true,
                                       .seed = 4,
                                       .threads = 2,
                                       .classes = CLASSES,
                                       .balanced = balance == FV_BALANCE_SAMPLER,
                                       .class_weights = weighted ? weights : NULL},
                     0.1, &expected);
        augment_policy_release(&policy);
        assert_ok(fv_compile(m, .engine = engines[i % 2], .threads = 1, .label_smoothing = 0.1f));
        assert_ok(fv_fit(m, .train = f->train, .epochs = 1, .batch = BATCH_SIZE, .seed = 4,
                         .augment = "[random_horizontal_flip]", .mixup = 0.8f, .cutmix = 1,
                         .balance = balance, .on_step = see_first, .user = &seen));
        assert_float_equal(seen.loss, expected.loss, 1e-5);
        assert_float_equal(seen.accuracy, expected.accuracy, 1e-6);
        fv_model_destroy(m);
    }
}

/* ---- resuming ---- */

typedef struct stop_at {
    int64_t epoch, step;
} stop_at;

static int stop_step(const fv_progress *p, void *user)
{
    const stop_at *s = user;
    return p->epoch == s->epoch && p->step == s->step;
}

static fv_status fit_mixed(const fixture *f, fv_model *m, const char *out, const char *resume, stop_at stop,
                           int threads, float mixup, float cutmix, float erase, fv_balance balance)
{
    return fv_fit(m, .train = f->train, .validation = f->validation, .epochs = EPOCHS, .batch = BATCH_SIZE,
                  .seed = 7, .mixup = mixup, .cutmix = cutmix, .erase = erase, .balance = balance,
                  .loader_threads = threads, .out = out, .resume = resume, .on_step = stop_step,
                  .user = &stop);
}

static void assert_same_tensors(fv_model *a, fv_model *b)
{
    for (int64_t i = 0; i < fv_model_tensor_count(a); i++) {
        fv_tensor_view u, v;
        assert_ok(fv_model_tensor(a, i, &u));
        assert_ok(fv_model_tensor(b, i, &v));
        assert_memory_equal(u.data, v.data, (size_t)u.count * sizeof *u.data);
    }
}

static fv_model *make_compiled(void)
{
    fv_model *m = make_network(CLASSES);
    assert_ok(fv_compile(m, .engine = "reference", .threads = 1, .learning_rate = 0.02f));
    return m;
}

/* Interrupted within an epoch and gone on with, against a run in one piece, bit for bit; not with other options. */
static void resume(void **state)
{
    const fixture *f = *state;
    char *out = file_join(f->folder, "run"), *last = file_join(out, "last.safetensors");
    static const stop_at never = {0, 1};
    for (int i = 0; i < 4; i++) {
        fv_balance balance = (fv_balance)i;
        fv_model *a = make_compiled(), *b = make_compiled(), *c = make_compiled();
        assert_ok(fit_mixed(f, a, NULL, NULL, never, 1, 0.2f, 1, 0.3f, balance));
        assert_int_equal(fit_mixed(f, b, out, NULL, (stop_at){2, 2}, 3, 0.2f, 1, 0.3f, balance),
                         FV_INTERRUPTED);
        const struct {
            float mixup, cutmix, erase;
            fv_balance balance;
        } others[] = {{0.3f, 1, 0.3f, balance},
                      {0.2f, 0, 0.3f, balance},
                      {0.2f, 1, 0, balance},
                      {0.2f, 1, 0.3f, (fv_balance)((i + 1) % 4)}};
        for (int k = 0; k < 4; k++) {
            assert_int_equal(fit_mixed(f, c, out, last, never, 2, others[k].mixup, others[k].cutmix,
                                       others[k].erase, others[k].balance),
                             FV_ERROR_INVALID);
            assert_non_null(strstr(fv_error_message(), "other options"));
        }
        assert_ok(fit_mixed(f, c, out, last, never, 2, 0.2f, 1, 0.3f, balance));
        assert_same_tensors(a, c);
        fv_model_destroy(a);
        fv_model_destroy(b);
        fv_model_destroy(c);
    }
    free(out);
    free(last);
}

/* ---- several classes a picture ---- */

static void several_classes(void **state)
{
    const fixture *f = *state;
    char *out = file_join(f->folder, "run"), *best = file_join(out, "best.safetensors");
    fv_model *m = make_compiled(), *loaded;
    fv_evaluation e, again;
    assert_ok(fv_fit(m, .train = f->train, .validation = f->validation, .epochs = 12, .batch = BATCH_SIZE,
                     .augment = "none", .patience = FV_OFF, .out = out));
    assert_true(m->compile.loss == FV_BINARY_CROSSENTROPY);
    assert_ok(fv_evaluate(m, .data = f->validation, .result = &e));
    assert_true(e.multi_label && !e.confusion && e.targets && e.probabilities);
    assert_int_equal(e.images, fv_dataset_size(f->validation));
    assert_true(e.accuracy > 0.95 && e.exact_match > 0.85 && e.loss < 0.3);
    /* The validation of fit's best epoch says the same. */
    uint8_t *csv;
    size_t size;
    char *path = file_join(out, "results.csv");
    assert_ok(file_read(path, 1 << 20, &csv, &size));
    double best_accuracy = 0;
    for (const char *row = strchr((char *)csv, '\n') + 1; *row; row = strchr(row, '\n') + 1) {
        double accuracy;
        assert_int_equal(sscanf(row, "%*d,%*f,%*f,%*f,%*f,%lf", &accuracy), 1);
        best_accuracy = fmax(best_accuracy, accuracy);
    }
    assert_float_equal(best_accuracy, e.accuracy, 1e-6);
    /* Predictions are sigmoids, here and from the file. */
    loaded = fv_model_load(best);
    assert_non_null(loaded);
    assert_true(predictor_is_binary(loaded));
    assert_ok(fv_evaluate(loaded, .data = f->validation, .result = &again));
    assert_float_equal(again.loss, e.loss, 1e-5);
    for (int64_t i = 0; i < e.images; i++) {
        int set = 0;
        for (int64_t k = 0; k < CLASSES; k++) {
            assert_float_equal(e.probabilities[i * CLASSES + k], again.probabilities[i * CLASSES + k], 1e-5);
            bool has = false;
            for (int64_t n = 0; n < fv_dataset_label_count(f->validation, e.index[i]); n++)
                has = has || fv_dataset_label_at(f->validation, e.index[i], n) == k;
            assert_int_equal(e.targets[i * CLASSES + k], has);
            set += has;
        }
        assert_true((e.label[i] == -1) == (set == 0));
    }
    fv_evaluation_release(&e);
    fv_evaluation_release(&again);
    fv_model_destroy(loaded);
    fv_model_destroy(m);
    free(csv);
    free(path);
    free(best);
    free(out);
}

/* Mixing, smoothing and balance go with several classes, too. */
static void several_classes_mixed(void **state)
{
    const fixture *f = *state;
    for (int i = 0; i < 4; i++) {
        fv_model *m = make_network(CLASSES);
        fv_evaluation e;
        assert_ok(
            fv_compile(m, .engine = "auto", .threads = 1, .learning_rate = 0.02f, .label_smoothing = 0.05f));
        assert_ok(fv_fit(m, .train = f->train, .epochs = 12, .batch = BATCH_SIZE, .augment = "none",
                         .mixup = 0.2f, .patience = FV_OFF, .balance = (fv_balance)i));
        assert_ok(fv_evaluate(m, .data = f->train, .result = &e));
        assert_true(e.accuracy > 0.95);
        fv_evaluation_release(&e);
        fv_model_destroy(m);
    }
}

static void refused(void **state)
{
    const fixture *f = *state;
    fv_model *m = make_network(CLASSES), *one = make_network(1);
    fv_evaluation e;
    assert_ok(fv_compile(m, .loss = FV_SPARSE_CATEGORICAL_CROSSENTROPY));
    assert_int_equal(fv_fit(m, .train = f->train, .epochs = 1), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "several classes"));
    assert_int_equal(fv_evaluate(m, .data = f->train, .result = &e), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "several classes"));
    assert_int_equal(fv_fit(one, .train = f->train, .epochs = 1), FV_ERROR_INVALID);
    assert_ok(fv_compile(m));
    assert_int_equal(fv_fit(m, .train = f->train, .epochs = 1, .balance = (fv_balance)4), FV_ERROR_INVALID);
    assert_int_equal(fv_fit(m, .train = f->train, .epochs = 1, .mixup = -1), FV_ERROR_INVALID);
    fv_model_destroy(m);
    fv_model_destroy(one);
}

/* ---- balance ---- */

/* With a rate so small that nothing is learnt, accuracy over the epoch is that of the untrained network over the pictures,
 * however they weigh. */
static void accuracy_counts_pictures(void **state)
{
    const fixture *f = *state;
    double found[2];
    for (int i = 0; i < 2; i++) {
        fv_model *m = make_plain(CLASSES);
        fv_evaluation e;
        uint8_t *csv;
        size_t size;
        char *out = file_join(f->folder, i ? "w" : "n"), *path = file_join(out, "results.csv");
        assert_ok(
            fv_compile(m, .optimizer = FV_SGD, .learning_rate = 1e-9f, .engine = "reference", .threads = 1));
        assert_ok(fv_fit(m, .train = f->train, .epochs = 1, .batch = BATCH_SIZE, .augment = "none",
                         .out = out, .balance = i ? FV_BALANCE_WEIGHTS : FV_BALANCE_NONE));
        assert_ok(file_read(path, 1 << 20, &csv, &size));
        assert_int_equal(sscanf(strchr((char *)csv, '\n') + 1, "%*d,%*f,%*f,%lf", &found[i]), 1);
        assert_ok(fv_evaluate(m, .data = f->train, .result = &e));
        assert_float_equal(found[i], e.accuracy, 1e-6);
        fv_evaluation_release(&e);
        fv_model_destroy(m);
        free(csv);
        free(path);
        free(out);
    }
}

/* A network of one output learns from mixed pictures of two classes. */
static void one_output_mixed(void **state)
{
    const fixture *f = *state;
    char *two = file_join(f->folder, "two");
    write_class(f->folder, "two/a", 0, 30);
    write_class(f->folder, "two/b", 1, 30);
    fv_dataset *d = fv_dataset_open(two, .validation_split = FV_OFF);
    fv_model *m = make_network(1);
    fv_evaluation e;
    assert_ok(fv_compile(m, .engine = "auto", .threads = 1, .learning_rate = 0.02f));
    assert_ok(fv_fit(m, .train = d, .epochs = 15, .batch = BATCH_SIZE, .augment = "none", .mixup = 0.2f,
                     .patience = FV_OFF));
    assert_ok(fv_evaluate(m, .data = d, .result = &e));
    assert_true(e.accuracy > 0.9);
    assert_float_equal(e.exact_match, e.accuracy, 0);
    fv_evaluation_release(&e);
    fv_model_destroy(m);
    fv_dataset_destroy(d);
    free(two);
}

/* ---- windows ---- */

static void add_big_endian(text *out, uint32_t x)
{
    text_add_bytes(
        out, (const uint8_t[]){(uint8_t)(x >> 24), (uint8_t)(x >> 16), (uint8_t)(x >> 8), (uint8_t)x}, 4);
}

static void add_chunk(text *out, const char *kind, const void *data, size_t size)
{
    add_big_endian(out, (uint32_t)size);
    size_t from = out->length;
    text_add_bytes(out, kind, 4);
    text_add_bytes(out, data, size);
    add_big_endian(out, (uint32_t)crc32(0, (const Bytef *)out->data + from, (uInt)size + 4));
}

/* A grey PNG of 16 bits. */
static void write_deep(const char *path, const uint16_t values[SIDE * SIDE])
{
    uint8_t rows[SIDE * (1 + 2 * SIDE)] = {0}, packed[1024];
    uLongf size = sizeof packed;
    text png = {0};
    for (int i = 0; i < SIDE * SIDE; i++) {
        rows[i / SIDE * (1 + 2 * SIDE) + 1 + i % SIDE * 2] = (uint8_t)(values[i] >> 8);
        rows[i / SIDE * (1 + 2 * SIDE) + 2 + i % SIDE * 2] = (uint8_t)values[i];
    }
    assert_int_equal(compress(packed, &size, rows, sizeof rows), Z_OK);
    text_add_bytes(&png, "\x89PNG\r\n\x1a\n", 8);
    add_chunk(&png, "IHDR", (const uint8_t[]){0, 0, 0, SIDE, 0, 0, 0, SIDE, 16, 0, 0, 0, 0}, 13);
    add_chunk(&png, "IDAT", packed, size);
    add_chunk(&png, "IEND", "", 0);
    assert_ok(file_write(path, png.data, png.length));
    text_release(&png);
}

/* Pictures of 12 bits in 16. */
static fv_dataset *make_deep(const char *folder)
{
    for (int i = 0; i < 20; i++) {
        uint16_t values[SIDE * SIDE];
        char name[32];
        snprintf(name, sizeof name, "deep/c%d", i % 2);
        char *sub = file_join(folder, name);
        snprintf(name, sizeof name, "%02d.png", i);
        char *path = file_join(sub, name);
        for (int k = 0; k < SIDE * SIDE; k++)
            values[k] = (uint16_t)(200 + (k * (37 + i % 2) + 11 * i) % 3000);
        assert_ok(file_make_folders(sub));
        write_deep(path, values);
        free(path);
        free(sub);
    }
    char *root = file_join(folder, "deep");
    fv_dataset *d = fv_dataset_open(root, .validation_split = FV_OFF);
    if (!d)
        fail_msg("%s", fv_error_message());
    free(root);
    return d;
}

static void see_log(const char *line, void *user)
{
    char *log = user;
    strncat(log, line, 2000 - strlen(log));
}

/* The window that suits the pictures is chosen once, said, and measured with; one that was asked for stays. */
static void window_is_chosen(void **state)
{
    const fixture *f = *state;
    fv_dataset *d = make_deep(f->folder);
    char log[2001] = "";
    fv_window_choice c;
    fv_model *m = make_network(2), *kept = make_network(2), *given = make_network(2);
    assert_ok(fv_dataset_window(d, &c));
    assert_int_equal(c.window, FV_WINDOW_RANGE);
    assert_ok(fv_fit(m, .train = d, .epochs = 1, .on_log = see_log, .user = log));
    const fv_preprocess *p = fv_model_preprocess(m);
    assert_true(p->window == FV_WINDOW_RANGE && p->window_low == c.low && p->window_high == c.high);
    assert_true(p->window_low >= 200 && p->window_high < 3200);
    assert_true(p->mean[0] > 100 && p->std[0] > 30);
    assert_non_null(strstr(log, "more than 8 bits"));
    assert_ok(fv_fit(kept, .train = d, .epochs = 1, .keep_window = 1));
    assert_true(fv_model_preprocess(kept)->window == FV_WINDOW_FULL &&
                fv_model_preprocess(kept)->mean[0] < 15);
    fv_preprocess wanted = *fv_model_preprocess(given);
    wanted.window = FV_WINDOW_AUTO;
    memset(wanted.std, 0, sizeof wanted.std);
    assert_ok(fv_model_set_preprocess(given, &wanted));
    assert_ok(fv_fit(given, .train = d, .epochs = 1));
    assert_int_equal(fv_model_preprocess(given)->window, FV_WINDOW_AUTO);
    fv_model_destroy(m);
    fv_model_destroy(kept);
    fv_model_destroy(given);
    fv_dataset_destroy(d);
}

#define TEST(f)  cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define BANDS(f) cmocka_unit_test_setup_teardown(f, set_up_bands, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(first_loss),
        TEST(resume),
        TEST(accuracy_counts_pictures),
        TEST(one_output_mixed),
        TEST(window_is_chosen),
        BANDS(several_classes),
        BANDS(several_classes_mixed),
        BANDS(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
