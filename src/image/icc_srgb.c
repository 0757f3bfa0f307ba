/* SPDX-License-Identifier: Apache-2.0 */
/* Recognises sRGB: ICC.1:2010, a display profile of three primaries and tone curves that are those of IEC 61966-2-1. Most
 * profiles in pictures are, and need neither lcms2 nor a transform. */
#include <math.h>
#include <string.h>

#include "core/numbers.h"
#include "image/icc.h"

enum {
    HEADER_BYTES = 128,
    TAG_BYTES = 12, /* signature, offset, size: 4 bytes each */
    MAX_TAGS = 100
};

typedef struct icc_tag {
    const uint8_t *data;
    size_t size;
} icc_tag;

/* s15Fixed16Number. */
static double fixed(const uint8_t *p)
{
    return (double)(int32_t)(uint32_t)number_big_endian(p, 4) / 65536;
}

static bool find_tag(const uint8_t *profile, size_t size, const char *name, icc_tag *tag)
{
    size_t count = size >= HEADER_BYTES + 4 ? number_big_endian(profile + HEADER_BYTES, 4) : 0;
    for (size_t i = 0; i < count && i < MAX_TAGS; i++) {
        size_t at = HEADER_BYTES + 4 + i * TAG_BYTES;
        if (at + TAG_BYTES > size)
            return false;
        if (memcmp(profile + at, name, 4) != 0)
            continue;
        size_t offset = number_big_endian(profile + at + 4, 4),
               bytes = number_big_endian(profile + at + 8, 4);
        *tag = (icc_tag){profile + offset, bytes};
        return offset <= size && bytes <= size - offset;
    }
    return false;
}

static bool is_primary(const uint8_t *profile, size_t size, const char *name, const double xyz[3])
{
    icc_tag t;
    bool same = find_tag(profile, size, name, &t) && t.size >= 20 && memcmp(t.data, "XYZ ", 4) == 0;
    for (int i = 0; same && i < 3; i++)
        same = fabs(fixed(t.data + 8 + 4 * i) - xyz[i]) < 0.001;
    return same;
}

/* A table of `count` values, or one exponent. */
static double sampled_curve(const icc_tag *t, size_t count, double x)
{
    const uint8_t *values = t->data + 12;
    if (count == 0)
        return x;
    if (count == 1)
        return pow(x, (double)number_big_endian(values, 2) / 256);
    double at = x * (double)(count - 1);
    size_t i = at < (double)(count - 1) ? (size_t)at : count - 2;
    double a = (double)number_big_endian(values + 2 * i, 2),
           b = (double)number_big_endian(values + 2 * i + 2, 2);
    return (a + (b - a) * (at - (double)i)) / 65535;
}

/* parametricCurveType 3, the form of sRGB: (a x + b)^g from d on, else c x. */
static double parametric_curve(const icc_tag *t, double x)
{
    double p[5];
    for (int i = 0; i < 5; i++)
        p[i] = fixed(t->data + 12 + 4 * i);
    return x >= p[4] ? pow(p[1] * x + p[2], p[0]) : p[3] * x;
}

static bool is_tone_curve(const uint8_t *profile, size_t size, const char *name)
{
    icc_tag t;
    if (!find_tag(profile, size, name, &t) || t.size < 12)
        return false;
    bool sampled = memcmp(t.data, "curv", 4) == 0;
    size_t count = number_big_endian(t.data + 8, 4);
    if (sampled ? count > (t.size - 12) / 2
                : memcmp(t.data, "para", 4) != 0 || number_big_endian(t.data + 8, 2) != 3 || t.size < 32)
        return false;
    for (int level = 0; level < 256; level++) {
        double x = level / 255.0, y = sampled ? sampled_curve(&t, count, x) : parametric_curve(&t, x);
        double encoded = y <= 0.0031308 ? 12.92 * y : 1.055 * pow(y, 1 / 2.4) - 0.055;
        if (!(fabs(encoded - x) * 255 < 0.5))
            return false;
    }
    return true;
}

bool icc_is_srgb(const uint8_t *profile, size_t size)
{
    /* sRGB's primaries, adapted to D50 (Bradford). */
    static const double red[3] = {0.4361, 0.2225, 0.0139}, green[3] = {0.3851, 0.7169, 0.0971},
                        blue[3] = {0.1431, 0.0606, 0.7141};
    icc_tag table;
    return size >= HEADER_BYTES && memcmp(profile + 16, "RGB XYZ ", 8) == 0 &&
           !find_tag(profile, size, "A2B0", &table) && is_primary(profile, size, "rXYZ", red) &&
           is_primary(profile, size, "gXYZ", green) && is_primary(profile, size, "bXYZ", blue) &&
           is_tone_curve(profile, size, "rTRC") && is_tone_curve(profile, size, "gTRC") &&
           is_tone_curve(profile, size, "bTRC");
}
