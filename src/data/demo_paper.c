/* SPDX-License-Identifier: Apache-2.0 */
/* Backgrounds of the demo pictures: plain, shaded, grainy, ruled, squared or stained paper. */
#include <math.h>

#include "data/demo.h"

/* A texture gives -1..1 at (x, y), which are in units of a 32nd of the side whatever the size. */
typedef struct texture {
    float (*at)(const struct texture *t, float x, float y);
    float dx, dy;               /* direction */
    float period, offset, half; /* ruled: distance, phase and half the width of the lines */
    float spots[4][3];          /* stained: x, y, radius */
    float lattice[16][16];      /* grainy: values at the corners of cells of `period` */
} texture;

static float plain_at(const texture *t, float x, float y)
{
    (void)t, (void)x, (void)y;
    return 0;
}

static float shaded_at(const texture *t, float x, float y)
{
    return (t->dx * (x - 16) + t->dy * (y - 16)) / 22.7f; /* 16 * sqrt(2): the corners get 1 */
}

static float grainy_at(const texture *t, float x, float y)
{
    /* Value noise: smoothstep between the lattice's values. */
    float u = x / t->period, v = y / t->period;
    int i = (int)u, j = (int)v;
    float a = u - (float)i, b = v - (float)j;
    a = a * a * (3 - 2 * a);
    b = b * b * (3 - 2 * b);
    float top = t->lattice[j][i] * (1 - a) + t->lattice[j][i + 1] * a;
    float bottom = t->lattice[j + 1][i] * (1 - a) + t->lattice[j + 1][i + 1] * a;
    return top * (1 - b) + bottom * b;
}

static float line_cover(const texture *t, float distance)
{
    float away = fabsf(remainderf(distance - t->offset, t->period));
    return fminf(1, fmaxf(0, t->half + 0.5f - away));
}

static float ruled_at(const texture *t, float x, float y)
{
    return line_cover(t, t->dx * x + t->dy * y);
}

static float squared_at(const texture *t, float x, float y)
{
    return fmaxf(line_cover(t, t->dx * x + t->dy * y), line_cover(t, t->dx * y - t->dy * x));
}

static float stained_at(const texture *t, float x, float y)
{
    float sum = 0;
    for (int i = 0; i < 4; i++) {
        float dx = x - t->spots[i][0], dy = y - t->spots[i][1], r = t->spots[i][2];
        sum += (i & 1 ? -1.0f : 1.0f) / (1 + expf(4 * (sqrtf(dx * dx + dy * dy) - r)));
    }
    return fminf(1, fmaxf(-1, sum));
}

static texture texture_any(rng *r)
{
    static float (*const kinds[])(const texture *, float, float) = {plain_at, shaded_at,  grainy_at,
                                                                    ruled_at, squared_at, stained_at};
    texture t = {.at = kinds[rng_below(r, sizeof kinds / sizeof *kinds)]};
    float angle = rng_range(r, 0, 6.2831853f);
    if (t.at == ruled_at || t.at == squared_at) /* lines lie nearly level, as on paper */
        angle = 1.5707963f + rng_range(r, -0.15f, 0.15f);
    t.dx = cosf(angle);
    t.dy = sinf(angle);
    t.period = t.at == grainy_at ? rng_range(r, 2.6f, 8) : rng_range(r, 5, 11);
    t.offset = rng_range(r, 0, t.period);
    t.half = rng_range(r, 0.1f, 0.5f);
    for (int i = 0; i < 4; i++) {
        t.spots[i][0] = rng_range(r, 0, 32);
        t.spots[i][1] = rng_range(r, 0, 32);
        t.spots[i][2] = rng_range(r, 3, 9);
    }
    if (t.at == grainy_at)
        for (int i = 0; i < 256; i++)
            t.lattice[i / 16][i % 16] = rng_range(r, -1, 1);
    return t;
}

void demo_paper(float *light, int64_t size, const float base[3], float amplitude, rng *r)
{
    /* Two textures share the amplitude, e.g. stained and ruled. */
    texture first = texture_any(r), second = texture_any(r);
    float share = rng_range(r, 0.4f, 1), sign = rng_u32(r) & 1 ? 1.0f : -1.0f, step = 32.0f / (float)size;
    float tint[3];
    for (int k = 0; k < 3; k++)
        tint[k] = sign * amplitude * rng_range(r, 0.6f, 1);
    for (int64_t y = 0; y < size; y++)
        for (int64_t x = 0; x < size; x++) {
            float u = ((float)x + 0.5f) * step, v = ((float)y + 0.5f) * step;
            float value = share * first.at(&first, u, v) + (1 - share) * second.at(&second, u, v);
            for (int k = 0; k < 3; k++)
                light[(y * size + x) * 3 + k] = base[k] + value * tint[k];
        }
}
