/* SPDX-License-Identifier: Apache-2.0 */
/* Self-attention (Vaswani et al. 2017), a sample and a head after the other. */
#include <math.h>
#include <string.h>

#include "engine/reference/kernels.h"

/* One head of one sample: row i of q, k and v stands `stride` numbers after row i - 1. */
typedef struct head {
    int64_t places, width, stride; /* of qkv; a row of y has stride / 3 numbers */
    int64_t qkv, y, p;             /* where it begins */
    double scale;
} head;

static head head_of(const kernel_call *c, int64_t i)
{
    const shape *s = &c->in[0].shape;
    int64_t places = s->d[1] * s->d[2], channels = s->d[3] / 3, width = channels / c->a.heads;
    int64_t n = i / c->a.heads, h = i % c->a.heads;
    return (head){.places = places,
                  .width = width,
                  .stride = 3 * channels,
                  .qkv = n * places * 3 * channels + h * width,
                  .y = n * places * channels + h * width,
                  .p = i * places * places,
                  .scale = 1 / sqrt((double)width)};
}

static double dot(const real *a, const real *b, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

/* y of place a; p, which may be NULL, is its row of probabilities. */
static void attend(const head *h, const real *qkv, int64_t a, real *y, real *p)
{
    enum {
        COLUMNS = 64
    };
    const real *q = qkv + a * h->stride, *k = qkv + h->stride / 3, *v = k + h->stride / 3;
    double largest = -INFINITY, sum = 0;
    for (int64_t b = 0; b < h->places; b++)
        largest = fmax(largest, h->scale * dot(q, k + b * h->stride, h->width));
    for (int64_t b = 0; b < h->places; b++)
        sum += exp(h->scale * dot(q, k + b * h->stride, h->width) - largest);
    for (int64_t first = 0; first < h->width; first += COLUMNS) {
        int64_t columns = h->width - first < COLUMNS ? h->width - first : COLUMNS;
        double sums[COLUMNS] = {0};
        for (int64_t b = 0; b < h->places; b++) {
            double weight = exp(h->scale * dot(q, k + b * h->stride, h->width) - largest) / sum;
            for (int64_t j = 0; j < columns; j++)
                sums[j] += weight * v[b * h->stride + first + j];
            if (p)
                p[b] = (real)weight;
        }
        for (int64_t j = 0; j < columns; j++)
            y[first + j] = (real)sums[j];
    }
}

KERNEL(attention)
{
    for (int64_t i = 0; i < c->in[0].shape.d[0] * c->a.heads; i++) {
        head h = head_of(c, i);
        real *p = output(c, 1) ? output(c, 1) + h.p : NULL;
        for (int64_t a = 0; a < h.places; a++)
            attend(&h, input(c, 0) + h.qkv, a, output(c, 0) + h.y + a * h.stride / 3,
                   p ? p + a * h.places : NULL);
    }
}

/* dp = dy v^T; ds = p (dp - sum p dp); dq = scale ds k; dk = scale ds^T q; dv = p^T dy. Sums over places are `real` here. */
KERNEL(attention_grad)
{
    memset(output(c, 0), 0, (size_t)shape_count(&c->in[0].shape) * sizeof(real));
    for (int64_t i = 0; i < c->in[0].shape.d[0] * c->a.heads; i++) {
        head h = head_of(c, i);
        const real *q = input(c, 0) + h.qkv, *k = q + h.stride / 3, *v = k + h.stride / 3;
        const real *p = input(c, 1) + h.p, *dy = input(c, 2) + h.y;
        real *dq = output(c, 0) + h.qkv, *dk = dq + h.stride / 3, *dv = dk + h.stride / 3;
        for (int64_t a = 0; a < h.places; a++) {
            const real *row = p + a * h.places, *from = dy + a * h.stride / 3;
            double mean = 0;
            for (int64_t b = 0; b < h.places; b++)
                mean += row[b] * dot(from, v + b * h.stride, h.width);
            for (int64_t b = 0; b < h.places; b++) {
                double ds = h.scale * row[b] * (dot(from, v + b * h.stride, h.width) - mean);
                for (int64_t j = 0; j < h.width; j++) {
                    dq[a * h.stride + j] += (real)(ds * k[b * h.stride + j]);
                    dk[b * h.stride + j] += (real)(ds * q[a * h.stride + j]);
                    dv[b * h.stride + j] += (real)((double)row[b] * from[j]);
                }
            }
        }
    }
}
