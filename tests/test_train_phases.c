/* SPDX-License-Identifier: Apache-2.0 */
/* fv_fit with head_epochs: the backbone stays, then everything is trained; the first phase is what a frozen run of its own is; and a run
 * that was stopped before, at or behind the boundary goes on bit for bit. */
#include <math.h>

#include "nn/network.h"
#include "train_fixture.h"

enum {
    HEAD_EPOCHS = 2,
    EPOCHS = 4,
    BATCH_SIZE = 16 /* four steps an epoch */
};

static fv_model *make_compiled(void)
{
    fv_model *m = make_network(CLASSES);
    assert_ok(fv_compile(m, .learning_rate = 0.01f, .engine = "reference", .threads = 1));
    return m;
}

/* Columns 0 (epoch) and 2 to 6 of a results.csv, a line an epoch: losses, accuracies and rate, without seconds. */
static void read_results(const char *folder, double values[EPOCHS][6], int *count)
{
    char *path = file_join(folder, "results.csv"), *line;
    uint8_t *bytes;
    size_t size;
    assert_ok(file_read(path, 1 << 20, &bytes, &size));
    *count = 0;
    for (line = strchr((char *)bytes, '\n') + 1; *line; line = strchr(line, '\n') + 1) {
        double seconds, *v = values[(*count)++];
        assert_int_equal(
            sscanf(line, "%lf,%lf,%lf,%lf,%lf,%lf,%lf", v, &seconds, v + 1, v + 2, v + 3, v + 4, v + 5), 7);
    }
    free(bytes);
    free(path);
}

static bool same(const fv_model *a, const fv_model *b, int32_t i)
{
    return memcmp(a->tensors[i].data, b->tensors[i].data,
                  (size_t)a->tensors[i].count * sizeof *a->tensors[i].data) == 0;
}

/* ---- what each phase trains ---- */

typedef struct watch {
    fv_model *m, *initial;
    int epochs;
    char log[4096];
} watch;

static int watch_epoch(const fv_progress *p, void *user)
{
    watch *w = user;
    bool head = p->epoch <= HEAD_EPOCHS;
    assert_int_equal(p->epoch, ++w->epochs);
    assert_int_equal(p->epochs, EPOCHS);
    assert_string_equal(p->phase, head ? "head" : "thawed");
    for (int32_t i = 0; i < w->m->tensor_count; i++)
        assert_int_equal(same(w->m, w->initial, i), head && i < w->m->tensor_count - 2);
    return 0;
}

static void watch_log(const char *line, void *user)
{
    watch *w = user;
    strncat(w->log, line, sizeof w->log - strlen(w->log) - 2);
    strcat(w->log, "\n");
}

static void test_phases(void **state)
{
    const fixture *f = *state;
    watch w = {.m = make_compiled(), .initial = make_compiled()};
    fv_model *alone = make_network(CLASSES);
    char *out = file_join(f->folder, "two"), *head = file_join(f->folder, "head");
    double two[EPOCHS][6], one[EPOCHS][6];
    int rows;
    assert_ok(fv_fit(w.m, .train = f->train, .validation = f->validation, .epochs = EPOCHS,
                     .head_epochs = HEAD_EPOCHS, .head_learning_rate = 0.05f, .batch = BATCH_SIZE,
                     .patience = FV_OFF, .out = out, .on_epoch = watch_epoch, .on_log = watch_log,
                     .user = &w));
    assert_int_equal(w.epochs, EPOCHS);
    assert_non_null(
        strstr(w.log, "epochs 1 to 2, head: 387 of 475 parameters are trained, learning rate 0.05; 1 of 1"));
    assert_non_null(strstr(
        w.log, "epochs 3 to 4, thawed: 475 of 475 parameters are trained, learning rate 0.01; 0 of 1"));
    read_results(out, two, &rows);
    assert_int_equal(rows, EPOCHS);
    for (int i = 0; i < EPOCHS; i++)
        assert_int_equal((int)two[i][0], i + 1);
    /* Each phase has a whole cosine: 8 steps, no warm-up at 5 % of them. */
    for (int i = 0; i < EPOCHS; i++)
        assert_float_equal(two[i][5], (i < 2 ? 0.05 : 0.01) * (1 + cos(M_PI * (i % 2 ? 7 : 3) / 8)) / 2,
                           1e-7);

    assert_ok(fv_compile(alone, .learning_rate = 0.05f, .engine = "reference", .threads = 1));
    assert_ok(fv_freeze(alone, "backbone"));
    assert_ok(fv_fit(alone, .train = f->train, .validation = f->validation, .epochs = HEAD_EPOCHS,
                     .batch = BATCH_SIZE, .patience = FV_OFF, .out = head));
    read_results(head, one, &rows);
    assert_int_equal(rows, HEAD_EPOCHS);
    assert_memory_equal(one, two, HEAD_EPOCHS * sizeof *one);
    fv_model_destroy(w.m);
    fv_model_destroy(w.initial);
    fv_model_destroy(alone);
    free(out);
    free(head);
}

/* ---- resuming ---- */

typedef struct stop_at {
    int64_t epoch, step; /* step 0: at the end of the epoch */
} stop_at;

static int stop_step(const fv_progress *p, void *user)
{
    const stop_at *s = user;
    return p->epoch == s->epoch && p->step == s->step;
}

static int stop_epoch(const fv_progress *p, void *user)
{
    const stop_at *s = user;
    return p->epoch == s->epoch && s->step == 0;
}

static fv_status fit_part(const fixture *f, fv_model *m, const char *out, const char *resume, stop_at stop,
                          fv_schedule schedule)
{
    return fv_fit(m, .train = f->train, .validation = f->validation, .epochs = EPOCHS,
                  .head_epochs = HEAD_EPOCHS, .head_learning_rate = 0.03f, .batch = BATCH_SIZE,
                  .schedule = schedule, .seed = 7, .patience = 3, .out = out, .resume = resume,
                  .on_step = stop_step, .on_epoch = stop_epoch, .user = &stop);
}

static void compare_resumed(const fixture *f, fv_schedule schedule, stop_at stop)
{
    char *whole = file_join(f->folder, "whole"), *parts = file_join(f->folder, "parts"),
         *last = file_join(parts, "last.safetensors");
    fv_model *a = make_compiled(), *b = make_compiled(), *c = make_compiled();
    double one[EPOCHS][6], two[EPOCHS][6];
    int rows;
    assert_ok(fit_part(f, a, whole, NULL, (stop_at){0, 1}, schedule));
    assert_int_equal(fit_part(f, b, parts, NULL, stop, schedule), FV_INTERRUPTED);
    assert_ok(fit_part(f, c, parts, last, (stop_at){0, 1}, schedule));
    read_results(whole, one, &rows);
    assert_int_equal(rows, EPOCHS);
    read_results(parts, two, &rows);
    assert_int_equal(rows, EPOCHS);
    assert_memory_equal(one, two, sizeof one);
    for (int32_t i = 0; i < a->tensor_count; i++)
        assert_true(same(a, c, i));
    fv_model_destroy(a);
    fv_model_destroy(b);
    fv_model_destroy(c);
    free(whole);
    free(parts);
    free(last);
}

static void test_resume(void **state)
{
    const fixture *f = *state;
    compare_resumed(f, FV_SCHEDULE_COSINE, (stop_at){2, 2});  /* in the head's phase */
    compare_resumed(f, FV_SCHEDULE_COSINE, (stop_at){2, 4});  /* after its last step, before validation */
    compare_resumed(f, FV_SCHEDULE_PLATEAU, (stop_at){2, 0}); /* at the boundary */
    compare_resumed(f, FV_SCHEDULE_COSINE, (stop_at){3, 1});
    compare_resumed(f, FV_SCHEDULE_PLATEAU, (stop_at){3, 0});
}

/* What is frozen, how fast tensors learn and what becomes of statistics belong to a run's options. */
static void test_other_freezing(void **state)
{
    const fixture *f = *state;
    char *out = file_join(f->folder, "run"), *last = file_join(out, "last.safetensors");
    fv_model *m = make_compiled();
    assert_int_equal(fit_part(f, m, out, NULL, (stop_at){3, 1}, FV_SCHEDULE_COSINE), FV_INTERRUPTED);
    for (int i = 0; i < 3; i++) {
        fv_model *other = make_compiled();
        assert_ok(i == 0   ? fv_freeze(other, "1")
                  : i == 1 ? fv_set_layer_decay(other, 0.5f)
                           : fv_keep_statistics(other, 1));
        assert_int_equal(fit_part(f, other, out, last, (stop_at){0, 1}, FV_SCHEDULE_COSINE),
                         FV_ERROR_INVALID);
        assert_non_null(strstr(fv_error_message(), "other options"));
        fv_model_destroy(other);
    }
    fv_model_destroy(m);
    free(out);
    free(last);
}

static void test_refuses(void **state)
{
    const fixture *f = *state;
    fv_model *m = make_compiled();
    assert_int_equal(fv_fit(m, .train = f->train, .epochs = 3, .head_epochs = 4), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "head_epochs must be 0..3"));
    assert_int_equal(fv_fit(m, .train = f->train, .head_epochs = -1), FV_ERROR_INVALID);
    assert_int_equal(fv_fit(m, .train = f->train, .head_epochs = 1, .head_learning_rate = -1),
                     FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "head_learning_rate"));
    fv_model_destroy(m);
}

/* ---- stage by stage ---- */

/* Three stages of a convolution, and a head. */
static fv_model *make_stages(void)
{
    fv_model *m = fv_model_create(.height = SIDE, .width = SIDE, .channels = 1, .seed = 3);
    fv_node *x = fv_input(m);
    const char *const names[] = {"one", "two", "three"};
    for (int i = 0; i < 3; i++)
        x = fv_conv2d(x, .filters = 4, .kernel = 3, .padding = FV_SAME, .activation = FV_RELU,
                      .name = names[i]);
    fv_output(fv_dense(fv_global_average_pool2d(x), .units = CLASSES, .name = "fc"));
    assert_ok(fv_compile(m, .learning_rate = 0.01f, .engine = "reference", .threads = 1));
    assert_int_equal(fv_model_stage_count(m), 3);
    return m;
}

typedef struct thawing {
    fv_model *m, *before; /* before: the tensors as the last epoch left them */
    unsigned changed[8];  /* by epoch, a bit a layer: which ones it trained */
    double rates[8];
    stop_at stop;
    char log[4096];
} thawing;

static int see_stage(const fv_progress *p, void *user)
{
    thawing *t = user;
    for (int32_t i = 0; i < t->m->tensor_count; i++) {
        if (!same(t->m, t->before, i))
            t->changed[p->epoch - 1] |= 1u << i / 2;
        memcpy(t->before->tensors[i].data, t->m->tensors[i].data,
               (size_t)t->m->tensors[i].count * sizeof(float));
    }
    return stop_epoch(p, &t->stop);
}

static int stop_stage(const fv_progress *p, void *user)
{
    thawing *t = user;
    t->rates[p->epoch - 1] = (double)p->learning_rate;
    return stop_step(p, &t->stop);
}

static void log_stage(const char *line, void *user)
{
    thawing *t = user;
    strncat(t->log, line, sizeof t->log - strlen(t->log) - 2);
}

static fv_status fit_stages(const fixture *f, thawing *t, const char *out, const char *resume,
                            const char *augment)
{
    return fv_fit(t->m, .train = f->train, .epochs = 7, .head_epochs = 1, .unfreeze_every = 2,
                  .batch = BATCH_SIZE, .augment = augment, .patience = FV_OFF, .out = out, .resume = resume,
                  .warmup = FV_OFF, .on_step = stop_stage, .on_epoch = see_stage, .on_log = log_stage,
                  .user = t);
}

static void test_unfreezing(void **state)
{
    const fixture *f = *state;
    char *out = file_join(f->folder, "stages"), *last = file_join(out, "last.safetensors");
    const stop_at stops[] = {{2, 0}, {3, 0}, {3, 3}, {4, 0}, {6, 1}};
    for (int augmented = 0; augmented < 2; augmented++) {
        const char *augment = augmented ? "standard" : "none";
        thawing whole = {.m = make_stages(), .before = make_stages(), .stop = {0, 1}};
        assert_ok(fit_stages(f, &whole, NULL, NULL, augment));
        const unsigned expected[] = {8, 8 | 4, 8 | 4, 8 | 4 | 2, 8 | 4 | 2, 15, 15};
        for (int i = 0; i < 7; i++)
            assert_int_equal(whole.changed[i], expected[i]);
        for (int i = 1; i < 7; i++) /* one cosine of 24 steps; 4 an epoch */
            assert_float_equal(whole.rates[i], 0.01 * (1 + cos(M_PI * (4 * i - 1) / 24)) / 2, 1e-7);
        assert_non_null(strstr(whole.log, "epochs 2 to 3, thawed: "));
        assert_non_null(strstr(whole.log, "epochs 6 to 7, thawed: "));
        for (size_t s = 0; s < sizeof stops / sizeof *stops; s++) {
            thawing first = {.m = make_stages(), .before = make_stages(), .stop = stops[s]},
                    second = {.m = make_stages(), .before = make_stages(), .stop = {0, 1}};
            assert_int_equal(fit_stages(f, &first, out, NULL, augment), FV_INTERRUPTED);
            assert_ok(fit_stages(f, &second, out, last, augment));
            for (int32_t i = 0; i < whole.m->tensor_count; i++)
                assert_true(same(whole.m, second.m, i));
            fv_model_destroy(first.m);
            fv_model_destroy(first.before);
            fv_model_destroy(second.m);
            fv_model_destroy(second.before);
        }
        fv_model_destroy(whole.m);
        fv_model_destroy(whole.before);
    }
    free(out);
    free(last);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(test_phases), CASE(test_resume), CASE(test_other_freezing),
                                       CASE(test_refuses), CASE(test_unfreezing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
