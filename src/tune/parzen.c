/* SPDX-License-Identifier: Apache-2.0 */
#include "tune/parzen.h"

#include <math.h>
#include <stdlib.h>

#include "core/memory.h"

enum {
    RECENT = 25,    /* observations that weigh fully; older ones less, down to 1 / count */
    NARROWEST = 100 /* parts of the range: the least width, of many observations */
};

static const double prior_weight = 1;

static double range_of(const fv_dimension *d)
{
    return space_scaled_high(d) - space_scaled_low(d);
}

/* Scott's rule for a density in as many dimensions (1992, equation 6.42): narrow where the observations agree. Their variance is pooled with the
 * prior's, and the "magic clip" of Bergstra et al. holds it wide as long as there are few. */
static double width_of(const parzen *p, int64_t dimension, int64_t count)
{
    const fv_dimension *d = &p->space->list[dimension];
    double sum = 0, squares = 0, n = 0, range = range_of(d);
    for (int64_t i = 0; i < count; i++) {
        double x = p->observations[i][dimension];
        if (!isfinite(x))
            continue;
        x = space_scaled(d, x) - space_scaled_low(d);
        sum += x;
        squares += x * x;
        n++;
    }
    double spread = n > 0 ? fmax(squares - sum * sum / n, 0) : 0;
    double deviation = sqrt((spread + prior_weight * range * range / 12) / (n + prior_weight));
    double width = deviation * pow(fmax(n, 1), -1.0 / ((double)p->space->count + 4));
    return fmax(width, range / fmin(NARROWEST, 1 + (double)p->components));
}

/* Linear from 1 / count for the oldest to 1 for the RECENT latest. */
static double age_weight(int64_t i, int64_t count)
{
    if (count <= RECENT || i >= count - RECENT)
        return 1;
    double first = 1.0 / (double)count;
    int64_t ramp = count - RECENT;
    return ramp == 1 ? first : first + (1 - first) * (double)i / (double)(ramp - 1);
}

fv_status parzen_init(parzen *p, const fv_space *space, const double *const *observations, int64_t count)
{
    *p = (parzen){.space = space, .observations = observations, .components = count + 1};
    p->weights = mem_array((size_t)p->components, sizeof *p->weights);
    p->widths = mem_array((size_t)space->count, sizeof *p->widths);
    if (!p->weights || !p->widths)
        return status_last();
    double sum = prior_weight;
    for (int64_t i = 0; i < count; i++)
        sum += p->weights[i] = age_weight(i, count);
    p->weights[count] = prior_weight;
    for (int64_t i = 0; i <= count; i++)
        p->weights[i] /= sum;
    for (int64_t d = 0; d < space->count; d++)
        p->widths[d] = space->list[d].type == FV_DIMENSION_CATEGORICAL ? 0 : width_of(p, d, count);
    return FV_OK;
}

void parzen_release(parzen *p)
{
    free(p->weights);
    free(p->widths);
}

/* ---- one factor of one component ---- */

typedef struct gaussian {
    double mean, width, low, high;
} gaussian;

/* What component i has of a dimension: NAN stands for the prior's factor. */
static double observed(const parzen *p, int64_t i, int64_t dimension)
{
    return i == p->components - 1 ? NAN : p->observations[i][dimension];
}

static gaussian gaussian_of(const parzen *p, int64_t i, int64_t dimension)
{
    const fv_dimension *d = &p->space->list[dimension];
    double x = observed(p, i, dimension);
    gaussian g = {.low = space_scaled_low(d), .high = space_scaled_high(d)};
    g.mean = isfinite(x) ? space_scaled(d, x) : (g.low + g.high) / 2;
    g.width = isfinite(x) ? p->widths[dimension] : g.high - g.low;
    return g;
}

/* Of the standard normal distribution, between a and b; exact in the tails, too. */
static double normal_mass(double a, double b)
{
    if (a > 0)
        return 0.5 * (erfc(a * M_SQRT1_2) - erfc(b * M_SQRT1_2));
    return 0.5 * (erfc(-b * M_SQRT1_2) - erfc(-a * M_SQRT1_2));
}

/* Its mean lies within the limits and its width is the range at most, so a third of the draws are inside, at least. */
static double draw_gaussian(const gaussian *g, rng *r)
{
    for (;;) {
        double u = 1 - space_uniform(r), v = space_uniform(r);
        double x = g->mean + g->width * sqrt(-2 * log(u)) * cos(2 * M_PI * v);
        if (x >= g->low && x <= g->high)
            return x;
    }
}

static double log_gaussian(const gaussian *g, const fv_dimension *d, double x)
{
    double from, to;
    space_cell(d, x, &from, &to);
    double whole = normal_mass((g->low - g->mean) / g->width, (g->high - g->mean) / g->width);
    if (to > from)
        return log(fmax(normal_mass((from - g->mean) / g->width, (to - g->mean) / g->width), 1e-300) / whole);
    double z = (from - g->mean) / g->width;
    return -0.5 * z * z - log(g->width * sqrt(2 * M_PI) * whole);
}

static double choice_probability(const parzen *p, int64_t i, int64_t dimension, int64_t choice)
{
    double n = (double)p->space->list[dimension].choice_count;
    double x = observed(p, i, dimension), smooth = prior_weight / (double)p->components;
    return isfinite(x) ? ((x == (double)choice) + smooth) / (1 + n * smooth) : 1 / n;
}

static double draw_choice(const parzen *p, int64_t i, int64_t dimension, rng *r)
{
    double u = space_uniform(r);
    int64_t count = p->space->list[dimension].choice_count, c = 0;
    while (c < count - 1 && (u -= choice_probability(p, i, dimension, c)) >= 0)
        c++;
    return (double)c;
}

/* ---- the mixture ---- */

void parzen_draw(const parzen *p, rng *r, double *values)
{
    double u = space_uniform(r);
    int64_t i = 0;
    while (i < p->components - 1 && (u -= p->weights[i]) >= 0)
        i++;
    for (int64_t k = 0; k < p->space->count; k++) {
        const fv_dimension *d = &p->space->list[k];
        gaussian g;
        if (!space_is_active(p->space, k, values)) {
            values[k] = NAN;
        } else if (d->type == FV_DIMENSION_CATEGORICAL) {
            values[k] = draw_choice(p, i, k, r);
        } else {
            g = gaussian_of(p, i, k);
            values[k] = d->low == d->high ? d->low : space_number(d, draw_gaussian(&g, r));
        }
    }
}

static double log_component(const parzen *p, int64_t i, const double *values)
{
    double sum = log(p->weights[i]);
    for (int64_t k = 0; k < p->space->count; k++) {
        const fv_dimension *d = &p->space->list[k];
        if (!isfinite(values[k]) || (d->type != FV_DIMENSION_CATEGORICAL && d->low == d->high))
            continue;
        if (d->type == FV_DIMENSION_CATEGORICAL) {
            sum += log(choice_probability(p, i, k, (int64_t)values[k]));
        } else {
            gaussian g = gaussian_of(p, i, k);
            sum += log_gaussian(&g, d, values[k]);
        }
    }
    return sum;
}

double parzen_log_density(const parzen *p, const double *values)
{
    double most = -INFINITY, sum = 0;
    for (int64_t i = 0; i < p->components; i++) {
        double term = log_component(p, i, values);
        if (term > most) {
            sum = sum * exp(most - term) + 1;
            most = term;
        } else {
            sum += exp(term - most);
        }
    }
    return most + log(sum);
}
