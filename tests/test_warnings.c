/* SPDX-License-Identifier: Apache-2.0 */
/* Each warning on either side of where it begins, and none on the numbers of ordinary runs. */
#include <math.h>

#include "test_train.h"
#include "train/warnings.h"

enum {
    MOST = 32
};

typedef struct made {
    warning_epoch epochs[MOST];
    warning_history h;
} made;

/* A history of these training and validation losses and accuracies: rate 0.1, 1000 validation pictures, ten classes. */
static made *make(int64_t count, const double *train_loss, const double *validation_loss,
                  const double *accuracy)
{
    static made m;
    m = (made){.h = {.count = count,
                     .planned = count,
                     .chance_loss = log(10),
                     .highest_rate = 0.1,
                     .validation_pictures = 1000,
                     .one_class = true,
                     .classes = 10}};
    m.h.epochs = m.epochs;
    for (int64_t i = 0; i < count; i++)
        m.epochs[i] = (warning_epoch){.seconds = 10,
                                      .train_loss = train_loss ? train_loss[i] : 1,
                                      .train_accuracy = 0.5,
                                      .validation_loss = validation_loss ? validation_loss[i] : NAN,
                                      .validation_accuracy = accuracy ? accuracy[i] : NAN,
                                      .rate = 0.1,
                                      .wait_share = 0.01};
    return &m;
}

static bool fires(warning_kind kind, const made *m, const char *words)
{
    text line = {0};
    bool said = warning_check(kind, &m->h, &line);
    if (said && words && !strstr(text_string(&line), words))
        fail_msg("'%s' lacks '%s'", text_string(&line), words);
    assert_int_equal(said, line.length > 0);
    text_release(&line);
    return said;
}

static void test_overfitting(void **state)
{
    (void)state;
    const double train[] = {1, 0.8, 0.6, 0.5, 0.4}, validation[] = {1.1, 1, 1.2, 1.3, 1.4},
                 falls[] = {0.6, 0.8, 0.75, 0.7, 0.7}, stays[] = {0.6, 0.8, 0.79, 0.81, 0.8},
                 soars[] = {1.1, 1, 1.6, 1.7, 1.8}, recovers[] = {1.1, 1, 1.2, 1.05, 1.4},
                 slow[] = {1, 0.8, 0.79, 0.78, 0.77};
    assert_true(fires(WARNING_OVERFITTING, make(5, train, validation, falls),
                      "since epoch 2 the validation loss rose from 1.0000 to 1.4000 and accuracy went from "
                      "80.00 to 70.00 %"));
    assert_true(fires(WARNING_OVERFITTING, make(5, train, soars, stays), "overfitting"));
    assert_false(fires(WARNING_OVERFITTING, make(5, train, validation, stays), NULL)); /* the loss alone */
    assert_false(fires(WARNING_OVERFITTING, make(4, train, validation, falls), NULL)); /* two epochs only */
    assert_false(fires(WARNING_OVERFITTING, make(5, train, recovers, falls), NULL)); /* not three in a row */
    assert_false(
        fires(WARNING_OVERFITTING, make(5, slow, validation, falls), NULL)); /* training does not improve */
    assert_false(fires(WARNING_OVERFITTING, make(5, train, NULL, NULL), NULL)); /* no validation */
    made *few = make(5, train, validation, falls);
    few->h.validation_pictures = 40; /* then ten points are within two standard errors */
    assert_false(fires(WARNING_OVERFITTING, few, NULL));
}

static void test_rate(void **state)
{
    (void)state;
    const double above[] = {3.5, 3.5}, near[] = {3.5, 2.4}, rises[] = {1, 0.5, 0.9, 1.1},
                 once[] = {1, 0.5, 0.9, 0.6}, tiny[] = {0.1, 0.01, 0.02, 0.03};
    assert_true(fires(WARNING_RATE, make(2, above, NULL, NULL),
                      "3.5000, above the 2.3026 of guessing, at a rate of 0.1"));
    assert_false(fires(WARNING_RATE, make(2, near, NULL, NULL), NULL));
    assert_false(
        fires(WARNING_RATE, make(1, above, NULL, NULL), NULL)); /* the first weights may be to blame */
    assert_true(
        fires(WARNING_RATE, make(4, rises, NULL, NULL), "rose from 0.5000 in epoch 2 to 1.1000 in epoch 4"));
    assert_false(fires(WARNING_RATE, make(3, rises, NULL, NULL), NULL)); /* one epoch is no trend */
    assert_false(fires(WARNING_RATE, make(4, once, NULL, NULL), NULL));
    assert_false(fires(WARNING_RATE, make(4, tiny, NULL, NULL), NULL)); /* threefold, but of nothing */
}

static void test_plateau(void **state)
{
    (void)state;
    const double still[] = {2.3, 2.29, 2.3, 2.3, 2.3, 2.3, 2.3}, moves[] = {2.3, 2.2, 2.1, 2, 1.9, 1.8, 1.7};
    assert_true(fires(WARNING_PLATEAU, make(7, still, NULL, NULL), "no better than guessing"));
    assert_false(fires(WARNING_PLATEAU, make(5, still, NULL, NULL), NULL)); /* too early to say */
    assert_false(fires(WARNING_PLATEAU, make(7, moves, NULL, NULL), NULL));
    made *m = make(7, still, NULL, NULL);
    m->epochs[6].rate = 0.009; /* the end of a cosine: nothing is to be expected */
    assert_false(fires(WARNING_PLATEAU, m, NULL));
    m = make(7, still, NULL, NULL);
    m->epochs[6].train_accuracy = 0.95; /* it has learned what there is */
    assert_false(fires(WARNING_PLATEAU, m, NULL));
}

static void test_loader(void **state)
{
    (void)state;
    made *m = make(3, NULL, NULL, NULL);
    m->epochs[1].wait_share = 0.5;
    m->epochs[2].wait_share = 0.4;
    assert_true(fires(WARNING_LOADER, m,
                      "40 % of epoch 3 was waiting for pictures (4.0 of 10.0 s): keeping decoded pictures"));
    m->h.cached = true;
    assert_true(fires(WARNING_LOADER, m, "more threads"));
    m->epochs[1].wait_share = 0.2; /* one slow epoch */
    assert_false(fires(WARNING_LOADER, m, NULL));
    m->epochs[1].wait_share = 0.5;
    m->epochs[2].seconds = 1; /* nobody minds */
    assert_false(fires(WARNING_LOADER, m, NULL));
    m = make(2, NULL, NULL, NULL);
    m->epochs[0].wait_share = m->epochs[1].wait_share = 0.9; /* the first fills caches */
    assert_false(fires(WARNING_LOADER, m, NULL));
}

static void test_class(void **state)
{
    (void)state;
    const char *names[] = {"cat", "dog", "fox"};
    const int64_t never[] = {10, 0, 0, 5, 0, 5, 0, 0, 10}, once[] = {10, 1, 0, 5, 0, 5, 0, 0, 10},
                  rare[] = {10, 0, 0, 2, 0, 2, 0, 0, 10};
    const double accuracy[] = {0.7, 0.7, 0.7, 0.7};
    made *m = make(4, NULL, NULL, accuracy);
    m->h.classes = 3;
    m->h.names = names;
    m->h.confusion = never;
    m->h.validation_pictures = 30;
    assert_true(fires(WARNING_CLASS, m,
                      "class 'dog' is never predicted: none of the validation's 30 pictures, 10 of them"));
    m->epochs[3].validation_accuracy = 0.6; /* it knows no class well */
    assert_false(fires(WARNING_CLASS, m, NULL));
    m->epochs[3].validation_accuracy = 0.7;
    m->h.planned = 9; /* not half of the run yet */
    assert_false(fires(WARNING_CLASS, m, NULL));
    m->h.planned = 4;
    m->h.confusion = once;
    assert_false(fires(WARNING_CLASS, m, NULL));
    m->h.confusion = rare;
    assert_false(fires(WARNING_CLASS, m, NULL));
    m->h.confusion = NULL;
    assert_false(fires(WARNING_CLASS, m, NULL));
    m->h.confusion = never;
    m->h.count = m->h.planned = 2;
    assert_false(fires(WARNING_CLASS, m, NULL));
}

static void test_validation(void **state)
{
    (void)state;
    const double accuracy[] = {0.5, 0.75, 0.8};
    made *m = make(3, NULL, NULL, accuracy);
    m->h.validation_pictures = 20;
    assert_false(fires(WARNING_VALIDATION, m, NULL)); /* the run goes on */
    m->h.ended = true;
    /* Wilson's interval of 16 of 20, as statsmodels' proportion_confint gives it. */
    assert_true(fires(
        WARNING_VALIDATION, m,
        "of 20 pictures 80.00 % are right in epoch 3, which may stand for anything from 58.4 to 91.9 %"));
    m->h.validation_pictures = 1000;
    assert_false(fires(WARNING_VALIDATION, m, NULL));
    m->h.validation_pictures = 20;
    m->epochs[1].validation_accuracy = 0.6; /* 20 points are more than the interval's half */
    assert_false(fires(WARNING_VALIDATION, m, NULL));
    m->epochs[1].validation_accuracy = 0.75;
    m->h.one_class = false;
    assert_false(fires(WARNING_VALIDATION, m, NULL));
}

/* Numbers of runs that went well: after no epoch of them is anything said. */
static void test_ordinary_runs(void **state)
{
    (void)state;
    static const struct {
        int64_t count;
        double train[8], validation[8], accuracy[8], train_accuracy[8];
    } runs[] = {
        /* drawn digits, small_cnn, 4 epochs */
        {4,
         {0.9331, 0.1755, 0.0734, 0.0496},
         {0.1853, 0.0671, 0.0302, 0.0252},
         {0.94, 0.983, 0.9935, 0.9955},
         {0.6747, 0.9464, 0.9786, 0.988}},
        /* MNIST and Fashion-MNIST, lenet5, 4 epochs */
        {4,
         {0.6407, 0.1458, 0.1076, 0.0860},
         {0.1094, 0.0763, 0.0619, 0.0576},
         {0.9661, 0.9762, 0.9800, 0.9809},
         {0.7953, 0.9548, 0.9664, 0.9736}},
        {4,
         {0.8417, 0.5179, 0.4599, 0.4327},
         {0.5067, 0.4456, 0.4051, 0.3977},
         {0.8083, 0.8333, 0.8518, 0.8551},
         {0.6928, 0.8047, 0.8274, 0.8379}},
        /* made up: a validation that wavers, as with a high rate and a small network */
        {8,
         {1.9, 1.5, 1.3, 1.15, 1.05, 0.95, 0.88, 0.85},
         {1.7, 1.6, 1.2, 1.4, 1.1, 1.25, 0.95, 0.96},
         {0.35, 0.41, 0.56, 0.52, 0.61, 0.58, 0.67, 0.665},
         {0.3, 0.44, 0.53, 0.59, 0.62, 0.66, 0.69, 0.7}},
        /* made up: nearly perfect, losses are noise */
        {8,
         {0.2, 0.05, 0.03, 0.02, 0.015, 0.01, 0.008, 0.007},
         {0.06, 0.04, 0.035, 0.03, 0.033, 0.031, 0.036, 0.034},
         {0.98, 0.987, 0.989, 0.991, 0.99, 0.992, 0.991, 0.992},
         {0.94, 0.985, 0.99, 0.993, 0.995, 0.997, 0.998, 0.998}},
    };
    for (size_t r = 0; r < sizeof runs / sizeof *runs; r++)
        for (int64_t count = 1; count <= runs[r].count; count++) {
            made *m = make(count, runs[r].train, runs[r].validation, runs[r].accuracy);
            m->h.planned = runs[r].count;
            m->h.ended = count == runs[r].count;
            for (int64_t i = 0; i < count; i++) {
                m->epochs[i].train_accuracy = runs[r].train_accuracy[i];
                m->epochs[i].rate = 0.05 * (1 + cos(3.14159 * (double)(i + 1) / (double)runs[r].count));
            }
            for (int kind = 0; kind < WARNING_KINDS; kind++)
                if (fires((warning_kind)kind, m, NULL))
                    fail_msg("run %zu, epoch %lld: warning %d", r, (long long)count, kind);
        }
    made *nothing = make(0, NULL, NULL, NULL);
    for (int kind = 0; kind < WARNING_KINDS; kind++)
        assert_false(fires((warning_kind)kind, nothing, NULL));
}

/* ---- in a run ---- */

typedef struct heard {
    int rate, small;
    int64_t stop_after; /* an epoch; 0: never */
} heard;

static void hear(const char *line, void *user)
{
    heard *h = user;
    h->rate += strstr(line, "warning: the learning rate may be too high") != NULL;
    h->small += strstr(line, "warning: the validation is small: of 15 pictures") != NULL;
}

static int stop(const fv_progress *p, void *user)
{
    return p->epoch == ((heard *)user)->stop_after;
}

static fv_status fit(const fv_dataset *data, const char *out, const char *resume, float rate, heard *h)
{
    fv_model *m = make_network(CLASSES);
    assert_ok(
        fv_compile(m, .optimizer = FV_ADAM, .learning_rate = rate, .engine = "reference", .threads = 1));
    fv_status status = fv_fit(m, fv_dataset_part(data, FV_TRAIN),
                              .validation = fv_dataset_part(data, FV_VALIDATION), .epochs = 5, .batch = 16,
                              .out = out, .resume = resume, .on_epoch = stop, .on_log = hear, .user = h);
    fv_model_destroy(m);
    return status;
}

/* Each is told once, also by a run that goes on; a run that goes well has none but that 15 pictures are few. */
static void test_told_once(void **state)
{
    (void)state;
    char *folder = make_folder(), *out = file_join(folder, "run"), *last = file_join(out, "last.safetensors");
    write_idx(folder);
    fv_dataset *data = fv_dataset_open(folder, .seed = 1);
    assert_non_null(data);
    heard whole = {0}, first = {.stop_after = 2}, second = {0}, good = {0};
    assert_ok(fit(data, NULL, NULL, 3, &whole));
    assert_int_equal(whole.rate, 1);
    assert_int_equal(fit(data, out, NULL, 3, &first), FV_INTERRUPTED);
    assert_int_equal(first.rate, 1);
    assert_int_equal(first.small, 0); /* only the end can say it */
    assert_ok(fit(data, out, last, 3, &second));
    assert_int_equal(second.rate, 0);
    assert_ok(fit(data, NULL, NULL, 0.003f, &good));
    assert_int_equal(good.rate, 0);
    assert_int_equal(good.small, 1);
    fv_dataset_destroy(data);
    free(last);
    free(out);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overfitting),   cmocka_unit_test(test_rate),
        cmocka_unit_test(test_plateau),       cmocka_unit_test(test_loader),
        cmocka_unit_test(test_class),         cmocka_unit_test(test_validation),
        cmocka_unit_test(test_ordinary_runs), cmocka_unit_test(test_told_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
