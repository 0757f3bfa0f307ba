/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling. The part of a window that lies in the padding never counts, except in an average with `count_padding`. */
#include <stddef.h>

#include "convert/csource/emitted/window.h"

/* ---- max_pool2d ---- */
static void max_pool2d(const window *v, const float *x, float *y)
{
    for (int place = 0; place < v->out[0] * v->out[1]; place++, y += v->out[2]) {
        int found = 0;
        for (int c = 0; c < v->out[2]; c++)
            y[c] = 0;
        for (int ky = 0; ky < v->kernel[0]; ky++)
            for (int kx = 0; kx < v->kernel[1]; kx++) {
                const float *pixel = under(v, x, place, ky, kx);
                for (int c = 0; pixel && c < v->out[2]; c++)
                    y[c] = !found || pixel[c] > y[c] ? pixel[c] : y[c];
                found = found || pixel;
            }
    }
}

/* ---- average_pool2d ---- */
static void average_pool2d(const window *v, int count_padding, const float *x, float *y)
{
    for (int place = 0; place < v->out[0] * v->out[1]; place++, y += v->out[2]) {
        int count = 0;
        for (int c = 0; c < v->out[2]; c++)
            y[c] = 0;
        for (int ky = 0; ky < v->kernel[0]; ky++)
            for (int kx = 0; kx < v->kernel[1]; kx++) {
                const float *pixel = under(v, x, place, ky, kx);
                for (int c = 0; pixel && c < v->out[2]; c++)
                    y[c] += pixel[c];
                count += count_padding || pixel;
            }
        for (int c = 0; count && c < v->out[2]; c++)
            y[c] /= (float)count;
    }
}

/* ---- global_average_pool2d ---- */
static void global_average_pool2d(int places, int channels, const float *x, float *y)
{
    for (int c = 0; c < channels; c++)
        y[c] = 0;
    for (int p = 0; p < places; p++)
        for (int c = 0; c < channels; c++)
            y[c] += *x++;
    for (int c = 0; c < channels; c++)
        y[c] /= (float)places;
}
/* ---- end ---- */
