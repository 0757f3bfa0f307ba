/* SPDX-License-Identifier: Apache-2.0 */
/* One classifier, many threads: every answer is fv_predict's to the bit, and what cannot be done is an error of the thread that asked. */
#include "test_model.h"

#include <math.h>
#include <pthread.h>

#include "image/image.h"

enum {
    PICTURES = 24,
    THREADS = 12,
    ROUNDS = 6,
    CLASSES = 4
};

typedef struct sample {
    uint8_t pixels[20 * 14 * 3];
    uint8_t *png;
    size_t size;
    fv_prediction expected[CLASSES];
} sample;

typedef struct fixture {
    fv_model *model;
    char path[512];
    sample samples[PICTURES];
} fixture;

static void make_sample(fv_model *m, sample *s, int number)
{
    for (int i = 0; i < (int)sizeof s->pixels; i++)
        s->pixels[i] = (uint8_t)(i * (number + 3) + i * i / 7 + 40 * number);
    image im = {.height = 20, .width = 14, .channels = 3, .data = s->pixels};
    assert_ok(image_encode_png(&im, &s->png, &s->size));
    assert_ok(fv_predict(m, NULL, .bytes = s->png, .byte_count = s->size, .top = s->expected,
                         .top_count = CLASSES));
}

static void fixture_init(fixture *f, const char *engine)
{
    fv_model *m = make_model();
    use_engine(m, engine);
    snprintf(f->path, sizeof f->path, "%s", scratch("classifier.safetensors"));
    assert_ok(fv_model_save(m, f->path));
    f->model = m;
    for (int i = 0; i < PICTURES; i++)
        make_sample(m, &f->samples[i], i);
}

static void fixture_release(fixture *f)
{
    for (int i = 0; i < PICTURES; i++)
        free(f->samples[i].png);
    fv_model_destroy(f->model);
}

static fv_classifier *open_with(const fixture *f, const char *engine, int64_t threads, int64_t callers)
{
    fv_classifier *c =
        fv_classifier_open_with(&(fv_classifier_options){.struct_size = sizeof(fv_classifier_options),
                                                         .path = f->path,
                                                         .engine = engine,
                                                         .threads = threads,
                                                         .callers = callers});
    if (!c)
        fail_msg("%s", fv_error_message());
    return c;
}

static bool same(const fv_prediction *a, const fv_prediction *b)
{
    for (int i = 0; i < CLASSES; i++)
        if (a[i].class_index != b[i].class_index || strcmp(a[i].name, b[i].name) != 0 ||
            memcmp(&a[i].probability, &b[i].probability, sizeof(float)) != 0)
            return false;
    return true;
}

typedef struct caller {
    fv_classifier *classifier;
    const fixture *fixture;
    int number, wrong;
} caller;

/* cmocka's asserts belong to the main thread. */
static void *call(void *user)
{
    caller *c = user;
    for (int i = 0; i < ROUNDS * PICTURES; i++) {
        const sample *s = &c->fixture->samples[(i * 7 + c->number) % PICTURES];
        fv_prediction top[CLASSES];
        fv_status status = i % 2 ? fv_classify_bytes(c->classifier, s->png, s->size, top, CLASSES)
                                 : fv_classify_rgb(c->classifier, s->pixels, 20, 14, top, CLASSES);
        c->wrong += status != FV_OK || !same(top, s->expected);
        /* Half a picture now and then, whose error must be this thread's. */
        if (i % 5 == 0)
            c->wrong += fv_classify_bytes(c->classifier, s->png, s->size / 2, top, CLASSES) == FV_OK ||
                        !*fv_error_message();
    }
    return NULL;
}

static void call_all(fixture *f, fv_classifier *classifier)
{
    pthread_t threads[THREADS];
    caller callers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        callers[i] = (caller){.classifier = classifier, .fixture = f, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, call, &callers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(callers[i].wrong, 0);
    }
    fv_classifier_close(classifier);
}

static void many_threads(const char *engine)
{
    fixture f;
    fixture_init(&f, engine);
    call_all(&f, open_with(&f, engine, 4, 0));
    call_all(&f, open_with(&f, engine, 1, 1));
    fixture_release(&f);
}

static void reference_engine(void **state)
{
    (void)state;
    many_threads("reference");
}

static void usual_engine(void **state)
{
    (void)state;
#if defined(__SANITIZE_THREAD__)
    skip(); /* it does not see how OpenMP's threads wait for each other */
#endif
    many_threads("auto");
}

static void files_and_facts(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, "reference");
    fv_prediction top[CLASSES];
    fv_classifier *c = fv_classifier_open(f.path);
    assert_non_null(c);
    const char *png = scratch("picture.png");
    assert_ok(file_write(png, f.samples[0].png, f.samples[0].size));
    assert_ok(fv_classify_file(c, png, top, CLASSES));
    assert_int_equal(top[0].class_index, f.samples[0].expected[0].class_index);
    assert_int_equal(fv_classifier_class_count(c), CLASSES);
    assert_string_equal(fv_model_class_name(fv_classifier_model(c), 0), "cat");
    fv_classifier_close(c);
    fixture_release(&f);
}

/* Weights go from the file into the plan alone, and are checked on the way. */
static void weights_are_not_kept(void **state)
{
    (void)state;
    fixture f;
    fv_tensor_view t;
    fixture_init(&f, "reference");
    fv_classifier *c = open_with(&f, "reference", 1, 1);
    const fv_model *m = fv_classifier_model(c);
    assert_true(m->tensor_count > 0);
    for (int32_t i = 0; i < m->tensor_count; i++)
        assert_null(m->tensors[i].data);
    fv_classifier_close(c);
    assert_ok(fv_model_find_tensor(f.model, "fc.bias", &t));
    t.data[2] = NAN;
    fv_model_tensors_changed(f.model);
    assert_ok(fv_model_save(f.model, f.path));
    assert_null(fv_classifier_open(f.path));
    assert_non_null(strstr(fv_error_message(), "fc.bias"));
    fixture_release(&f);
}

static void errors(void **state)
{
    (void)state;
    fixture f;
    fv_prediction top[CLASSES + 1];
    fixture_init(&f, "reference");
    assert_null(fv_classifier_open(NULL));
    assert_null(fv_classifier_open(scratch("none.safetensors")));
    assert_non_null(strstr(fv_error_message(), "none.safetensors"));
    fv_classifier_options o = {.struct_size = sizeof o, .path = f.path, .threads = 2, .callers = 3};
    assert_null(fv_classifier_open_with(&o));
    o = (fv_classifier_options){.struct_size = sizeof o, .path = f.path, .threads = -1};
    assert_null(fv_classifier_open_with(&o));
    o = (fv_classifier_options){.struct_size = sizeof o, .path = f.path, .engine = "abacus"};
    assert_null(fv_classifier_open_with(&o));
    o = (fv_classifier_options){.struct_size = sizeof o, .path = f.path, .max_pixels = 100};
    fv_classifier *c = fv_classifier_open_with(&o);
    assert_non_null(c);
    const sample *s = &f.samples[0];
    assert_int_equal(fv_classify_bytes(c, s->png, s->size, top, 1), FV_ERROR_FORMAT);
    assert_int_equal(fv_classify_bytes(NULL, s->png, s->size, top, 1), FV_ERROR_INVALID);
    assert_int_equal(fv_classify_bytes(c, NULL, 0, top, 1), FV_ERROR_INVALID);
    assert_int_equal(fv_classify_rgb(c, s->pixels, 20, 14, NULL, 1), FV_ERROR_INVALID);
    assert_int_equal(fv_classify_rgb(c, s->pixels, 0, 14, top, 1), FV_ERROR_INVALID);
    assert_int_equal(fv_classify_rgb(c, s->pixels, 20, 14, top, CLASSES + 1), FV_ERROR_INVALID);
    assert_int_equal(fv_classify_rgb(c, s->pixels, 20, 14, top, 0), FV_ERROR_INVALID);
    assert_int_equal(fv_classify_file(c, scratch("none.png"), top, 1), FV_ERROR_IO);
    fv_classifier_close(c);
    fv_classifier_close(NULL);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reference_engine), cmocka_unit_test(usual_engine),
                                       cmocka_unit_test(files_and_facts),
                                       cmocka_unit_test(weights_are_not_kept), cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
