/* SPDX-License-Identifier: Apache-2.0 */
/* The saliency map in colour over the picture. */
#include <math.h>

#include "explain/saliency.h"

/* A perceptually ordered scale, dark blue over green to yellow, at five points of viridis (Smith & van der Walt 2015). */
static const float scale[5][3] = {{68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {94, 201, 98}, {253, 231, 37}};

static void colour(float level, float rgb[3])
{
    float at = fminf(fmaxf(level, 0), 1) * 4;
    int i = at >= 4 ? 3 : (int)at;
    for (int c = 0; c < 3; c++)
        rgb[c] = scale[i][c] + (at - (float)i) * (scale[i + 1][c] - scale[i][c]);
}

/* Bilinear between the centres of the map's cells; (v, u) in 0..1 of the network's input. */
static float sample(const saliency_map *map, double v, double u)
{
    double y = fmin(fmax(v * (double)map->height - 0.5, 0), (double)map->height - 1);
    double x = fmin(fmax(u * (double)map->width - 0.5, 0), (double)map->width - 1);
    int64_t y0 = (int64_t)y, x0 = (int64_t)x;
    int64_t y1 = y0 + 1 < map->height ? y0 + 1 : y0, x1 = x0 + 1 < map->width ? x0 + 1 : x0;
    double fy = y - (double)y0, fx = x - (double)x0;
    const float *d = map->data;
    double top = d[y0 * map->width + x0] * (1 - fx) + d[y0 * map->width + x1] * fx;
    double bottom = d[y1 * map->width + x0] * (1 - fx) + d[y1 * map->width + x1] * fx;
    return (float)(top * (1 - fy) + bottom * fy);
}

void overlay_draw(image *picture, const fv_preprocess *p, const saliency_map *map)
{
    image_box seen;
    image_fit_box(p, picture->height, picture->width, &seen);
    for (int64_t y = 0; y < picture->height; y++)
        for (int64_t x = 0; x < picture->width; x++) {
            uint8_t *pixel = picture->data + (y * picture->width + x) * 3;
            double v = ((double)y + 0.5 - seen.top) / (seen.bottom - seen.top);
            double u = ((double)x + 0.5 - seen.left) / (seen.right - seen.left);
            if (v < 0 || v > 1 || u < 0 || u > 1) {
                for (int c = 0; c < 3; c++)
                    pixel[c] = (uint8_t)(pixel[c] / 3);
                continue;
            }
            float rgb[3], level = sample(map, v, u),
                          grey = 0.299f * pixel[0] + 0.587f * pixel[1] + 0.114f * pixel[2];
            colour(level, rgb);
            /* The picture in grey carries the shapes, the colour the value. */
            for (int c = 0; c < 3; c++)
                pixel[c] = (uint8_t)lrintf(0.55f * grey + 0.45f * rgb[c]);
        }
}
