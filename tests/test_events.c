/* SPDX-License-Identifier: Apache-2.0 */
/* Watchers of fv_fit, and the one that writes TensorBoard's event files. */
#include <math.h>

#include "core/memory.h"
#include "golden/events.h"
#include "report/events.h"
#include "test_train.h"

enum {
    EPOCHS = 3,
    BATCH_SIZE = 16, /* four steps an epoch */
    STEPS = 4
};

static double fixed_clock(void)
{
    return 1234.5;
}

static uint8_t *read_bytes(const char *folder, const char *name, size_t *size)
{
    uint8_t *bytes;
    char *path = file_join(folder, name);
    assert_ok(file_read(path, 1 << 26, &bytes, size));
    free(path);
    return bytes;
}

/* ---- the file ---- */

/* The check value of Koopman's and the CRC catalogue's CRC-32C, and RFC 3720's 32 zeros. */
static void test_checksum(void **state)
{
    (void)state;
    const uint8_t zeros[32] = {0};
    assert_int_equal(event_crc("123456789", 9), 0xe3069283);
    assert_int_equal(event_crc(zeros, sizeof zeros), 0x8a9136aa);
    assert_int_equal(event_crc("", 0), 0);
}

static void test_golden_bytes(void **state)
{
    (void)state;
    char *folder = make_folder(), *path = file_join(folder, "events");
    event_file f;
    assert_ok(event_file_open(&f, path, fixed_clock));
    assert_ok(event_file_begin_session(&f, 301));
    text summary = {0};
    summary_add_scalar(&summary, "train/loss", 0.5f);
    summary_add_scalar(&summary, "val/accuracy", -0.25f);
    assert_ok(event_file_add(&f, 7, &summary));
    const float values[] = {-2, 2, NAN, 0, 0.25f, INFINITY, 0.25f, 1.5f}, ones[] = {1, 1, 1};
    summary_add_histogram(&summary, "conv1.weight", values, 8);
    summary_add_histogram(&summary, "bias", ones, 3);
    summary_add_histogram(&summary, "nothing", values + 2, 1); /* no value is finite: no histogram */
    assert_ok(event_file_add(&f, 2, &summary));
    summary_add_markdown(&summary, "options", "| option | value |");
    assert_ok(event_file_add(&f, 0, &summary));
    assert_ok(event_file_close(&f));
    size_t size;
    uint8_t *bytes = read_bytes(folder, "events", &size);
    assert_int_equal(size, sizeof golden_events);
    assert_memory_equal(bytes, golden_events, size);
    free(bytes);

    /* Nothing is overwritten. */
    assert_int_equal(event_file_open(&f, path, fixed_clock), FV_ERROR_IO);
    free(path);
    remove_folder(folder);
}

/* ---- a reader as small as it can be ---- */

typedef struct counted {
    int64_t events, sessions, session_step;
    int64_t scalars, pictures, histograms, texts; /* values of this kind */
    int64_t tag_count, last_step;                 /* of the tag that is looked for */
    float last_value;
} counted;

static uint64_t read_varint(const uint8_t **at)
{
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return value;
    }
}

/* Next field of a message: its number; `*body` and `*size` get a message's, else the value's bytes. */
static int read_field(const uint8_t **at, const uint8_t **body, uint64_t *size)
{
    uint64_t key = read_varint(at);
    *body = *at;
    *size = (key & 7) == 1 ? 8 : 4;
    if ((key & 7) == 0) {
        read_varint(at);
        return (int)(key >> 3);
    }
    if ((key & 7) == 2) {
        *size = read_varint(at);
        *body = *at;
    }
    *at = *body + *size;
    return (int)(key >> 3);
}

static void count_value(counted *c, const uint8_t *at, uint64_t size, const char *tag, int64_t step)
{
    const uint8_t *end = at + size, *body;
    bool wanted = false;
    while (at < end) {
        uint64_t length;
        int field = read_field(&at, &body, &length);
        wanted |= field == 1 && length == strlen(tag) && memcmp(body, tag, length) == 0;
        c->scalars += field == 2;
        c->pictures += field == 4;
        c->histograms += field == 5;
        c->texts += field == 8;
        if (field == 2 && wanted)
            memcpy(&c->last_value, body, sizeof c->last_value);
    }
    c->tag_count += wanted;
    if (wanted)
        c->last_step = step;
}

/* Every checksum is checked with the file's own masking, undone. */
static void check_crc(const uint8_t *bytes, size_t size, const uint8_t *stored)
{
    uint32_t masked;
    memcpy(&masked, stored, sizeof masked);
    masked -= 0xa282ead8u;
    assert_int_equal(masked >> 17 | masked << 15, event_crc(bytes, size));
}

static counted count_events(const char *folder, const char *name, const char *tag)
{
    counted c = {0};
    size_t size;
    uint8_t *bytes = read_bytes(folder, name, &size);
    for (const uint8_t *at = bytes; at < bytes + size; c.events++) {
        uint64_t length, inner;
        int64_t step = 0;
        memcpy(&length, at, sizeof length);
        check_crc(at, 8, at + 8);
        check_crc(at + 12, length, at + 12 + length);
        const uint8_t *event = at + 12, *end = event + length, *body;
        while (event < end) {
            int field = read_field(&event, &body, &inner);
            const uint8_t *value = body, *number = body;
            if (field == 2)
                step = (int64_t)read_varint(&number);
            if (field == 7) {
                c.sessions++;
                c.session_step = step;
            }
            while (field == 5 && value < body + inner) {
                const uint8_t *inside;
                uint64_t value_size;
                assert_int_equal(read_field(&value, &inside, &value_size), 1);
                count_value(&c, inside, value_size, tag, step);
            }
        }
        at += 12 + length + 4;
    }
    free(bytes);
    return c;
}

/* ---- runs ---- */

typedef struct fixture {
    char *folder, *run;
    fv_dataset *data;
    const fv_dataset *train, *validation;
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    f->folder = make_folder();
    f->run = file_join(f->folder, "run");
    write_idx(f->folder);
    f->data = fv_dataset_open(f->folder, .seed = 1);
    if (!f->data)
        fail_msg("%s", fv_error_message());
    f->train = fv_dataset_part(f->data, FV_TRAIN);
    f->validation = fv_dataset_part(f->data, FV_VALIDATION);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    fv_dataset_destroy(f->data);
    remove_folder(f->folder);
    free(f->run);
    free(f);
    return 0;
}

static fv_model *make_compiled(void)
{
    fv_model *m = make_network(CLASSES);
    assert_ok(
        fv_compile(m, .optimizer = FV_ADAM, .learning_rate = 0.01f, .engine = "reference", .threads = 1));
    return m;
}

static int stop_in_second_epoch(const fv_progress *p, void *user)
{
    (void)user;
    return p->epoch == 2 && p->step == 2;
}

static fv_status fit(const fixture *f, const fv_watcher *watcher, const char *resume,
                     fv_progress_callback on_step)
{
    fv_model *m = make_compiled();
    const fv_watcher *watchers[] = {watcher, NULL};
    fv_status status = fv_fit(m, f->train, .validation = f->validation, .epochs = EPOCHS, .batch = BATCH_SIZE,
                              .out = f->run, .resume = resume, .on_step = on_step, .watchers = watchers);
    fv_model_destroy(m);
    return status;
}

static void test_events_of_a_run(void **state)
{
    const fixture *f = *state;
    fv_watcher w;
    assert_ok(events_init(&w, f->run, fixed_clock));
    char *arguments = file_join(f->run, "args.yaml");
    assert_ok(file_write(arguments, "epochs: 3\nname: a|b\n", 20));
    free(arguments);
    assert_ok(fit(f, &w, NULL, NULL));
    fv_watcher_release(&w);
    const char *name = "events.out.tfevents.001.fovea";
    counted c = count_events(f->run, name, "step/loss");
    assert_int_equal(c.tag_count, EPOCHS * STEPS);
    assert_int_equal(c.last_step, EPOCHS * STEPS);
    assert_int_equal(c.sessions, 1);
    assert_int_equal(c.session_step, 1);
    assert_int_equal(c.texts, 1);
    assert_int_equal(c.pictures, 1 + 3); /* the batch; confusion after epochs 1, 2 and the last */
    fv_model *m = make_network(CLASSES);
    assert_int_equal(c.histograms, EPOCHS * fv_model_tensor_count(m));
    fv_model_destroy(m);

    /* A column of results.csv: the value of the last row. */
    size_t size;
    char *csv = (char *)read_bytes(f->run, "results.csv", &size), *row = csv;
    for (int i = 0; i < EPOCHS; i++)
        row = strchr(row, '\n') + 1;
    for (int i = 0; i < 4; i++)
        row = strchr(row, ',') + 1; /* val/loss */
    c = count_events(f->run, name, "val/loss");
    assert_int_equal(c.tag_count, EPOCHS);
    assert_int_equal(c.last_step, EPOCHS);
    assert_float_equal(c.last_value, strtod(row, NULL), 1e-6);
    free(csv);
    assert_int_equal(count_events(f->run, name, "epoch").tag_count, 0);
}

static void test_events_of_a_resumed_run(void **state)
{
    const fixture *f = *state;
    fv_watcher w;
    assert_ok(fv_events_init(&w, f->run));
    assert_int_equal(fit(f, &w, NULL, stop_in_second_epoch), FV_INTERRUPTED);
    fv_watcher_release(&w);
    char *last = file_join(f->run, "last.safetensors");
    assert_ok(fv_events_init(&w, f->run));
    assert_ok(fit(f, &w, last, NULL));
    fv_watcher_release(&w);
    free(last);
    counted c = count_events(f->run, "events.out.tfevents.001.fovea", "step/loss");
    assert_int_equal(c.last_step, STEPS + 2);
    c = count_events(f->run, "events.out.tfevents.002.fovea", "step/loss");
    assert_int_equal(c.session_step, STEPS + 3); /* where the run goes on */
    assert_int_equal(c.last_step, EPOCHS * STEPS);
    assert_int_equal(c.tag_count, EPOCHS * STEPS - (STEPS + 2));
}

/* ---- watchers ---- */

typedef struct watched {
    int batches, steps, epochs, ends;
    fv_status status;
    const fixture *f;
} watched;

static fv_status see_batch(const fv_run_view *v, void *user)
{
    watched *w = user;
    w->batches++;
    assert_int_equal(w->steps, 0);
    assert_int_equal(v->count, BATCH_SIZE);
    assert_true(v->height == SIDE && v->width == SIDE && v->channels == 1);
    assert_string_equal(v->results, "");
    int64_t sum = 0; /* the pictures are grey noise around 125: not empty memory */
    for (int64_t i = 0; i < v->count * SIDE * SIDE; i++)
        sum += v->pixels[i];
    assert_in_range(sum / (v->count * SIDE * SIDE), 60, 200);
    return FV_OK;
}

static fv_status see_step(const fv_run_view *v, void *user)
{
    watched *w = user;
    w->steps++;
    assert_null(v->pixels);
    assert_true(isfinite(v->progress->step_loss));
    return FV_OK;
}

/* What is shown must agree with the numbers that fit itself computed, and with the pictures. */
static fv_status see_epoch(const fv_run_view *v, void *user)
{
    watched *w = user;
    int64_t all = 0, right = 0, size = fv_dataset_size(w->f->validation);
    w->epochs++;
    assert_int_equal(v->class_count, CLASSES);
    for (int64_t i = 0; i < CLASSES * CLASSES; i++) {
        all += v->confusion[i];
        right += i % (CLASSES + 1) == 0 ? v->confusion[i] : 0;
    }
    assert_int_equal(all, size);
    assert_float_equal((double)right / (double)all, v->progress->validation_accuracy, 1e-6);
    assert_int_equal(v->mistake_count, all - right < 12 ? all - right : 12);
    for (int64_t i = 0; i < v->mistake_count; i++) {
        const fv_mistake *m = &v->mistakes[i];
        assert_true(m->label != m->predicted);
        assert_int_equal(m->label, fv_dataset_label(w->f->validation, m->index));
        assert_true(i == 0 || m->probability <= v->mistakes[i - 1].probability);
        /* Three classes: the predicted one has more than a third. */
        assert_true(m->probability > 1.0f / 3 && m->probability <= 1);
        float logits[CLASSES], sum = 0;
        assert_ok(fv_predict_batch(v->model, m->pixels, 1, logits));
        for (int k = 0; k < CLASSES; k++)
            sum += expf(logits[k] - logits[m->predicted]);
        assert_float_equal(1 / sum, m->probability, 1e-4);
    }
    return FV_OK;
}

static void see_end(fv_status status, const char *message, void *user)
{
    watched *w = user;
    w->ends++;
    w->status = status;
    assert_true((status == FV_OK) == (*message == 0));
}

static void test_watcher(void **state)
{
    watched seen = {.f = *state};
    fv_watcher w = {.struct_size = sizeof w,
                    .on_batch = see_batch,
                    .on_step = see_step,
                    .on_epoch = see_epoch,
                    .on_end = see_end,
                    .user = &seen};
    assert_ok(fit(*state, &w, NULL, NULL));
    assert_int_equal(seen.batches, 1);
    assert_int_equal(seen.steps, EPOCHS * STEPS);
    assert_int_equal(seen.epochs, EPOCHS);
    assert_int_equal(seen.ends, 1);
    assert_int_equal(seen.status, FV_OK);
    fv_watcher_release(&w);
    assert_null(w.on_step);
}

static fv_status fail_step(const fv_run_view *v, void *user)
{
    (void)v;
    ++*(int *)user;
    return FV_ERROR_IO;
}

static void remember(const char *line, void *user)
{
    if (strstr(line, "stops doing so"))
        ++*(int *)user;
}

/* One that fails is said once and left alone; training goes on, and the others go on watching. */
static void test_failing_watcher(void **state)
{
    const fixture *f = *state;
    int calls = 0, lines = 0;
    watched seen = {.f = f};
    fv_watcher bad = {.struct_size = sizeof bad, .on_step = fail_step, .user = &calls},
               good = {.struct_size = sizeof good, .on_step = see_step, .user = &seen};
    const fv_watcher *watchers[] = {&bad, &good, NULL};
    fv_model *m = make_compiled();
    assert_ok(fv_fit(m, f->train, .epochs = EPOCHS, .batch = BATCH_SIZE, .on_log = remember, .user = &lines,
                     .watchers = watchers));
    fv_model_destroy(m);
    assert_int_equal(calls, 1);
    assert_int_equal(lines, 1);
    assert_int_equal(seen.steps, EPOCHS * STEPS);
}

/* Watching changes nothing of what is learned. */
static void test_same_with_and_without(void **state)
{
    const fixture *f = *state;
    fv_watcher w;
    float first[2] = {0};
    for (int i = 0; i < 2; i++) {
        if (i == 1)
            assert_ok(fv_events_init(&w, f->run));
        const fv_watcher *watchers[] = {i == 1 ? &w : NULL, NULL};
        fv_model *m = make_compiled();
        assert_ok(fv_fit(m, f->train, .validation = f->validation, .epochs = EPOCHS, .batch = BATCH_SIZE,
                         .watchers = watchers));
        fv_tensor_view t;
        assert_ok(fv_model_tensor(m, 0, &t));
        for (int64_t k = 0; k < t.count; k++)
            first[i] += t.data[k] * (float)(k + 1);
        fv_model_destroy(m);
    }
    fv_watcher_release(&w);
    assert_true(first[0] == first[1]);
}

static void test_sheet(void **state)
{
    (void)state;
    uint8_t pixels[5 * 4 * 6];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)i;
    image sheet = {0};
    fv_run_view v = {.pixels = pixels, .count = 5, .height = 4, .width = 6, .channels = 1};
    assert_ok(batch_sheet_draw(&v, &sheet));
    /* Five in three columns and two rows, ten times as large, two pixels of grey around each. */
    assert_int_equal(sheet.height, 2 + 2 * 42);
    assert_int_equal(sheet.width, 2 + 3 * 62);
    assert_int_equal(sheet.data[0], 128);
    assert_int_equal(sheet.data[2 * sheet.width + 2], 0);
    assert_int_equal(sheet.data[(2 + 42 + 39) * sheet.width + 2 + 62 + 59],
                     119); /* the last pixel of the last */
    image_release(&sheet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checksum),
        cmocka_unit_test(test_golden_bytes),
        cmocka_unit_test_setup_teardown(test_events_of_a_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_events_of_a_resumed_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_watcher, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failing_watcher, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_same_with_and_without, set_up, tear_down),
        cmocka_unit_test(test_sheet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
