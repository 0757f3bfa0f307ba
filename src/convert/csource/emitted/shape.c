/* SPDX-License-Identifier: Apache-2.0 */
/* What only moves numbers. */

/* ---- copy_columns ---- */
/* Rows of `columns` numbers: those of x are `from` apart, those of y `to`. */
static void copy_columns(int rows, int columns, int from, int to, const float *x, float *y)
{
    for (int r = 0; r < rows; r++, x += from, y += to)
        for (int c = 0; c < columns; c++)
            y[c] = x[c];
}

/* ---- fill_zeros ---- */
static void fill_zeros(int count, float *y)
{
    for (int i = 0; i < count; i++)
        y[i] = 0;
}

/* ---- copy_block ---- */
/* The block of these sides (height, width, channels); a row and a pixel of x are from[0] and from[1] numbers long, of y to[0] and to[1]. */
static void copy_block(const int sides[3], const int from[2], const int to[2], const float *x, float *y)
{
    for (int i = 0; i < sides[0]; i++)
        for (int j = 0; j < sides[1]; j++)
            for (int c = 0; c < sides[2]; c++)
                y[i * to[0] + j * to[1] + c] = x[i * from[0] + j * from[1] + c];
}

/* ---- transpose ---- */
/* x (rows, columns) to y (columns, rows). */
static void transpose(int rows, int columns, const float *x, float *y)
{
    for (int c = 0; c < columns; c++)
        for (int r = 0; r < rows; r++)
            *y++ = x[r * columns + c];
}

/* ---- shuffle ---- */
/* Channels (groups, each) become (each, groups), place by place. */
static void shuffle(int places, int groups, int each, const float *x, float *y)
{
    for (int p = 0; p < places; p++, x += groups * each)
        for (int i = 0; i < each; i++)
            for (int g = 0; g < groups; g++)
                *y++ = x[g * each + i];
}
/* ---- end ---- */
