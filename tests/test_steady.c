/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A training step in its steady state allocates nothing and makes no oneDNN primitive: no thread of the engine when batches
 * are at hand, and not the thread that computes when a loader brings them.
 *
 * This program's malloc and its kin stand before the C library's for everything that is linked, so that every call counts.
 * What oneDNN allocates on its own account is counted apart, and must be the same in every step: dnnl_primitive_execute puts
 * its arguments into a map (operator new, which nothing else here uses), and its matrix product packs into buffers of its own.
 */
#include <errno.h>
#include <link.h>
#include <stdatomic.h>

#include "core/random.h"
#include "engine/onednn/onednn.h"
#include "test_data.h"
#include "train/trainer.h"

enum {
    WARM_UP = 3,
    STEPS = 10,
    PER_STEP = 16
};

static atomic_long all_calls, onednn_calls; /* of every thread; the first without oneDNN's */
static _Thread_local volatile long own;     /* of this thread, without oneDNN's */
static uintptr_t onednn_begin, onednn_end;  /* where its code lies */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool counting = false; /* the sanitizers have their own allocator */
#else
static const bool counting = true;

/* glibc's own names of its functions. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static void count_call(const void *caller)
{
    if ((uintptr_t)caller >= onednn_begin && (uintptr_t)caller < onednn_end) {
        atomic_fetch_add_explicit(&onednn_calls, 1, memory_order_relaxed);
        return;
    }
    atomic_fetch_add_explicit(&all_calls, 1, memory_order_relaxed);
    own++;
}

#define COUNTED __attribute__((visibility("default"), noinline))

COUNTED void *malloc(size_t size)
{
    count_call(__builtin_return_address(0));
    return __libc_malloc(size);
}

COUNTED void *calloc(size_t count, size_t size)
{
    count_call(__builtin_return_address(0));
    return __libc_calloc(count, size);
}

COUNTED void *realloc(void *block, size_t size)
{
    count_call(__builtin_return_address(0));
    return __libc_realloc(block, size);
}

COUNTED void *aligned_alloc(size_t alignment, size_t size)
{
    count_call(__builtin_return_address(0));
    return __libc_memalign(alignment, size);
}

COUNTED int posix_memalign(void **block, size_t alignment, size_t size)
{
    count_call(__builtin_return_address(0));
    *block = __libc_memalign(alignment, size);
    return *block ? 0 : ENOMEM;
}

void *operator_new(size_t size) __asm__("_Znwm");

COUNTED void *operator_new(size_t size)
{
    atomic_fetch_add_explicit(&onednn_calls, 1, memory_order_relaxed);
    return __libc_malloc(size);
}
#endif

static int find_onednn(struct dl_phdr_info *info, size_t size, void *user)
{
    (void)size, (void)user;
    if (!strstr(info->dlpi_name, "libdnnl"))
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_X)) {
            onednn_begin = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
            onednn_end = onednn_begin + info->dlpi_phdr[i].p_memsz;
        }
    return 1;
}

static fv_model *make_model_with(const char *network, fv_compile_options o)
{
    fv_model *m =
        fv_zoo_create(network, .height = 32, .width = 32, .channels = 3, .classes = 10, .dropout = 0.5f);
    assert_non_null(m);
    fv_preprocess p = *fv_model_preprocess(m);
    for (int c = 0; c < 3; c++)
        p.mean[c] = p.std[c] = 128;
    assert_ok(fv_model_set_preprocess(m, &p));
    o.struct_size = sizeof o;
    o.model = m;
    o.engine = "onednn";
    o.threads = 2;
    assert_ok(fv_compile_with(&o));
    return m;
}

static fv_model *make_model(const char *network)
{
    return make_model_with(network, (fv_compile_options){.optimizer = FV_SGD});
}

static void skip_where_not_counted(void)
{
    if (counting)
        return;
    printf("[  REASON  ] the sanitizer's allocator cannot be counted\n");
    skip();
}

static void check_network(const char *network, fv_compile_options o)
{
    static uint8_t pixels[PER_STEP * 32 * 32 * 3];
    static int32_t labels[PER_STEP];
    static float weights[PER_STEP];
    skip_where_not_counted();
    fv_model *m = make_model_with(network, o);
    trainer *t;
    assert_ok(trainer_create(m, PER_STEP, 0, &(step_loss){.targets = STEP_LABELS}, &t));
    assert_ok(trainer_write(t));
    rng r = rng_at(1, 0, 0);
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)rng_u32(&r);
    for (int i = 0; i < PER_STEP; i++) {
        labels[i] = i % 10;
        weights[i] = 1;
    }
    const batch b = {.count = PER_STEP, .pixels = pixels, .labels = labels, .weights = weights};
    long calls = 0, onednn[WARM_UP + STEPS];
    int64_t primitives = 0;
    for (int step = 0; step < WARM_UP + STEPS; step++) {
        float loss, correct;
        if (step == WARM_UP) {
            calls = atomic_load(&all_calls);
            primitives = onednn_primitives_created();
        }
        long before = atomic_load(&onednn_calls);
        fv_status status = trainer_step(t, &b, step, 0.01f, &loss, &correct);
        if (status != FV_OK)
            fail_msg("%s", fv_error_message());
        onednn[step] = atomic_load(&onednn_calls) - before;
    }
    assert_int_equal(atomic_load(&all_calls) - calls, 0);
    assert_true(primitives > 0);
    assert_int_equal(onednn_primitives_created(), primitives);
    int64_t period = fv_compiled_options(m)->accumulate; /* steps without an update execute less */
    for (int64_t step = WARM_UP + period; step < WARM_UP + STEPS; step++)
        assert_int_equal(onednn[step], onednn[step - period]);
    trainer_destroy(t);
    fv_model_destroy(m);
}

static void steps_of_small_cnn(void **state)
{
    (void)state;
    check_network("small_cnn", (fv_compile_options){.optimizer = FV_SGD});
}

static void steps_of_resnet20(void **state)
{
    (void)state;
    check_network("resnet20", (fv_compile_options){.optimizer = FV_SGD});
}

static void steps_of_recipes(void **state)
{
    (void)state;
    check_network("small_cnn",
                  (fv_compile_options){.clip_norm = 1, .l2 = 1e-4f, .accumulate = 2, .ema = 0.99f});
    check_network("small_cnn", (fv_compile_options){.optimizer = FV_MUON, .clip_norm = 1});
    check_network("small_cnn", (fv_compile_options){.optimizer = FV_LAMB, .clip_value = 1, .l1 = 1e-5f});
}

static loader *make_loader(const fv_dataset *data, const fv_model *m, const augment_policy *policy)
{
    loader *l;
    loader_options o = {.data = data,
                        .preprocess = *fv_model_preprocess(m),
                        .augment = policy,
                        .batch = PER_STEP,
                        .shuffle = true,
                        .reduced_decode = true,
                        .threads = 2};
    assert_ok(loader_create(&o, &l));
    assert_ok(loader_start(l, 0, 0));
    assert_true(loader_batches(l) >= WARM_UP + STEPS);
    return l;
}

static void steps_with_a_loader(void **state)
{
    (void)state;
    skip_where_not_counted();
    augment_policy policy = {0};
    trainer *t;
    assert_ok(fv_demo_write(test_root, .train = 24, .test = 1, .size = 32));
    fv_dataset *data = fv_dataset_open(test_root, .validation_split = FV_OFF);
    assert_non_null(data);
    fv_model *m = make_model("small_cnn");
    assert_ok(augment_policy_init(&policy, "standard", &(augment_context){32, 32, 3, NULL, 0}));
    loader *l = make_loader(fv_dataset_part(data, FV_TRAIN), m, &policy);
    assert_ok(trainer_create(m, PER_STEP, 0, &(step_loss){.targets = STEP_LABELS}, &t));
    assert_ok(trainer_write(t));
    long calls = 0;
    for (int step = 0; step < WARM_UP + STEPS; step++) {
        const batch *b = NULL;
        float loss, correct;
        if (step == WARM_UP)
            calls = own;
        fv_status status = loader_next(l, &b);
        if (status == FV_OK && b)
            status = trainer_step(t, b, step, 0.01f, &loss, &correct);
        if (status != FV_OK || !b)
            fail_msg("step %d: %s", step, fv_error_message());
        loader_done(l, b);
    }
    assert_int_equal(own - calls, 0);
    trainer_destroy(t);
    loader_destroy(l);
    fv_model_destroy(m);
    fv_dataset_destroy(data);
}

/* The counters count: a test that could not fail would prove nothing. */
static void counters_count(void **state)
{
    (void)state;
    skip_where_not_counted();
    assert_true(onednn_end > onednn_begin);
    long all = atomic_load(&all_calls), mine = own, made = atomic_load(&onednn_calls);
    int64_t primitives = onednn_primitives_created();
    fv_model *m = make_model("small_cnn");
    trainer *t;
    assert_ok(trainer_create(m, PER_STEP, 0, &(step_loss){.targets = STEP_LABELS}, &t));
    assert_true(atomic_load(&all_calls) > all);
    assert_true(own > mine);
    assert_true(atomic_load(&onednn_calls) > made);
    assert_true(onednn_primitives_created() > primitives);
    trainer_destroy(t);
    fv_model_destroy(m);
}

int main(void)
{
    dl_iterate_phdr(find_onednn, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_count),
        cmocka_unit_test(steps_of_small_cnn),
        cmocka_unit_test(steps_of_resnet20),
        cmocka_unit_test(steps_of_recipes),
        cmocka_unit_test_setup_teardown(steps_with_a_loader, make_root, remove_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
