/* SPDX-License-Identifier: Apache-2.0 */
#include "tune/space.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/memory.h"

enum {
    FILE_LIMIT = 1 << 20,
    DIGITS = 6
};

fv_space *fv_space_load(const char *path)
{
    uint8_t *bytes;
    size_t size;
    if (!path) {
        status_set(FV_ERROR_INVALID, "space: a file is needed");
        return NULL;
    }
    if (file_read(path, FILE_LIMIT, &bytes, &size) != FV_OK)
        return NULL;
    fv_space *s = NULL;
    if (strlen((char *)bytes) != size)
        status_set(FV_ERROR_FORMAT, "%s: is not a text", path);
    else
        s = fv_space_parse((char *)bytes, path);
    free(bytes);
    return s;
}

void fv_space_destroy(fv_space *s)
{
    for (int64_t i = 0; s && i < s->count; i++) {
        fv_dimension *d = &s->list[i];
        for (int64_t k = 0; k < d->choice_count; k++)
            free((void *)(uintptr_t)d->choices[k]);
        free((void *)(uintptr_t)d->choices);
        free((void *)(uintptr_t)d->name);
        free((void *)(uintptr_t)d->conditions);
    }
    if (s) {
        free(s->list);
        free(s->yaml);
    }
    free(s);
}

int64_t fv_space_dimension_count(const fv_space *s)
{
    return s->count;
}

const fv_dimension *fv_space_dimension(const fv_space *s, int64_t index)
{
    return index >= 0 && index < s->count ? &s->list[index] : NULL;
}

fv_space *space_copy(const fv_space *s)
{
    return fv_space_parse(s->yaml, "space");
}

int64_t space_find(const fv_space *s, const char *name)
{
    for (int64_t i = 0; i < s->count; i++)
        if (strcmp(s->list[i].name, name) == 0)
            return i;
    return -1;
}

int64_t space_find_choice(const fv_dimension *d, const char *word)
{
    for (int64_t i = 0; word && i < d->choice_count; i++)
        if (strcmp(d->choices[i], word) == 0)
            return i;
    return -1;
}

bool space_is_active(const fv_space *s, int64_t dimension, const double *values)
{
    const fv_dimension *d = &s->list[dimension];
    for (int64_t k = 0; k < d->condition_count; k++) {
        double parent = values[d->conditions[k].dimension];
        if (!isfinite(parent) || !(d->conditions[k].choices >> (int)parent & 1))
            return false;
    }
    return true;
}

/* ---- the scale ---- */

static double half_step(const fv_dimension *d)
{
    return d->type == FV_DIMENSION_INT ? d->step / 2 : 0;
}

double space_scaled(const fv_dimension *d, double x)
{
    return d->log ? log(x) : x;
}

double space_scaled_low(const fv_dimension *d)
{
    return space_scaled(d, d->low - half_step(d));
}

double space_scaled_high(const fv_dimension *d)
{
    return space_scaled(d, d->high + half_step(d));
}

void space_cell(const fv_dimension *d, double x, double *from, double *to)
{
    *from = space_scaled(d, x - half_step(d));
    *to = space_scaled(d, x + half_step(d));
}

static double round_digits(double x)
{
    if (x == 0)
        return 0;
    double unit = pow(10, DIGITS - 1 - floor(log10(fabs(x))));
    return isfinite(unit) && unit > 0 ? round(x * unit) / unit : x;
}

double space_number(const fv_dimension *d, double scaled)
{
    double x = d->log ? exp(scaled) : scaled;
    x = d->type == FV_DIMENSION_INT ? d->low + d->step * round((x - d->low) / d->step) : round_digits(x);
    return fmin(fmax(x, d->low), d->high);
}

/* ---- drawing ---- */

double space_uniform(rng *r)
{
    uint64_t bits = (uint64_t)rng_u32(r) << 32;
    return (double)((bits | rng_u32(r)) >> 11) * 0x1p-53;
}

double space_draw(const fv_dimension *d, rng *r)
{
    double u = space_uniform(r);
    if (d->type == FV_DIMENSION_CATEGORICAL)
        return fmin(floor(u * (double)d->choice_count), (double)d->choice_count - 1);
    double low = space_scaled_low(d), high = space_scaled_high(d);
    return space_number(d, low + u * (high - low));
}

void space_draw_all(const fv_space *s, rng *r, double *values)
{
    for (int64_t i = 0; i < s->count; i++)
        values[i] = space_is_active(s, i, values) ? space_draw(&s->list[i], r) : NAN;
}
