/* SPDX-License-Identifier: Apache-2.0 */
/* The properties of every picture format: what the header promises is what the pixels are, whatever is asked for. */
#include "fuzz.h"
#include "image/decode.h"

enum {
    MAX_PIXELS = 1 << 17 /* few, so that thousands of pictures a second are tried */
};

/* Every byte is read, so that the sanitizer sees one that is not there. */
static void touch(const image *im)
{
    expect(im->height > 0 && im->width > 0 && im->height * im->width <= MAX_PIXELS);
    expect(im->channels == 1 || im->channels == 3);
    int64_t count = im->height * im->width * im->channels, sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += im->data[i];
    expect(sum <= 255 * count);
}

/* ---- a part ---- */

typedef struct part {
    rng random;
    const image_info *info;
    image_region region;
    bool reduce;
} part;

static void choose(void *user, int64_t height, int64_t width, image_region *region)
{
    part *p = user;
    expect(height == p->info->height && width == p->info->width);
    expect(region->top == 0 && region->left == 0 && region->height == height && region->width == width);
    region->top = (int64_t)rng_below(&p->random, (uint64_t)height);
    region->left = (int64_t)rng_below(&p->random, (uint64_t)width);
    region->height = 1 + (int64_t)rng_below(&p->random, (uint64_t)(height - region->top));
    region->width = 1 + (int64_t)rng_below(&p->random, (uint64_t)(width - region->left));
    if (p->reduce) {
        region->min_height = 1 + (int64_t)rng_below(&p->random, (uint64_t)region->height);
        region->min_width = 1 + (int64_t)rng_below(&p->random, (uint64_t)region->width);
    }
    p->region = *region;
}

/* With options drawn from the bytes. A picture that was decoded whole is decoded in every other way too. */
static void decode_otherwise(const decode_source *s, const image_info *info)
{
    part p = {.random = fuzz_random(s->bytes, s->size), .info = info};
    image out = {0};
    image_range range;
    uint32_t bits = rng_u32(&p.random);
    image_decode_options o = {.max_pixels = MAX_PIXELS,
                              .channels = (bits & 3) == 3 ? 0
                                          : bits & 3      ? 2 * (bits & 3) - 1
                                                          : 0,
                              .fast = bits >> 2 & 1,
                              .ignore_profile = bits >> 3 & 1,
                              .window = (fv_window)((bits >> 4 & 3) % 3),
                              .range = bits >> 6 & 1 ? &range : NULL};
    o.window_low = rng_range(&p.random, -1000, 1000);
    o.window_high = o.window_low + rng_range(&p.random, 0.001f, 70000);
    p.reduce = bits >> 7 & 1;
    if (bits >> 8 & 1) {
        o.choose = choose;
        o.user = &p;
    } else if (p.reduce) {
        o.min_height = 1 + (int64_t)rng_below(&p.random, (uint64_t)info->height);
        o.min_width = 1 + (int64_t)rng_below(&p.random, (uint64_t)info->width);
    }
    expect(image_decode(s->bytes, s->size, s->name, &o, &out) == FV_OK);
    touch(&out);
    expect(o.channels == 0 ? out.channels <= 3 : out.channels == o.channels);
    if (o.choose) {
        expect(out.height <= p.region.height && out.width <= p.region.width);
        if (p.reduce)
            expect(out.height >= p.region.min_height && out.width >= p.region.min_width);
        else
            expect(out.height == p.region.height && out.width == p.region.width);
    } else if (p.reduce) {
        expect(out.height >= o.min_height && out.height <= info->height);
        expect(out.width >= o.min_width && out.width <= info->width);
    } else {
        expect(out.height == info->height && out.width == info->width);
    }
    image_release(&out);
}

int fuzz_picture(const char *format, const uint8_t *bytes, size_t size)
{
    const image_format *f = decode_format_named(format);
    if (!f || !f->matches(bytes, size))
        return 0;
    decode_source s = {.bytes = bytes, .size = size, .name = "a picture"};
    image_info info = {0};
    image whole = {0};
    image_decode_options o = {.max_pixels = MAX_PIXELS};
    bool probed = fuzz_ok(image_probe(bytes, size, s.name, &info));
    if (fuzz_ok(image_decode(bytes, size, s.name, &o, &whole))) {
        touch(&whole);
        expect(probed && info.height == whole.height && info.width == whole.width);
        expect(info.channels == whole.channels && info.depth >= 1 && info.depth <= 64);
        decode_otherwise(&s, &info);
    } else {
        expect(strstr(fv_error_message(), s.name));
    }
    image_release(&whole);
    return 0;
}
