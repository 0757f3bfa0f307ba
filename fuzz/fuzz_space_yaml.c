/* SPDX-License-Identifier: Apache-2.0 */
/* A space of a hyperparameter search: what is understood can be drawn from, within its limits, and both densities of it are numbers. */
#include <math.h>

#include "core/text.h"
#include "fuzz.h"
#include "tune/parzen.h"
#include "tune/sampler.h"

enum {
    TRIALS = 12
};

static void check(const fv_space *s, const double *values)
{
    for (int64_t i = 0; i < s->count; i++) {
        const fv_dimension *d = &s->list[i];
        expect(isfinite(values[i]) == space_is_active(s, i, values));
        if (!isfinite(values[i]))
            continue;
        if (d->type == FV_DIMENSION_CATEGORICAL)
            expect(values[i] >= 0 && values[i] < (double)d->choice_count && values[i] == floor(values[i]));
        else
            expect(values[i] >= d->low && values[i] <= d->high);
    }
}

static void search(const fv_space *s)
{
    static double values[TRIALS + 1][SPACE_DIMENSIONS];
    fv_trial trials[TRIALS];
    const double *observations[TRIALS];
    parzen p;
    for (int64_t i = 0; i <= TRIALS; i++) {
        sampler_input in = {.space = s, .trials = trials, .count = i, .number = i + 1};
        expect(sampler_next(&in, values[i]) == FV_OK);
        check(s, values[i]);
        if (i == TRIALS)
            break;
        observations[i] = values[i];
        trials[i] = (fv_trial){
            .number = i + 1, .state = FV_TRIAL_COMPLETE, .value = (double)(i % 5), .values = values[i]};
    }
    expect(parzen_init(&p, s, observations, TRIALS) == FV_OK);
    expect(!isnan(parzen_log_density(&p, values[TRIALS])));
    parzen_release(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    text words = {0};
    text_add_bytes(&words, bytes, size);
    fv_space *s = fv_space_parse(text_string(&words), "space.yaml");
    if (fuzz_ok(s ? FV_OK : status_last()))
        search(s);
    fv_space_destroy(s);
    text_release(&words);
    return 0;
}
