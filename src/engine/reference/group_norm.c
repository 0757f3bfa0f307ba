/* SPDX-License-Identifier: Apache-2.0 */
/* Group normalisation (Wu & He 2018) of x seen as (units, places, groups, width): a mean for each unit and group. */
#include <math.h>

#include "engine/reference/kernels.h"

typedef struct parts {
    int64_t units, places, groups, width;
} parts;

static parts parts_of(const kernel_call *c)
{
    const operand *x = &c->in[0];
    int64_t units = c->a.each_place ? rows_of(x) : x->shape.d[0];
    return (parts){units, rows_of(x) / units, c->a.groups, columns_of(x) / c->a.groups};
}

/* Element k of a part, of which there are places * width; *channel gets its channel. */
static int64_t element(const parts *p, int64_t part, int64_t k, int64_t *channel)
{
    int64_t unit = part / p->groups, place = k / p->width;
    *channel = part % p->groups * p->width + k % p->width;
    return (unit * p->places + place) * p->groups * p->width + *channel;
}

KERNEL(group_norm)
{
    const real *x = input(c, 0), *gamma = input(c, 1), *beta = input(c, 2);
    real *y = output(c, 0), *mean = output(c, 1), *scale = output(c, 2);
    parts p = parts_of(c);
    int64_t count = p.places * p.width, channel;
    for (int64_t part = 0; part < p.units * p.groups; part++) {
        double sum = 0, squares = 0;
        for (int64_t k = 0; k < count; k++)
            sum += x[element(&p, part, k, &channel)];
        double m = sum / (double)count;
        for (int64_t k = 0; k < count; k++) {
            double d = x[element(&p, part, k, &channel)] - m;
            squares += d * d;
        }
        double s = 1 / sqrt(squares / (double)count + (double)c->a.epsilon);
        for (int64_t k = 0; k < count; k++) {
            int64_t i = element(&p, part, k, &channel);
            y[i] = (real)((x[i] - m) * s * gamma[channel] + beta[channel]);
        }
        mean[part] = (real)m;
        scale[part] = (real)s;
    }
}

/* With z = (x - mean) * scale and g = gamma * dy: dx = scale * (g - mean(g) - z * mean(g z)). */
KERNEL(group_norm_grad)
{
    const real *x = input(c, 0), *dy = input(c, 1), *gamma = input(c, 2), *mean = input(c, 3),
               *scale = input(c, 4);
    real *dx = output(c, 0);
    parts p = parts_of(c);
    int64_t count = p.places * p.width, channel;
    for (int64_t part = 0; part < p.units * p.groups; part++) {
        double s = scale[part], g_sum = 0, gz_sum = 0;
        for (int64_t k = 0; k < count; k++) {
            int64_t i = element(&p, part, k, &channel);
            double g = (double)gamma[channel] * dy[i];
            g_sum += g;
            gz_sum += g * (x[i] - (double)mean[part]) * s;
        }
        for (int64_t k = 0; k < count; k++) {
            int64_t i = element(&p, part, k, &channel);
            double z = (x[i] - (double)mean[part]) * s;
            dx[i] = (real)(s * ((double)gamma[channel] * dy[i] - (g_sum + z * gz_sum) / (double)count));
        }
    }
    for (int64_t k = 0; k < columns_of(&c->in[0]); k++) {
        double dgamma = 0, dbeta = 0;
        for (int64_t row = 0; row < p.units * p.places; row++) {
            int64_t i = row * p.groups * p.width + k, part = row / p.places * p.groups + k / p.width;
            dgamma += dy[i] * (x[i] - (double)mean[part]) * scale[part];
            dbeta += dy[i];
        }
        output(c, 1)[k] = (real)dgamma;
        output(c, 2)[k] = (real)dbeta;
    }
}
