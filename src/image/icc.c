/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that knows lcms2: its functions are called through a table that is filled on first use. */
#include "image/icc.h"

#include <stdlib.h>
#include <string.h>

#include <lcms2.h>

#include "core/memory.h"
#include "core/plugin.h"

#define CMS_FUNCTIONS(X)                                                                                     \
    X(BuildParametricToneCurve)                                                                              \
    X(CloseProfile)                                                                                          \
    X(CreateGrayProfile)                                                                                     \
    X(CreateTransform)                                                                                       \
    X(Create_sRGBProfile)                                                                                    \
    X(D50_xyY)                                                                                               \
    X(DeleteTransform)                                                                                       \
    X(DoTransform)                                                                                           \
    X(FreeToneCurve)                                                                                         \
    X(GetColorSpace)                                                                                         \
    X(GetDeviceClass)                                                                                        \
    X(OpenProfileFromMem)

#define FIELD(name) __typeof__(cms##name) *name;
static struct {
    CMS_FUNCTIONS(FIELD)
} api;

#define SYMBOL(name) {"cms" #name, (void **)&api.name},
static const plugin_symbol symbols[] = {CMS_FUNCTIONS(SYMBOL)};

/* The transform of a profile, for pictures of so many channels. */
typedef struct icc_entry {
    file_bytes profile;
    int64_t channels;        /* 0: the entry is free */
    cmsHTRANSFORM transform; /* NULL: there is nothing to convert */
    uint64_t used;           /* when: the cache's clock */
} icc_entry;

/* Making a transform takes as long as decoding a few pictures, and collections mix the profiles of a dozen cameras and programs. */
enum {
    CACHED_PROFILES = 16
};

struct icc_cache {
    icc_entry entries[CACHED_PROFILES];
    uint64_t clock;
};

static void forget_transform(icc_entry *e)
{
    if (e->transform)
        api.DeleteTransform(e->transform);
    e->transform = NULL;
    e->channels = 0;
}

void icc_cache_release(icc_cache *cache)
{
    for (int i = 0; cache && i < CACHED_PROFILES; i++) {
        forget_transform(&cache->entries[i]);
        file_bytes_release(&cache->entries[i].profile);
    }
    free(cache);
}

/* ---- making a transform ---- */

static cmsHPROFILE grey_profile(void)
{
    /* IEC 61966-2-1: Y = ((X + 0.055) / 1.055)^2.4 from 0.04045 on, else X / 12.92. */
    static const cmsFloat64Number srgb[5] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    cmsToneCurve *curve = api.BuildParametricToneCurve(NULL, 4, srgb);
    cmsHPROFILE profile = curve ? api.CreateGrayProfile(api.D50_xyY(), curve) : NULL;
    if (curve)
        api.FreeToneCurve(curve);
    return profile;
}

static bool fits(cmsHPROFILE profile, int64_t channels)
{
    cmsColorSpaceSignature space = api.GetColorSpace(profile);
    cmsProfileClassSignature kind = api.GetDeviceClass(profile);
    bool device = kind == cmsSigInputClass || kind == cmsSigDisplayClass || kind == cmsSigOutputClass ||
                  kind == cmsSigColorSpaceClass;
    return device && space == (channels == 1   ? cmsSigGrayData
                               : channels == 3 ? cmsSigRgbData
                                               : cmsSigCmykData);
}

/* NULL when the profile is of no use. */
static cmsHTRANSFORM make_transform(const file_bytes *bytes, int64_t channels)
{
    cmsHTRANSFORM transform = NULL;
    cmsHPROFILE from = api.OpenProfileFromMem(bytes->data, (cmsUInt32Number)bytes->size), to = NULL;
    if (from && fits(from, channels))
        to = channels == 1 ? grey_profile() : api.Create_sRGBProfile();
    if (to)
        transform = api.CreateTransform(from,
                                        channels == 1   ? TYPE_GRAY_8
                                        : channels == 3 ? TYPE_RGB_8
                                                        : TYPE_CMYK_8_REV,
                                        to, channels == 1 ? TYPE_GRAY_8 : TYPE_RGB_8, INTENT_PERCEPTUAL, 0);
    if (to)
        api.CloseProfile(to);
    if (from)
        api.CloseProfile(from);
    return transform;
}

/* The entry that holds the profile, else the one that was not used for longest. */
static icc_entry *find_entry(icc_cache *c, const file_bytes *profile, int64_t channels, bool *found)
{
    icc_entry *oldest = &c->entries[0];
    for (icc_entry *e = c->entries; e < c->entries + CACHED_PROFILES; e++) {
        *found = e->channels == channels && e->profile.size == profile->size &&
                 memcmp(e->profile.data, profile->data, profile->size) == 0;
        if (*found)
            return e;
        oldest = e->used < oldest->used ? e : oldest;
    }
    return oldest;
}

static fv_status fill_entry(icc_entry *e, const file_bytes *profile, int64_t channels)
{
    bool needed = channels != 3 || !icc_is_srgb(profile->data, profile->size);
    if (needed)
        STATUS_TRY(plugin_open(&plugin_lcms, symbols, sizeof symbols / sizeof *symbols));
    forget_transform(e);
    STATUS_TRY(file_bytes_resize(&e->profile, profile->size));
    memcpy(e->profile.data, profile->data, profile->size);
    e->transform = needed ? make_transform(profile, channels) : NULL;
    e->channels = channels;
    return FV_OK;
}

static fv_status find_transform(image_space *space, int64_t channels, cmsHTRANSFORM *transform)
{
    const file_bytes *profile = &space->profile;
    bool found;
    *transform = NULL;
    if (profile->size == 0)
        return FV_OK;
    if (!space->colors && !(space->colors = mem_array(1, sizeof *space->colors)))
        return status_last();
    icc_cache *c = space->colors;
    icc_entry *e = find_entry(c, profile, channels, &found);
    if (!found)
        STATUS_TRY(fill_entry(e, profile, channels));
    e->used = ++c->clock;
    *transform = e->transform;
    return FV_OK;
}

/* ---- converting ---- */

/* Without a profile each colour is its ink times black; 255 is no ink. */
static void rgb_from_cmyk(const uint8_t *cmyk, uint8_t *rgb, int64_t pixels)
{
    for (int64_t i = 0; i < pixels; i++)
        for (int64_t c = 0; c < 3; c++)
            rgb[i * 3 + c] = (uint8_t)((cmyk[i * 4 + c] * cmyk[i * 4 + 3] + 127) / 255);
}

/* In place, by way of a few pixels: three bytes never overtake the four that are still to be read. */
static void convert_cmyk(cmsHTRANSFORM transform, image *im)
{
    enum {
        PIXELS = 1024
    };
    uint8_t rgb[PIXELS * 3];
    int64_t count = im->height * im->width;
    for (int64_t done = 0; done < count; done += PIXELS) {
        int64_t n = count - done < PIXELS ? count - done : PIXELS;
        if (transform)
            api.DoTransform(transform, im->data + done * 4, rgb, (cmsUInt32Number)n);
        else
            rgb_from_cmyk(im->data + done * 4, rgb, n);
        memcpy(im->data + done * 3, rgb, (size_t)n * 3);
    }
    im->channels = 3;
}

fv_status icc_convert(image_space *space, image *im)
{
    cmsHTRANSFORM transform;
    STATUS_TRY(find_transform(space, im->channels, &transform));
    if (im->channels == 4) {
        convert_cmyk(transform, im);
        return FV_OK;
    }
    for (int64_t y = 0; transform && y < im->height; y++) {
        uint8_t *row = im->data + y * im->width * im->channels;
        api.DoTransform(transform, row, row, (cmsUInt32Number)im->width);
    }
    return FV_OK;
}
