/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first steps of ResNet-20 on CIFAR-10 lose what PyTorch loses: the same weights, pictures and recipe (see
 * golden/make_losses.py). `test_losses --initial FILE` writes the weights that the script begins with.
 */
#include <inttypes.h>
#include <math.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/file.h"
#include "core/random.h"
#include "core/text.h"
#include "golden/losses.h"
#include "image/image.h"
#include "testing.h"
#include "train/trainer.h"

enum {
    PER_STEP = 128,
    PER_SMALL_STEP = 8, /* of plain loops, which take seconds for 128 */
    SIDE = 32,
    PIXELS = SIDE * SIDE * 3,
    STEPS = sizeof golden_losses / sizeof *golden_losses,
    MIXED_STEPS = sizeof golden_mixed_losses / sizeof *golden_mixed_losses,
    SMALL_STEPS = sizeof golden_small_losses / sizeof *golden_small_losses,
    CLASSES = 10,
    PICTURES = 50000,
    PER_CLASS = 5000,
    SHUFFLE_SEED = 20
};

static const float mean[] = {0.485f, 0.456f, 0.406f}, deviation[] = {0.229f, 0.224f, 0.225f};
static uint8_t pixels[STEPS * PER_STEP][PIXELS];
static int32_t labels[STEPS * PER_STEP];
static bool loaded;

static void name_picture(int64_t index, char *name, size_t size)
{
    static const char *const classes[] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                          "dog",      "frog",       "horse", "ship", "truck"};
    snprintf(name, size, "train/%s/%04" PRId64 ".jpg", classes[index / PER_CLASS], index % PER_CLASS);
}

static int run(const char *format, const char *a, const char *b, const char *c)
{
    char command[3 * 4096];
    snprintf(command, sizeof command, format, a, b, c);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void read_pictures(const char *folder, const int64_t *order)
{
    image picture = {0};
    for (int i = 0; i < STEPS * PER_STEP; i++) {
        char name[64], path[4096 + 64];
        name_picture(order[i], name, sizeof name);
        snprintf(path, sizeof path, "%s/%s", folder, name);
        assert_ok(image_load(path, &(image_decode_options){.channels = 3}, &picture));
        assert_true(picture.height == SIDE && picture.width == SIDE);
        memcpy(pixels[i], picture.data, PIXELS);
        labels[i] = (int32_t)(order[i] / PER_CLASS);
    }
    image_release(&picture);
}

/* Unpacks the pictures of the first steps from the archive. */
static void unpack(const char *archive, const int64_t *order)
{
    char folder[] = "/tmp/fovea-losses-XXXXXX", list_path[64];
    text list = {0};
    for (int i = 0; i < STEPS * PER_STEP; i++) {
        char name[64];
        name_picture(order[i], name, sizeof name);
        text_add(&list, "%s\n", name);
    }
    assert_non_null(mkdtemp(folder));
    snprintf(list_path, sizeof list_path, "%s/list", folder);
    assert_ok(file_write(list_path, text_string(&list), strlen(text_string(&list))));
    text_release(&list);
    assert_int_equal(run("tar -xJf '%s' -C '%s' -T '%s'", archive, folder, list_path), 0);
    read_pictures(folder, order);
    assert_int_equal(run("rm -r '%s'%s%s", folder, "", ""), 0);
}

/* Whether the batches are there; skips the test otherwise. */
static void load(void)
{
    static int64_t order[PICTURES];
    if (loaded)
        return;
    const char *archive = test_data("cifar10/cifar10-jpeg.tar.xz");
    if (!archive)
        skip();
    if (run("command -v xz tar > /dev/null%s%s%s", "", "", "") != 0) {
        printf("[  REASON  ] tar and xz are needed to unpack the pictures\n");
        skip();
    }
    for (int64_t i = 0; i < PICTURES; i++)
        order[i] = i;
    rng r = rng_at(SHUFFLE_SEED, 0, 0);
    rng_shuffle(&r, order, PICTURES);
    assert_memory_equal(order, golden_order, sizeof golden_order);
    unpack(archive, order);
    loaded = true;
}

static fv_model *make_model(void)
{
    fv_model *m = fv_zoo_create("resnet20", .seed = 0);
    if (!m)
        fail_msg("%s", fv_error_message());
    fv_preprocess p = *fv_model_preprocess(m);
    for (int c = 0; c < 3; c++) {
        p.mean[c] = mean[c] * 255;
        p.std[c] = deviation[c] * 255;
    }
    assert_ok(fv_model_set_preprocess(m, &p));
    return m;
}

static void check(const char *engine, int64_t per_step, const double *expected, int steps)
{
    static float weights[PER_STEP];
    trainer *t;
    load();
    for (int i = 0; i < PER_STEP; i++)
        weights[i] = 1;
    fv_model *m = make_model();
    assert_ok(fv_compile(m, .optimizer = FV_SGD, .learning_rate = 0.001f, .momentum = 0.9f,
                         .weight_decay = 5e-4f, .engine = engine));
    assert_ok(trainer_create(m, per_step, 0, &(step_loss){.targets = STEP_LABELS}, &t));
    assert_ok(trainer_write(t));
    for (int step = 0; step < steps; step++) {
        const batch b = {.count = per_step,
                         .pixels = pixels[step * per_step],
                         .labels = labels + step * per_step,
                         .weights = weights};
        float loss, correct;
        assert_ok(trainer_step(t, &b, step, 0.001f, &loss, &correct));
        double difference = fabs((double)loss / expected[step] - 1);
        if (!(difference <= 1e-3))
            fail_msg("%s, step %d: loss %.7f, PyTorch's is %.7f: %.1e apart", engine, step, (double)loss,
                     expected[step], difference);
    }
    trainer_destroy(t);
    fv_model_destroy(m);
}

/* Picture i keeps i % 5 quarters and takes the rest from the one before it, as the script says. */
static void mix_batch(int step, uint8_t to[PER_STEP][PIXELS], float targets[PER_STEP][CLASSES])
{
    for (int i = 0; i < PER_STEP; i++) {
        int at = step * PER_STEP + i, other = step * PER_STEP + (i + PER_STEP - 1) % PER_STEP,
            quarters = i % 5;
        for (int p = 0; p < PIXELS; p++)
            to[i][p] = (uint8_t)((quarters * pixels[at][p] + (4 - quarters) * pixels[other][p] + 2) / 4);
        memset(targets[i], 0, sizeof targets[i]);
        targets[i][labels[at]] += (float)quarters / 4;
        targets[i][labels[other]] += (float)(4 - quarters) / 4;
    }
}

static void mixed_losses(void **state)
{
    (void)state;
    static uint8_t mixed[PER_STEP][PIXELS];
    static float targets[PER_STEP][CLASSES], weights[PER_STEP];
    trainer *t;
    load();
    for (int i = 0; i < PER_STEP; i++)
        weights[i] = 1;
    fv_model *m = make_model();
    assert_ok(fv_compile(m, .optimizer = FV_SGD, .learning_rate = 0.001f, .momentum = 0.9f,
                         .weight_decay = 5e-4f, .label_smoothing = 0.1f, .engine = "onednn"));
    assert_ok(trainer_create(m, PER_STEP, 0, &(step_loss){.targets = STEP_SOFT}, &t));
    assert_ok(trainer_write(t));
    for (int step = 0; step < MIXED_STEPS; step++) {
        const batch b = {.count = PER_STEP, .pixels = mixed[0], .targets = targets[0], .weights = weights};
        float loss, correct;
        mix_batch(step, mixed, targets);
        assert_ok(trainer_step(t, &b, step, 0.001f, &loss, &correct));
        assert_float_equal((double)loss / golden_mixed_losses[step], 1, 1e-3);
    }
    trainer_destroy(t);
    fv_model_destroy(m);
}

static void losses_onednn(void **state)
{
    (void)state;
    check("onednn", PER_STEP, golden_losses, STEPS);
    check("onednn", PER_SMALL_STEP, golden_small_losses, SMALL_STEPS);
}

static void losses_reference(void **state)
{
    (void)state;
    check("reference", PER_SMALL_STEP, golden_small_losses, SMALL_STEPS);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--initial") == 0) {
        fv_model *m = make_model();
        fv_status status = fv_model_save(m, argv[2]);
        if (status != FV_OK)
            fprintf(stderr, "%s\n", fv_error_message());
        fv_model_destroy(m);
        return status != FV_OK;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_onednn),
        cmocka_unit_test(mixed_losses),
        cmocka_unit_test(losses_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
