/* SPDX-License-Identifier: Apache-2.0 */
/* fv_fit with focal losses, weights of classes and teachers: the first loss is the formula's on the loader's batch, computed here in double
 * precision from the network's logits; what a resumed run must share; what is refused; what multi-label runs monitor. */
#include <math.h>

#include "data/loader.h"
#include "model/predictor.h"
#include "nn/network.h"
#include "test_train.h"
#include "train/class_weights.h"

enum {
    BATCH_SIZE = 16,
    BITS = 48,
    EPOCHS = 3
};

typedef struct fixture {
    char *folder;
    fv_dataset *single, *multi; /* uneven classes a, b, c; pictures with any of three classes */
    const fv_dataset *train, *validation, *multi_train, *multi_validation;
} fixture;

/* Three bands, each bright where the picture has the class; the first class is rare. */
static void write_bands(const char *folder)
{
    text rows = {0};
    text_add(&rows, "file,top,middle,bottom\n");
    for (int i = 0; i < BITS; i++) {
        int bits = (i % 8 == 0) | (i & 6);
        uint8_t pixels[SIDE * SIDE];
        char name[32];
        rng r = rng_at(2, 0, (uint64_t)i);
        for (int k = 0; k < SIDE * SIDE; k++) {
            bool bright = bits >> (k / SIDE * CLASSES / SIDE) & 1;
            pixels[k] = (uint8_t)((bright ? 160 : 60) + (int)rng_below(&r, 100) - 50);
        }
        snprintf(name, sizeof name, "m%02d.png", i);
        char *path = file_join(folder, name);
        assert_ok(
            image_save_png(&(image){.height = SIDE, .width = SIDE, .channels = 1, .data = pixels}, path));
        text_add(&rows, "%s,%d,%d,%d\n", name, bits & 1, bits >> 1 & 1, bits >> 2 & 1);
        free(path);
    }
    char *table = file_join(folder, "t.csv");
    assert_ok(file_write(table, rows.data, rows.length));
    text_release(&rows);
    free(table);
}

static fv_dataset *open_data(const char *folder, const char *name, const fv_dataset **train,
                             const fv_dataset **validation)
{
    char *path = file_join(folder, name);
    fv_dataset *d = fv_dataset_open(path, .seed = 1);
    if (!d)
        fail_msg("%s", fv_error_message());
    *train = fv_dataset_part(d, FV_TRAIN);
    *validation = fv_dataset_part(d, FV_VALIDATION);
    free(path);
    return d;
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    f->folder = make_folder();
    write_class(f->folder, "d/a", 0, 40);
    write_class(f->folder, "d/b", 1, 20);
    write_class(f->folder, "d/c", 2, 10);
    write_bands(f->folder);
    f->single = open_data(f->folder, "d", &f->train, &f->validation);
    f->multi = open_data(f->folder, "t.csv", &f->multi_train, &f->multi_validation);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    fv_dataset_destroy(f->single);
    fv_dataset_destroy(f->multi);
    remove_folder(f->folder);
    free(f);
    return 0;
}

/* Without batch norm and dropout: its training logits are its predictions. */
static fv_model *make_plain(int64_t side, uint64_t seed)
{
    fv_model *m = fv_model_create(.height = side, .width = side, .channels = 1, .seed = seed);
    fv_preprocess p = *fv_model_preprocess(m);
    p.mean[0] = 110;
    p.std[0] = 20; /* logits of some size */
    p.crop_fraction = 1;
    assert_ok(fv_model_set_preprocess(m, &p));
    fv_output(fv_dense(fv_flatten(fv_input(m)), .units = CLASSES));
    return m;
}

typedef struct recipe {
    bool multi_label;
    fv_compile_options compile;
    const float *class_weights, *positive; /* what the formula below is told */
    float mixup, alpha, temperature;
    fv_model *const *teachers;
    int64_t teacher_count;
} recipe;

/* ---- the formula ---- */

/* What the classes of one picture should be, smoothed. */
static void smooth(const recipe *r, bool sigmoid, const float *t, double out[CLASSES])
{
    double s = (double)r->compile.label_smoothing;
    for (int k = 0; k < CLASSES; k++)
        out[k] = (1 - s) * (double)t[k] + s / (sigmoid ? 2 : CLASSES);
}

static void softmax(const float *z, double temperature, double p[CLASSES])
{
    double sum = 0;
    for (int k = 0; k < CLASSES; k++)
        sum += p[k] = exp((double)z[k] / temperature);
    for (int k = 0; k < CLASSES; k++)
        p[k] /= sum;
}

static double sigmoid_of(double x)
{
    return 1 / (1 + exp(-x));
}

static double hard_loss(const recipe *r, bool sigmoid, const float *z, const float *targets)
{
    double t[CLASSES], p[CLASSES], sum = 0, gamma = (double)r->compile.focal_gamma;
    if (r->compile.loss == FV_FOCAL && gamma == 0)
        gamma = 2;
    smooth(r, sigmoid, targets, t);
    softmax(z, 1, p);
    for (int k = 0; k < CLASSES; k++) {
        if (!sigmoid) {
            sum -= t[k] * pow(1 - p[k], gamma) * log(p[k]);
            continue;
        }
        double q = sigmoid_of((double)z[k]), alpha = (double)r->compile.focal_alpha;
        double a = (r->positive ? (double)r->positive[k] : 1) * (alpha > 0 ? alpha : 1),
               b = alpha > 0 ? 1 - alpha : 1;
        sum -=
            (a * t[k] * pow(1 - q, gamma) * log(q) + b * (1 - t[k]) * pow(q, gamma) * log(1 - q)) / CLASSES;
    }
    return sum;
}

/* T^2 KL(q || p), q the mean of the teachers' probabilities. */
static double soft_loss(const recipe *r, bool sigmoid, const float *z, const float *taught)
{
    double p[CLASSES], q[CLASSES] = {0}, one[CLASSES], sum = 0, T = (double)r->temperature;
    for (int64_t n = 0; n < r->teacher_count; n++) {
        const float *y = taught + n * BATCH_SIZE * CLASSES;
        softmax(y, T, one);
        for (int k = 0; k < CLASSES; k++)
            q[k] += (sigmoid ? sigmoid_of((double)y[k] / T) : one[k]) / (double)r->teacher_count;
    }
    softmax(z, T, p);
    for (int k = 0; k < CLASSES; k++) {
        double s = sigmoid_of((double)z[k] / T);
        sum += sigmoid ? (q[k] * log(q[k] / s) + (1 - q[k]) * log((1 - q[k]) / (1 - s))) / CLASSES
                       : q[k] * log(q[k] / p[k]);
    }
    return T * T * sum;
}

static double expected_loss(const recipe *r, const batch *b, const float *logits, const float *taught)
{
    bool sigmoid = r->multi_label || r->compile.loss == FV_BINARY_CROSSENTROPY;
    double loss = 0, weights = 0, alpha = r->teacher_count > 0 ? (double)r->alpha : 0;
    for (int i = 0; i < BATCH_SIZE; i++) {
        const float *z = logits + i * CLASSES;
        double here = (1 - alpha) * hard_loss(r, sigmoid, z, b->targets + i * CLASSES);
        if (alpha > 0)
            here += alpha * soft_loss(r, sigmoid, z, taught + i * CLASSES);
        loss += (double)b->weights[i] * here;
        weights += (double)b->weights[i];
    }
    return loss / weights;
}

/* ---- the run ---- */

static const char flip[] = "[random_horizontal_flip]";

static void first_batch(const fixture *f, const recipe *r, fv_model *m, augment_policy *policy, loader **l,
                        const batch **b)
{
    assert_ok(augment_policy_init(policy, flip, &(augment_context){SIDE, SIDE, 1, NULL, 0}));
    assert_ok(augment_policy_add_extras(policy, 0, r->mixup, 0));
    assert_ok(loader_create(&(loader_options){.data = r->multi_label ? f->multi_train : f->train,
                                              .preprocess = *fv_model_preprocess(m),
                                              .augment = policy,
                                              .batch = BATCH_SIZE,
                                              .shuffle = true,
                                              .reduced_decode = true,
                                              .seed = 4,
                                              .threads = 2,
                                              .classes = CLASSES,
                                              .class_weights = r->multi_label ? NULL : r->class_weights},
                            l));
    assert_ok(loader_start(*l, 0, 0));
    assert_ok(loader_next(*l, b));
}

static int see_first(const fv_progress *p, void *user)
{
    double *loss = user;
    if (p->step == 1 && p->epoch == 1)
        *loss = (double)p->train_loss;
    return 0;
}

static void check_first(const fixture *f, recipe r)
{
    static const char *const engines[] = {"reference", "auto"};
    static float taught[4 * BATCH_SIZE * CLASSES];
    for (int i = 0; i < 2; i++) {
        fv_model *m = make_plain(SIDE, 3);
        float logits[BATCH_SIZE * CLASSES];
        double seen = 0;
        augment_policy policy;
        loader *l;
        const batch *b;
        first_batch(f, &r, m, &policy, &l, &b);
        assert_ok(predictor_logits(m, b->pixels, BATCH_SIZE, logits));
        for (int64_t n = 0; n < r.teacher_count; n++) /* they are of the student's size here */
            assert_ok(
                predictor_logits(r.teachers[n], b->pixels, BATCH_SIZE, taught + n * BATCH_SIZE * CLASSES));
        double expected = expected_loss(&r, b, logits, taught);
        loader_done(l, b);
        loader_destroy(l);
        augment_policy_release(&policy);
        r.compile.struct_size = sizeof r.compile;
        r.compile.model = m;
        r.compile.engine = engines[i];
        r.compile.threads = 1;
        assert_ok(fv_compile_with(&r.compile));
        assert_ok(fv_fit(m, .train = r.multi_label ? f->multi_train : f->train, .epochs = 1,
                         .batch = BATCH_SIZE, .seed = 4, .augment = flip, .mixup = r.mixup,
                         .class_weights = r.class_weights, .teachers = r.teachers,
                         .teacher_count = r.teacher_count, .distill_alpha = r.alpha,
                         .distill_temperature = r.temperature, .on_step = see_first, .user = &seen));
        assert_true(expected > 0.01);
        assert_float_equal(seen / expected, 1, 1e-5);
        fv_model_destroy(m);
    }
}

static void focal(void **state)
{
    const fixture *f = *state;
    const float weights[] = {0.5f, 1, 3};
    check_first(f, (recipe){.compile = {.loss = FV_FOCAL}});
    check_first(f, (recipe){.compile = {.loss = FV_FOCAL, .focal_gamma = 0.5f, .label_smoothing = 0.1f},
                            .mixup = 0.8f,
                            .class_weights = weights});
    check_first(
        f, (recipe){.compile = {.loss = FV_BINARY_CROSSENTROPY, .focal_gamma = 3, .focal_alpha = 0.25f}});
    check_first(f, (recipe){.compile = {.loss = FV_FOCAL, .focal_alpha = 0.75f}, .multi_label = true});
}

static void weighted(void **state)
{
    const fixture *f = *state;
    const float weights[] = {0.5f, 1, 12};
    check_first(f, (recipe){.class_weights = weights});
    check_first(f, (recipe){.class_weights = weights,
                            .compile = {.loss = FV_BINARY_CROSSENTROPY, .label_smoothing = 0.1f}});
    check_first(f, (recipe){.class_weights = weights, .positive = weights, .multi_label = true});
}

/* n / (K n_k); E(n) = (1 - 0.999^n) / 0.001; and of several labels the quotient of what has not and what has the class. */
static void balances(void **state)
{
    (void)state;
    class_counts c = {.pictures = 11110, .classes = 4, .with = (int64_t[]){10000, 1000, 100, 10}};
    const double E[] = {999.9548267, 632.3045752, 95.2078529, 9.9551198};
    const double rest[] = {670.6240154, 999.9595344, 999.9835553,
                           999.9849714}; /* of 1110, 10110, 11010, 11100 */
    float w[4];
    double sum = 0;
    class_weights_balance(&c, FV_BALANCE_WEIGHTS, false, w);
    for (int k = 0; k < 4; k++)
        assert_float_equal(w[k], 11110.0 / (4 * (double)c.with[k]), 1e-3);
    class_weights_balance(&c, FV_BALANCE_EFFECTIVE, false, w);
    for (int k = 0; k < 4; k++) {
        assert_float_equal(w[k] / w[0] * (float)(E[k] / E[0]), 1, 1e-5);
        sum += (double)w[k];
    }
    assert_float_equal(sum, 4, 1e-5);
    class_weights_balance(&c, FV_BALANCE_WEIGHTS, true, w);
    const double ratios[] = {0.111, 10.11, 100, 100}; /* 110.1 and 1110 are too much */
    for (int k = 0; k < 4; k++)
        assert_float_equal(w[k], ratios[k], 1e-5);
    class_weights_balance(&c, FV_BALANCE_EFFECTIVE, true, w);
    for (int k = 0; k < 3; k++)
        assert_float_equal(w[k], rest[k] / E[k], 1e-4);
    assert_float_equal(w[3], 100, 0);
    c.with[3] = 0; /* a class that no picture has, and one that all have */
    c.with[0] = c.pictures;
    class_weights_balance(&c, FV_BALANCE_WEIGHTS, true, w);
    assert_true(w[3] == 1 && w[0] == 1);
    class_weights_balance(&c, FV_BALANCE_EFFECTIVE, false, w);
    assert_true(w[3] == 1 && w[0] < w[1]);
}

/* ---- teachers ---- */

static fv_model *make_teacher(int64_t side, uint64_t seed, const char *const names[CLASSES])
{
    fv_model *m = make_plain(side, seed);
    assert_ok(fv_model_set_classes(m, names, CLASSES));
    return m;
}

static const char *const sorted[] = {"a", "b", "c"};

static void taught(void **state)
{
    const fixture *f = *state;
    const float weights[] = {0.5f, 1, 3};
    fv_model *teachers[] = {make_teacher(SIDE, 5, sorted), make_teacher(SIDE, 6, sorted)};
    check_first(f, (recipe){.teachers = teachers, .teacher_count = 1, .alpha = 0.75f, .temperature = 4});
    check_first(f, (recipe){.teachers = teachers,
                            .teacher_count = 2,
                            .alpha = 1,
                            .temperature = 2,
                            .mixup = 0.8f,
                            .class_weights = weights});
    check_first(f, (recipe){.teachers = teachers,
                            .teacher_count = 2,
                            .alpha = 0.5f,
                            .temperature = 0.5f,
                            .compile = {.loss = FV_FOCAL, .label_smoothing = 0.1f}});
    fv_model_destroy(teachers[0]);
    fv_model_destroy(teachers[1]);
    teachers[0] = make_teacher(SIDE, 7,
                               (const char *const[]){fv_dataset_class_name(f->multi_train, 0),
                                                     fv_dataset_class_name(f->multi_train, 1),
                                                     fv_dataset_class_name(f->multi_train, 2)});
    assert_ok(fv_compile(teachers[0], .loss = FV_BINARY_CROSSENTROPY));
    check_first(f, (recipe){.teachers = teachers,
                            .teacher_count = 1,
                            .alpha = 0.5f,
                            .temperature = 3,
                            .multi_label = true,
                            .class_weights = weights,
                            .positive = weights});
    fv_model_destroy(teachers[0]);
}

static double loss_with(const fixture *f, fv_model *teacher)
{
    double seen = 0;
    fv_model *m = make_plain(SIDE, 3);
    assert_ok(fv_compile(m, .engine = "reference", .threads = 1));
    assert_ok(fv_fit(m, .train = f->train, .epochs = 1, .batch = BATCH_SIZE, .seed = 4, .augment = "none",
                     .teachers = &teacher, .teacher_count = 1, .distill_alpha = 1, .on_step = see_first,
                     .user = &seen));
    fv_model_destroy(m);
    return seen;
}

/* Rows of a dense layer and its bias in the order c, a, b. */
static void permute(fv_model *to, fv_model *from)
{
    for (int64_t i = 0; i < fv_model_tensor_count(from); i++) {
        fv_tensor_view u = {0}, v = {0};
        assert_ok(fv_model_tensor(from, i, &u));
        assert_ok(fv_model_tensor(to, i, &v));
        int64_t row = u.count / CLASSES;
        for (int64_t k = 0; k < CLASSES; k++)
            memcpy((float *)v.data + k * row, u.data + (k + 2) % CLASSES * row, (size_t)row * sizeof(float));
    }
    network_changed(to);
}

/* A teacher with its classes in another order says the same; one that takes larger pictures, whose every pixel it sees four times
 * with a quarter of the weight, says nearly so (bilinear pixels lie between). */
static void teachers_differ_from_the_student(void **state)
{
    const fixture *f = *state;
    fv_model *plain = make_teacher(SIDE, 5, sorted),
             *turned = make_teacher(SIDE, 6, (const char *const[]){"c", "a", "b"}),
             *large = make_teacher(2 * SIDE, 6, sorted);
    permute(turned, plain);
    double expected = loss_with(f, plain);
    assert_float_equal(loss_with(f, turned) / expected, 1, 1e-6);
    fv_tensor_view small, big;
    assert_ok(fv_model_tensor(plain, 0, &small));
    assert_ok(fv_model_tensor(large, 0, &big));
    assert_int_equal(big.count, 4 * small.count);
    for (int64_t k = 0; k < CLASSES; k++)
        for (int64_t h = 0; h < 2 * SIDE; h++)
            for (int64_t w = 0; w < 2 * SIDE; w++)
                ((float *)big.data)[(k * 2 * SIDE + h) * 2 * SIDE + w] =
                    small.data[(k * SIDE + h / 2) * SIDE + w / 2] / 4;
    network_changed(large);
    double resized = loss_with(f, large);
    assert_true(resized != expected);
    assert_float_equal(resized / expected, 1, 0.25);
    fv_model_destroy(plain);
    fv_model_destroy(turned);
    fv_model_destroy(large);
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

static fv_status fit_taught(const fixture *f, fv_model *m, fv_model *teacher, float alpha, float gamma,
                            const char *out, const char *resume, stop_at stop)
{
    const float weights[] = {0.5f, 1, 3};
    assert_ok(
        fv_compile(m, .engine = "reference", .threads = 1, .learning_rate = 0.02f, .focal_gamma = gamma));
    return fv_fit(m, .train = f->train, .validation = f->validation, .epochs = EPOCHS, .batch = BATCH_SIZE,
                  .seed = 7, .class_weights = weights, .teachers = &teacher, .teacher_count = teacher ? 1 : 0,
                  .distill_alpha = alpha, .monitor = FV_MONITOR_F1, .out = out, .resume = resume,
                  .on_step = stop_step, .user = &stop);
}

static void resume(void **state)
{
    const fixture *f = *state;
    static const stop_at never = {0, 1};
    char *out = file_join(f->folder, "run"), *last = file_join(out, "last.safetensors");
    fv_model *teacher = make_teacher(SIDE, 5, sorted), *other = make_teacher(SIDE, 6, sorted);
    fv_model *a = make_network(CLASSES), *b = make_network(CLASSES), *c = make_network(CLASSES);
    assert_ok(fit_taught(f, a, teacher, 0.5f, 1, NULL, NULL, never));
    assert_int_equal(fit_taught(f, b, teacher, 0.5f, 1, out, NULL, (stop_at){2, 2}), FV_INTERRUPTED);
    const struct {
        fv_model *teacher;
        float alpha, gamma;
    } others[] = {{other, 0.5f, 1}, {NULL, 0.5f, 1}, {teacher, 0.4f, 1}, {teacher, 0.5f, 2}};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(
            fit_taught(f, c, others[i].teacher, others[i].alpha, others[i].gamma, out, last, never),
            FV_ERROR_INVALID);
        assert_non_null(strstr(fv_error_message(), "other options"));
    }
    assert_ok(fit_taught(f, c, teacher, 0.5f, 1, out, last, never));
    for (int64_t i = 0; i < fv_model_tensor_count(a); i++) {
        fv_tensor_view u, v;
        assert_ok(fv_model_tensor(a, i, &u));
        assert_ok(fv_model_tensor(c, i, &v));
        assert_memory_equal(u.data, v.data, (size_t)u.count * sizeof *u.data);
    }
    fv_model_destroy(a);
    fv_model_destroy(b);
    fv_model_destroy(c);
    fv_model_destroy(teacher);
    fv_model_destroy(other);
    free(out);
    free(last);
}

/* ---- what is monitored ---- */

typedef struct epochs_seen {
    int64_t count, best;
    double map[64], loss[64];
} epochs_seen;

static int see_epoch(const fv_progress *p, void *user)
{
    epochs_seen *s = user;
    s->map[s->count] = (double)p->validation_map;
    s->loss[s->count] = (double)p->validation_loss;
    s->best = p->is_best ? s->count : s->best;
    assert_true(isfinite(p->validation_f1));
    s->count++;
    return 0;
}

/* In multi-label data mAP, and among equals the loss, tell the best epoch; the model has its tensors. */
static void multi_label_monitor(void **state)
{
    const fixture *f = *state;
    epochs_seen seen = {0};
    fv_evaluation e;
    fv_model *m = make_network(CLASSES);
    assert_ok(fv_compile(m, .engine = "reference", .threads = 1, .learning_rate = 0.02f));
    assert_ok(fv_fit(m, .train = f->multi_train, .validation = f->multi_validation, .epochs = 8,
                     .batch = BATCH_SIZE, .augment = "none", .balance = FV_BALANCE_WEIGHTS,
                     .on_epoch = see_epoch, .user = &seen));
    int64_t best = 0;
    for (int64_t i = 1; i < seen.count; i++)
        if (seen.map[i] > seen.map[best] || (seen.map[i] == seen.map[best] && seen.loss[i] < seen.loss[best]))
            best = i;
    assert_int_equal(seen.count, 8);
    assert_int_equal(seen.best, best);
    assert_true(seen.map[best] > 0.8);
    assert_ok(fv_evaluate(m, .data = f->multi_validation, .result = &e));
    assert_float_equal(e.loss, seen.loss[best], 1e-5);
    fv_evaluation_release(&e);
    fv_model_destroy(m);
}

/* ---- errors ---- */

static void expect(fv_status status, const char *words)
{
    assert_int_equal(status, FV_ERROR_INVALID);
    if (!strstr(fv_error_message(), words))
        fail_msg("'%s' does not say '%s'", fv_error_message(), words);
}

#define FIT(...) fv_fit(m, .train = f->train, .validation = f->validation, .epochs = 1, __VA_ARGS__)

static void refused(void **state)
{
    const fixture *f = *state;
    fv_model *m = make_plain(SIDE, 3), *good = make_teacher(SIDE, 4, sorted),
             *strange = make_teacher(SIDE, 4, (const char *const[]){"a", "b", "x"}),
             *binary = make_teacher(SIDE, 4, sorted), *nameless = make_plain(SIDE, 4);
    fv_model *const list[] = {good, NULL};
    assert_ok(fv_compile(m, .threads = 1));
    assert_ok(fv_compile(binary, .loss = FV_BINARY_CROSSENTROPY));
    expect(FIT(.teachers = &strange, .teacher_count = 1), "has a class 'x'");
    expect(FIT(.teachers = &binary, .teacher_count = 1), "sigmoids");
    expect(FIT(.teachers = &nameless, .teacher_count = 1), "no class names");
    expect(FIT(.teachers = &m, .teacher_count = 1), "its own teacher");
    expect(FIT(.teachers = list, .teacher_count = 2), "teacher 1 is no model");
    expect(FIT(.teacher_count = 1), "0..16 teachers");
    expect(FIT(.teachers = &good, .teacher_count = 17), "0..16 teachers");
    expect(FIT(.teachers = &good, .teacher_count = 1, .distill_alpha = 1.5f), "distill_alpha");
    expect(FIT(.teachers = &good, .teacher_count = 1, .distill_temperature = -1), "distill_temperature");
    const float zero[] = {1, 0, 1}, infinite[] = {1, 2, INFINITY}, fine[] = {1, 2, 3};
    expect(FIT(.class_weights = zero), "class b");
    expect(FIT(.class_weights = infinite), "class c");
    expect(FIT(.class_weights = fine, .balance = FV_BALANCE_EFFECTIVE), "exclude");
    expect(FIT(.monitor = (fv_monitor)5), "monitor 5");
    expect(fv_fit(m, .train = f->train, .epochs = 1, .monitor = FV_MONITOR_F1), "validation pictures");
    expect(fv_compile(m, .focal_gamma = -2), "focal_gamma");
    expect(fv_compile(m, .focal_alpha = 1), "focal_alpha");
    assert_ok(fv_compile(m, .loss = FV_FOCAL, .focal_alpha = 0.25f));
    expect(FIT(.augment = "none"), "of sigmoids");
    fv_model_destroy(m);
    fv_model_destroy(good);
    fv_model_destroy(strange);
    fv_model_destroy(binary);
    fv_model_destroy(nameless);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(focal),
        TEST(weighted),
        cmocka_unit_test(balances),
        TEST(taught),
        TEST(teachers_differ_from_the_student),
        TEST(resume),
        TEST(multi_label_monitor),
        TEST(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
