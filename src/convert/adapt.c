/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/adapt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

/* ---- finding ---- */

/* The sides without those of 1. */
static int significant(const int64_t *sides, int rank, int64_t *out)
{
    int n = 0;
    for (int i = 0; i < rank; i++)
        if (sides[i] != 1)
            out[n++] = sides[i];
    return n;
}

/* Equal but for sides of 1, or (O, I, H, W) as (O, I * H * W), which is the order in which pictures are flattened. */
static bool same_numbers(const named_tensor *from, const network_tensor *t)
{
    int64_t a[TENSORS_MAX_RANK], b[TENSORS_MAX_RANK];
    int n = significant(from->shape, from->rank, a), k = significant(t->shape.d, t->shape.rank, b);
    if (from->count != t->count)
        return false;
    if (n == k && memcmp(a, b, (size_t)n * sizeof *a) == 0)
        return true;
    return from->rank == 4 && t->shape.rank == 2 && from->shape[0] == t->shape.d[0];
}

/* The kernel of the first layer with one: the picture's channels are its second side. */
static bool is_first_kernel(const fv_model *m, int32_t index)
{
    for (int32_t i = 0; i < index; i++)
        if (m->tensors[i].shape.rank == 4)
            return false;
    return m->tensors[index].shape.rank == 4;
}

static adaptation channels(const named_tensor *from, const network_tensor *t)
{
    if (from->rank != 4 || from->shape[0] != t->shape.d[0] || from->shape[2] != t->shape.d[2] ||
        from->shape[3] != t->shape.d[3])
        return ADAPT_IMPOSSIBLE;
    if (from->shape[1] == 3 && t->shape.d[1] == 1)
        return ADAPT_TO_GREY;
    return from->shape[1] == 1 && t->shape.d[1] == 3 ? ADAPT_FROM_GREY : ADAPT_IMPOSSIBLE;
}

/* The side of a square grid with so many tokens before it; 0: it is none. */
static int64_t grid_side(int64_t places, int64_t tokens)
{
    int64_t side = places > tokens ? (int64_t)lround(sqrt((double)(places - tokens))) : 0;
    return side * side == places - tokens ? side : 0;
}

/* How many tokens stand before both grids: a class token, or DeiT's distillation token besides; 0: they are none. */
static int64_t grid_tokens(const named_tensor *from, const network_tensor *t)
{
    for (int64_t tokens = 1; tokens <= 2; tokens++)
        if (grid_side(from->shape[1], tokens) > 0 && grid_side(t->shape.d[1], tokens) > 0)
            return tokens;
    return 0;
}

static bool is_grid(const named_tensor *from, const network_tensor *t)
{
    return strcmp(t->name, "pos_embed") == 0 && from->rank == 3 && t->shape.rank == 3 &&
           from->shape[0] == 1 && from->shape[2] == t->shape.d[2] && grid_tokens(from, t) > 0;
}

adaptation adapt_find(const fv_model *m, int32_t index, const named_tensor *from)
{
    const network_tensor *t = &m->tensors[index];
    if (from->rank == t->shape.rank &&
        memcmp(from->shape, t->shape.d, (size_t)from->rank * sizeof *from->shape) == 0)
        return ADAPT_NOTHING;
    if (same_numbers(from, t))
        return ADAPT_SHAPE;
    if (is_grid(from, t))
        return ADAPT_GRID;
    return is_first_kernel(m, index) ? channels(from, t) : ADAPT_IMPOSSIBLE;
}

const char *adapt_describe(adaptation how)
{
    static const char *const words[] = {[ADAPT_NOTHING] = "as it is",
                                        [ADAPT_SHAPE] = "the same numbers in another shape",
                                        [ADAPT_TO_GREY] = "three channels summed to one",
                                        [ADAPT_FROM_GREY] = "one channel divided among three",
                                        [ADAPT_GRID] = "interpolated to another grid",
                                        [ADAPT_IMPOSSIBLE] = "impossible"};
    return words[how];
}

/* ---- reading ---- */

/* (O, 3, H, W) to (O, 1, H, W) or back; `plane` is H * W. */
static void change_channels(adaptation how, const float *from, float *to, int64_t filters, int64_t plane)
{
    for (int64_t o = 0; o < filters; o++)
        for (int64_t k = 0; k < plane; k++)
            if (how == ADAPT_TO_GREY)
                to[o * plane + k] =
                    from[3 * o * plane + k] + from[(3 * o + 1) * plane + k] + from[(3 * o + 2) * plane + k];
            else
                for (int64_t c = 0; c < 3; c++)
                    to[(3 * o + c) * plane + k] = from[o * plane + k] / 3;
}

/* Keys' cubic kernel (1981), a = -0.5, as PyTorch's antialiased interpolation has it. */
static double cubic(double x)
{
    x = fabs(x);
    return x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/* Along one side: (n, stride) values to (m, stride), antialiased when m < n (torch.nn.functional.interpolate, align_corners off,
 * antialias on: what timm does). `step` lies between neighbours, both sides are walked by the caller. */
static void resample(const float *from, int64_t n, float *to, int64_t m, int64_t step)
{
    double scale = (double)n / (double)m, width = scale > 1 ? scale : 1;
    for (int64_t i = 0; i < m; i++) {
        double centre = ((double)i + 0.5) * scale, sum = 0, total = 0;
        int64_t first = (int64_t)(centre - 2 * width + 0.5), last = (int64_t)(centre + 2 * width + 0.5);
        first = first < 0 ? 0 : first;
        last = last > n ? n : last;
        for (int64_t k = first; k < last; k++) {
            double w = cubic(((double)k + 0.5 - centre) / width);
            sum += w * (double)from[k * step];
            total += w;
        }
        to[i * step] = (float)(sum / total);
    }
}

/* (tokens + n * n, C) to (tokens + m * m, C): the tokens' stay. */
static fv_status change_grid(const float *from, int64_t n, float *to, int64_t m, int64_t tokens,
                             int64_t channels)
{
    float *rows = mem_array((size_t)(n * m * channels), sizeof *rows);
    if (!rows)
        return status_last();
    memcpy(to, from, (size_t)(tokens * channels) * sizeof *to);
    for (int64_t y = 0; y < n; y++)
        for (int64_t c = 0; c < channels; c++)
            resample(from + (tokens + y * n) * channels + c, n, rows + y * m * channels + c, m, channels);
    for (int64_t x = 0; x < m; x++)
        for (int64_t c = 0; c < channels; c++)
            resample(rows + x * channels + c, n, to + (tokens + x) * channels + c, m, m * channels);
    free(rows);
    return FV_OK;
}

static fv_status read_grid(const named_tensor *from, const float *values, network_tensor *t)
{
    int64_t tokens = grid_tokens(from, t);
    return change_grid(values, grid_side(from->shape[1], tokens), t->data, grid_side(t->shape.d[1], tokens),
                       tokens, from->shape[2]);
}

fv_status adapt_read(adaptation how, const tensor_file *f, const named_tensor *from, network_tensor *t)
{
    if (how == ADAPT_SHAPE)
        return f->read(f, from, t->data);
    float *values = mem_array((size_t)from->count, sizeof *values);
    if (!values)
        return status_last();
    fv_status status = f->read(f, from, values);
    if (status == FV_OK && how == ADAPT_GRID)
        status = read_grid(from, values, t);
    else if (status == FV_OK)
        change_channels(how, values, t->data, t->shape.d[0], t->shape.d[2] * t->shape.d[3]);
    free(values);
    return status;
}
