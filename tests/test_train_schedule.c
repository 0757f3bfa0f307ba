/* SPDX-License-Identifier: Apache-2.0 */
/* Learning-rate schedules against PyTorch's. */
#include <math.h>

#include "golden/schedules.h"
#include "testing.h"
#include "train/schedule.h"

static void compare(fv_schedule kind, int64_t warmup, int64_t epochs, const double *golden)
{
    schedule s = {.kind = kind, .base = 0.1, .steps = GOLDEN_STEPS, .epochs = epochs, .warmup_steps = warmup};
    for (int64_t i = 0; i < GOLDEN_STEPS; i++)
        assert_float_equal(schedule_rate(&s, i, 1), golden[i], 1e-12);
}

static void test_cosine(void **state)
{
    (void)state;
    compare(FV_SCHEDULE_COSINE, GOLDEN_WARMUP, 4, golden_cosine);
}

static void test_linear(void **state)
{
    (void)state;
    compare(FV_SCHEDULE_LINEAR, GOLDEN_WARMUP, 4, golden_linear);
}

static void test_constant(void **state)
{
    (void)state;
    compare(FV_SCHEDULE_CONSTANT, GOLDEN_WARMUP, 4, golden_constant);
}

static void test_step(void **state)
{
    (void)state;
    compare(FV_SCHEDULE_STEP, 0, 4, golden_step);
    compare(FV_SCHEDULE_STEP, 0, 40, golden_step);
}

static void test_one_cycle(void **state)
{
    (void)state;
    compare(FV_SCHEDULE_ONECYCLE, 0, 4, golden_onecycle);
    compare(FV_SCHEDULE_ONECYCLE, GOLDEN_WARMUP, 4, golden_onecycle); /* it has its own rise */
}

static void test_plateau(void **state)
{
    (void)state;
    plateau p = {.scale = 1, .best = -INFINITY};
    schedule s = {.kind = FV_SCHEDULE_PLATEAU, .base = 0.1, .steps = 100, .epochs = 10, .warmup_steps = 10};
    for (size_t i = 0; i < sizeof golden_plateau / sizeof *golden_plateau; i++) {
        plateau_tell(&p, golden_monitored[i], 3);
        assert_float_equal(p.scale, golden_plateau[i], 1e-12);
        assert_float_equal(schedule_rate(&s, 50, p.scale), 0.1 * golden_plateau[i], 1e-12);
    }
}

/* Runs of a step or two must not divide by nothing. */
static void test_short_runs(void **state)
{
    (void)state;
    for (int kind = FV_SCHEDULE_COSINE; kind <= FV_SCHEDULE_LINEAR; kind++)
        for (int64_t steps = 1; steps <= 5; steps++)
            for (int64_t i = 0; i < steps; i++) {
                schedule s = {.kind = (fv_schedule)kind, .base = 0.1, .steps = steps, .epochs = steps};
                double rate = schedule_rate(&s, i, 1);
                assert_true(rate > 0 && rate <= 0.1);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cosine),    cmocka_unit_test(test_linear),
                                       cmocka_unit_test(test_constant),  cmocka_unit_test(test_step),
                                       cmocka_unit_test(test_one_cycle), cmocka_unit_test(test_plateau),
                                       cmocka_unit_test(test_short_runs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
