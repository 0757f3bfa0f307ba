/* SPDX-License-Identifier: Apache-2.0 */
/* fv_fit: it learns, stops when it should, keeps the best, and goes on from a checkpoint bit for bit. */
#include <math.h>
#include <signal.h>
#include <sys/resource.h>

#include "model/checkpoint.h"
#include "nn/network.h"
#include "train_fixture.h"

enum {
    EPOCHS = 4,
    BATCH_SIZE = 16 /* four steps an epoch, the last one padded */
};

static fv_model *make_from(fv_compile_options o)
{
    o.struct_size = sizeof o;
    o.model = make_network(CLASSES);
    assert_ok(fv_compile_with(&o));
    return o.model;
}

static fv_model *make_with(const char *engine, int threads, fv_optimizer optimizer, float rate)
{
    return make_from((fv_compile_options){
        .optimizer = optimizer, .learning_rate = rate, .engine = engine, .threads = threads});
}

static fv_model *make_compiled(fv_optimizer optimizer, float rate)
{
    return make_with("reference", 1, optimizer, rate);
}

static char *read_text(const char *folder, const char *name)
{
    uint8_t *bytes;
    size_t size;
    char *path = file_join(folder, name);
    assert_ok(file_read(path, 1 << 24, &bytes, &size));
    free(path);
    return (char *)bytes;
}

/* Column `column` (from 0) of the row of `epoch` (from 1). */
static double cell(const char *csv, int epoch, int column)
{
    for (int i = 0; i < epoch; i++)
        csv = strchr(csv, '\n') + 1;
    for (int i = 0; i < column; i++)
        csv = strchr(csv, ',') + 1;
    return *csv == ',' ? NAN : strtod(csv, NULL);
}

static int rows(const char *csv)
{
    int n = -1;
    for (; *csv; csv++)
        n += *csv == '\n';
    return n;
}

/* ---- learning ---- */

typedef struct seen {
    int64_t steps, epochs;
    float best;
    int bests;
    char log[4096];
} seen;

static int see_step(const fv_progress *p, void *user)
{
    seen *s = user;
    s->steps++;
    assert_true(p->epoch >= 1 && p->epoch <= p->epochs && p->step >= 1 && p->step <= p->steps);
    assert_true(isfinite(p->train_loss) && isnan(p->validation_loss));
    assert_true(p->seconds_left >= 0 && p->wait_share >= 0 && p->wait_share <= 1);
    return 0;
}

static int see_epoch(const fv_progress *p, void *user)
{
    seen *s = user;
    s->epochs++;
    assert_int_equal(p->pictures, 60);
    s->bests += p->is_best;
    if (p->is_best)
        s->best = p->validation_accuracy;
    return 0;
}

static void see_log(const char *line, void *user)
{
    seen *s = user;
    strncat(s->log, line, sizeof s->log - strlen(s->log) - 2);
    strcat(s->log, "\n");
}

static void test_learns(void **state)
{
    fixture *f = *state;
    seen s = {0};
    fv_evaluation e, again;
    char *out = file_join(f->folder, "run"), *best = file_join(out, "best.safetensors");
    fv_model *m = make_compiled(FV_ADAMW, 0.02f);
    assert_ok(fv_fit(m, .train = f->train, .validation = f->validation, .epochs = 12, .batch = BATCH_SIZE,
                     .patience = FV_OFF, .augment = "none", .out = out, .on_step = see_step,
                     .on_epoch = see_epoch, .on_log = see_log, .user = &s));
    assert_int_equal(s.steps, 48);
    assert_int_equal(s.epochs, 12);
    assert_non_null(strstr(s.log, "values of the training pictures"));
    assert_string_equal(fv_model_class_name(m, 2), "2");
    char *csv = read_text(out, "results.csv");
    assert_int_equal(strncmp(csv, "epoch,seconds,train/loss,train/accuracy,val/loss,val/accuracy,lr", 64), 0);
    assert_int_equal(rows(csv), 12);
    double highest = 0, loss = 0;
    for (int i = 1; i <= 12; i++)
        if (cell(csv, i, 5) > highest) {
            highest = cell(csv, i, 5);
            loss = cell(csv, i, 4);
        }
    assert_true(highest > 0.9);
    assert_float_equal(highest, s.best, 1e-6);
    /* The model has the best epoch's weights, and so has the file. */
    assert_ok(fv_evaluate(m, .data = f->validation, .result = &e));
    assert_int_equal(e.images, 15);
    assert_float_equal(e.accuracy, highest, 1e-6);
    assert_float_equal(e.loss, loss, 1e-5);
    fv_model *loaded = fv_model_load(best);
    assert_non_null(loaded);
    assert_ok(fv_evaluate(loaded, .data = f->validation, .result = &again));
    assert_float_equal(again.accuracy, e.accuracy, 0);
    assert_float_equal(again.loss, e.loss, 1e-5);
    fv_evaluation_release(&e);
    fv_evaluation_release(&again);
    fv_model_destroy(loaded);
    fv_model_destroy(m);
    free(csv);
    free(best);
    free(out);
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
                          int loader_threads, fv_schedule schedule)
{
    return fv_fit(m, .train = f->train, .validation = f->validation, .epochs = EPOCHS, .batch = BATCH_SIZE,
                  .schedule = schedule, .seed = 7, .patience = 3, .loader_threads = loader_threads,
                  .out = out, .resume = resume, .on_step = stop_step, .on_epoch = stop_epoch, .user = &stop);
}

static void assert_same_results(const char *a, const char *b)
{
    assert_int_equal(rows(a), EPOCHS);
    assert_int_equal(rows(b), EPOCHS);
    for (int epoch = 1; epoch <= EPOCHS; epoch++)
        for (int column = 2; column <= 6; column++) /* losses, accuracies and rate; not seconds */
            if (cell(a, epoch, column) != cell(b, epoch, column))
                fail_msg("epoch %d, column %d\n%s\n%s", epoch, column, a, b);
}

static void assert_same_tensors(fv_model *a, fv_model *b)
{
    assert_int_equal(fv_model_tensor_count(a), fv_model_tensor_count(b));
    for (int64_t i = 0; i < fv_model_tensor_count(a); i++) {
        fv_tensor_view u, v;
        assert_ok(fv_model_tensor(a, i, &u));
        assert_ok(fv_model_tensor(b, i, &v));
        assert_memory_equal(u.data, v.data, (size_t)u.count * sizeof *u.data);
    }
}

/* Interrupted at `stop` and resumed, against a run in one piece. */
static void compare_resumed_with(const fixture *f, fv_compile_options o, fv_schedule schedule, stop_at stop)
{
    char *whole = file_join(f->folder, "whole"), *parts = file_join(f->folder, "parts"),
         *last = file_join(parts, "last.safetensors");
    fv_model *a = make_from(o), *b = make_from(o), *c = make_from(o);
    assert_ok(fit_part(f, a, whole, NULL, (stop_at){0, 1}, 1, schedule));
    assert_int_equal(fit_part(f, b, parts, NULL, stop, 3, schedule), FV_INTERRUPTED);
    c->tensors[0].data[0] = 99; /* the file decides, not what the model had */
    assert_ok(fit_part(f, c, parts, last, (stop_at){0, 1}, 2, schedule));
    char *one = read_text(whole, "results.csv"), *two = read_text(parts, "results.csv");
    assert_same_results(one, two);
    assert_same_tensors(a, c);
    free(one);
    free(two);
    fv_model_destroy(a);
    fv_model_destroy(b);
    fv_model_destroy(c);
    free(whole);
    free(parts);
    free(last);
}

static void compare_resumed(const fixture *f, const char *engine, fv_optimizer optimizer,
                            fv_schedule schedule, stop_at stop)
{
    fv_compile_options o = {.optimizer = optimizer, .learning_rate = 0.02f, .engine = engine, .threads = 2};
    compare_resumed_with(f, o, schedule, stop);
}

static void test_resume(void **state)
{
    const fixture *f = *state;
    compare_resumed(f, "reference", FV_ADAMW, FV_SCHEDULE_COSINE, (stop_at){2, 2});
    compare_resumed(f, "reference", FV_SGD, FV_SCHEDULE_ONECYCLE, (stop_at){1, 1});
    compare_resumed(f, "reference", FV_RMSPROP, FV_SCHEDULE_PLATEAU, (stop_at){3, 4}); /* before validation */
    compare_resumed(f, "reference", FV_ADAM, FV_SCHEDULE_PLATEAU, (stop_at){2, 0});    /* between epochs */
    compare_resumed(f, "auto", FV_SGD, FV_SCHEDULE_COSINE, (stop_at){2, 3});
}

/* Every optimizer, and in the middle of an accumulation: of the four steps of an epoch three make the first update. */
static void test_resume_recipes(void **state)
{
    const fv_optimizer optimizers[] = {FV_ADAGRAD, FV_NADAM, FV_LION, FV_LAMB, FV_MUON};
    for (int i = 0; i < 5; i++) {
        fv_compile_options one = {.optimizer = optimizers[i],
                                  .learning_rate = 0.02f,
                                  .threads = 1,
                                  .engine = i % 2 ? "auto" : "reference"};
        compare_resumed_with(*state, one, FV_SCHEDULE_COSINE, (stop_at){2, 1 + i % 3});
    }
    fv_compile_options o = {.optimizer = FV_ADAMW,
                            .learning_rate = 0.02f,
                            .threads = 1,
                            .engine = "reference",
                            .l1 = 1e-3f,
                            .l2 = 1e-3f,
                            .clip_norm = 0.5f,
                            .accumulate = 3,
                            .ema = 0.9f};
    compare_resumed_with(*state, o, FV_SCHEDULE_COSINE, (stop_at){2, 1});
    o.engine = "auto";
    compare_resumed_with(*state, o, FV_SCHEDULE_ONECYCLE, (stop_at){2, 2});
    compare_resumed_with(*state, o, FV_SCHEDULE_PLATEAU, (stop_at){1, 0});
}

/* What is validated and what is the best are the averaged weights; the checkpoint has both kinds. */
static void test_ema(void **state)
{
    const fixture *f = *state;
    char *out = file_join(f->folder, "run"), *last = file_join(out, "last.safetensors");
    fv_model *m = make_from(
                 (fv_compile_options){.learning_rate = 0.02f, .engine = "auto", .threads = 1, .ema = 0.9f}),
             *raw = make_network(CLASSES);
    assert_ok(fv_fit(m, .train = f->train, .validation = f->validation, .epochs = 1, .batch = 6, .out = out));
    checkpoint_extra x = {0};
    assert_ok(checkpoint_load(raw, last, &x));
    int differ = 0, averaged = 0;
    for (int32_t i = 0; i < m->tensor_count; i++) {
        const network_tensor *t = &m->tensors[i];
        char name[128];
        snprintf(name, sizeof name, "%s.ema", t->name);
        const checkpoint_tensor *ema = checkpoint_find_tensor(&x, name);
        assert_non_null(ema);
        averaged += t->trainable ? 0 : 1;
        assert_memory_equal(ema->data, t->data, (size_t)t->count * sizeof(float));
        differ += memcmp(raw->tensors[i].data, t->data, (size_t)t->count * sizeof(float)) != 0;
    }
    assert_int_equal(averaged, 2); /* running mean and variance */
    assert_int_equal(differ, m->tensor_count);
    fv_evaluation e = {0};
    char *csv = read_text(out, "results.csv");
    assert_ok(fv_evaluate(m, .data = f->validation, .result = &e));
    assert_float_equal(e.loss, cell(csv, 1, 4), 1e-5);
    fv_evaluation_release(&e);
    checkpoint_release(&x);
    fv_model_destroy(m);
    fv_model_destroy(raw);
    free(csv);
    free(out);
    free(last);
}

/* A finished run has nothing left to do; other options are refused. */
static void test_resume_finished(void **state)
{
    const fixture *f = *state;
    char *out = file_join(f->folder, "run"), *last = file_join(out, "last.safetensors");
    fv_model *a = make_compiled(FV_ADAMW, 0.02f), *b = make_compiled(FV_ADAMW, 0.02f),
             *c = make_compiled(FV_ADAMW, 0.03f);
    assert_ok(fit_part(f, a, out, NULL, (stop_at){0, 1}, 1, FV_SCHEDULE_COSINE));
    assert_ok(fit_part(f, b, out, last, (stop_at){EPOCHS, 1}, 1, FV_SCHEDULE_COSINE));
    assert_same_tensors(a, b);
    assert_int_equal(fit_part(f, c, out, last, (stop_at){0, 1}, 1, FV_SCHEDULE_COSINE), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "other options"));
    fv_model_destroy(a);
    fv_model_destroy(b);
    fv_model_destroy(c);
    free(out);
    free(last);
}

/* Each number of a checkpoint in turn is replaced by nonsense; none of these files may be gone on from. */
static void test_damaged_checkpoint(void **state)
{
    const fixture *f = *state;
    const char *const nonsense[] = {"", "-1", "x", "99999999999999999999999"};
    char *out = file_join(f->folder, "run"), *last = file_join(out, "last.safetensors");
    fv_model *m = make_compiled(FV_ADAMW, 0.02f);
    checkpoint_extra x = {0};
    int tried = 0;
    assert_int_equal(fit_part(f, m, out, NULL, (stop_at){2, 2}, 1, FV_SCHEDULE_COSINE), FV_INTERRUPTED);
    assert_ok(checkpoint_load(m, last, &x));
    for (size_t i = 0; i < x.value_count; i++) {
        char *kept = x.values[i].value;
        for (size_t k = 0; k < sizeof nonsense / sizeof *nonsense; k++, tried++) {
            if (strcmp(x.values[i].key, "results") == 0) /* a text: any will do */
                continue;
            x.values[i].value = (char *)nonsense[k];
            assert_ok(checkpoint_save(m, &x, last));
            fv_status status = fit_part(f, m, out, last, (stop_at){0, 1}, 1, FV_SCHEDULE_COSINE);
            if (status != FV_ERROR_FORMAT && status != FV_ERROR_INVALID)
                fail_msg("%s = '%s': %d", x.values[i].key, nonsense[k], status);
        }
        x.values[i].value = kept;
    }
    assert_true(tried >= 60);
    assert_ok(checkpoint_save(m, &x, last));
    assert_ok(fit_part(f, m, out, last, (stop_at){0, 1}, 1, FV_SCHEDULE_COSINE));
    checkpoint_release(&x);
    fv_model_destroy(m);
    free(out);
    free(last);
}

/* ---- stopping ---- */

static void test_patience(void **state)
{
    const fixture *f = *state;
    seen s = {0};
    fv_model *m = make_compiled(FV_SGD, 1e-9f);
    assert_ok(fv_fit(m, .train = f->train, .validation = f->validation, .epochs = 20, .batch = BATCH_SIZE,
                     .schedule = FV_SCHEDULE_CONSTANT, .patience = 20, .on_epoch = see_epoch, .user = &s));
    assert_int_equal(s.epochs, 20); /* running statistics settle: the value changes for a while */
    fv_model_destroy(m);
    s = (seen){0};
    m = make_compiled(FV_SGD, 1e-9f);
    assert_ok(fv_fit(m, .train = f->train, .validation = f->validation, .epochs = 500, .batch = BATCH_SIZE,
                     .patience = 3, .on_epoch = see_epoch, .on_log = see_log, .user = &s));
    assert_true(s.epochs >= 4 && s.epochs < 100);
    assert_non_null(strstr(s.log, "no better value since epoch"));
    fv_model_destroy(m);
}

static void test_divergence(void **state)
{
    const fixture *f = *state;
    fv_model *m = make_compiled(FV_SGD, 1000), *fresh = make_network(CLASSES);
    fv_status status = fv_fit(m, .train = f->train, .validation = f->validation, .batch = BATCH_SIZE,
                              .warmup = FV_OFF, .schedule = FV_SCHEDULE_CONSTANT);
    assert_int_equal(status, FV_ERROR_DIVERGED);
    assert_non_null(strstr(fv_error_message(), "learning rate"));
    for (int32_t i = 0; i < m->tensor_count; i++)
        for (int64_t k = 0; k < m->tensors[i].count; k++)
            assert_true(isfinite(m->tensors[i].data[k]));
    fv_model_destroy(m);
    fv_model_destroy(fresh);
}

/* ---- failures ---- */

/* A limit on the size of files stands for a full disk: the files of the last good run stay as they are. */
static void test_full_disk(void **state)
{
    const fixture *f = *state;
    char *out = file_join(f->folder, "run");
    fv_model *m = make_compiled(FV_ADAMW, 0.02f);
    assert_ok(fit_part(f, m, out, NULL, (stop_at){0, 1}, 1, FV_SCHEDULE_COSINE));
    fv_model_destroy(m);
    char *before = read_text(out, "last.safetensors");
    struct rlimit limit, small = {1024, RLIM_INFINITY};
    getrlimit(RLIMIT_FSIZE, &limit);
    small.rlim_max = limit.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    m = make_compiled(FV_ADAMW, 0.02f);
    fv_status status = fit_part(f, m, out, NULL, (stop_at){0, 1}, 1, FV_SCHEDULE_COSINE);
    setrlimit(RLIMIT_FSIZE, &limit);
    assert_int_equal(status, FV_ERROR_IO);
    char *after = read_text(out, "last.safetensors");
    assert_memory_equal(before, after, 1024);
    file_list list;
    assert_ok(file_list_folder(&list, out));
    assert_int_equal(list.count, 3); /* nothing temporary is left */
    file_list_release(&list);
    fv_model_destroy(m);
    free(before);
    free(after);
    free(out);
}

static void test_bad_arguments(void **state)
{
    const fixture *f = *state;
    fv_model *m = make_network(CLASSES + 1);
    assert_int_equal(fv_fit(m, .train = f->train), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "3 classes"));
    fv_model_destroy(m);
    m = make_network(CLASSES);
    assert_int_equal(fv_fit(m, .train = NULL), FV_ERROR_INVALID);
    assert_int_equal(fv_fit(m, .train = f->train, .epochs = -3), FV_ERROR_INVALID);
    assert_int_equal(fv_fit(m, .train = f->train, .warmup = NAN), FV_ERROR_INVALID);
    assert_int_equal(fv_fit(m, .train = f->train, .augment = "wild"), FV_ERROR_INVALID);
    assert_int_equal(fv_fit(m, .train = f->train, .resume = "/nonexistent"), FV_ERROR_IO);
    assert_int_equal(fv_compile(m, .learning_rate = -1e-3f), FV_ERROR_INVALID);
    assert_int_equal(fv_compile(m, .learning_rate = NAN), FV_ERROR_INVALID);
    assert_int_equal(fv_compile(m, .beta_1 = 1), FV_ERROR_INVALID);
    assert_int_equal(fv_compile(m, .engine = "steam"), FV_ERROR_INVALID);
    fv_model_destroy(m);
    m = fv_model_create(.height = SIDE, .width = SIDE, .channels = 1);
    fv_output(fv_dense(fv_input(m), .units = 3, .activation = FV_SOFTMAX, .name = "last"));
    assert_int_equal(fv_compile(m), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "last"));
    fv_model_destroy(m);
}

static void test_one_class(void **state)
{
    (void)state;
    char *folder = make_folder();
    write_class(folder, "only", 0, 4);
    fv_dataset *data = fv_dataset_open(folder);
    fv_model *m = make_network(1);
    assert_non_null(data);
    assert_int_equal(fv_fit(m, .train = fv_dataset_part(data, FV_TRAIN)), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "one class only ('only')"));
    fv_model_destroy(m);
    fv_dataset_destroy(data);
    remove_folder(folder);
}

static void test_defaults(void **state)
{
    (void)state;
    fv_model *m = make_network(CLASSES);
    assert_ok(fv_compile(m));
    assert_true(m->compile.optimizer == FV_ADAMW && m->compile.learning_rate == 1e-3f &&
                m->compile.weight_decay == 0.01f && m->compile.threads >= 1);
    assert_ok(fv_compile(m, .optimizer = FV_SGD));
    assert_true(m->compile.learning_rate == 0.1f && m->compile.momentum == 0.9f &&
                m->compile.weight_decay == 5e-4f);
    assert_ok(fv_compile(m, .optimizer = FV_SGD, .momentum = FV_OFF, .weight_decay = FV_OFF));
    assert_true(m->compile.momentum == 0 && m->compile.weight_decay == 0);
    float rate, decay;
    for (int k = FV_OPTIMIZER_DEFAULT; k <= FV_MUON; k++) {
        assert_ok(fv_compile(m, .optimizer = (fv_optimizer)k));
        fv_optimizer_usual((fv_optimizer)k, &rate, &decay);
        assert_true(rate > 0 && rate == m->compile.learning_rate && decay == m->compile.weight_decay);
    }
    fv_optimizer_usual((fv_optimizer)(FV_MUON + 1), &rate, &decay);
    assert_true(rate == 0 && decay == 0);
    fv_model_destroy(m);
    m = fv_model_create(.height = SIDE, .width = SIDE, .channels = 1);
    fv_output(fv_dense(fv_input(m), .units = 1));
    assert_ok(fv_compile(m, .optimizer = FV_SGD));
    assert_true(m->compile.learning_rate == 0.01f && m->compile.loss == FV_BINARY_CROSSENTROPY);
    assert_int_equal(fv_compile(m, .loss = FV_CATEGORICAL_CROSSENTROPY), FV_ERROR_INVALID);
    fv_model_destroy(m);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_learns),
                                       TEST(test_resume),
                                       TEST(test_resume_recipes),
                                       TEST(test_ema),
                                       TEST(test_resume_finished),
                                       TEST(test_damaged_checkpoint),
                                       TEST(test_patience),
                                       TEST(test_divergence),
                                       TEST(test_full_disk),
                                       TEST(test_bad_arguments),
                                       cmocka_unit_test(test_one_class),
                                       cmocka_unit_test(test_defaults)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
