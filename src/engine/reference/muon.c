/* SPDX-License-Identifier: Apache-2.0 */
/* Muon's direction (Jordan 2024): momentum whose singular values a Newton-Schulz iteration brings near 1. */
#include <math.h>

#include "engine/reference/kernels.h"

/* y (m, n) = scale * y0 + factor * a (m, l) b, where b is (l, n), or transposed (n, l); y0 NULL: 0 */
static void product(int64_t m, int64_t n, int64_t l, double factor, const real *a, const real *b,
                    int transposed, double scale, const real *y0, real *y)
{
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = 0;
            for (int64_t k = 0; k < l; k++)
                sum += (double)a[i * l + k] * (transposed ? b[j * l + k] : b[k * n + j]);
            y[i * n + j] = (real)(factor * sum + (y0 ? scale * y0[i * n + j] : 0));
        }
}

/* y = scale * x (rows, columns), transposed where asked for */
static void copy_scaled(int64_t rows, int64_t columns, double scale, int transposed, const real *x, real *y)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            y[transposed ? j * rows + i : i * columns + j] = (real)(scale * x[i * columns + j]);
}

/* g, buffer, [factor] -> y, buffer, workspaces */
KERNEL(orthogonal_momentum)
{
    const real *g = input(c, 0), *buffer = input(c, 1);
    real *y = output(c, 0), *new_buffer = output(c, 1), *gram = output(c, 2), *mixed = output(c, 3),
         *next = output(c, 4);
    int64_t count = shape_count(&c->in[0].shape), rows = c->in[0].shape.d[0], columns = count / rows;
    int64_t m = rows < columns ? rows : columns, k = count / m;
    double factor = c->input_count > 2 && input(c, 2) ? *input(c, 2) : 1, mu = c->a.momentum, squares = 0;
    for (int64_t i = 0; i < count; i++) {
        double d = (1 - mu) * factor * g[i], moved = mu * buffer[i] + d, u = mu * moved + d;
        new_buffer[i] = (real)moved;
        next[i] = (real)u;
        squares += u * u;
    }
    copy_scaled(rows, columns, 1 / fmax(sqrt(squares), 1e-7), rows > columns, next, y);
    real *x = y, *to = next;
    for (int step = 0; step < 5; step++) {
        product(m, m, k, 1, x, x, 1, 0, NULL, gram);
        product(m, m, m, 2.0315, gram, gram, 0, -4.7750, gram, mixed);
        product(m, k, m, 1, mixed, x, 0, 3.4445, x, to);
        real *swap = x;
        x = to;
        to = swap;
    }
    double shape_factor = sqrt(fmax(1, (double)rows / (double)columns));
    copy_scaled(m, k, shape_factor, rows > columns, x, y);
}
