/* SPDX-License-Identifier: Apache-2.0 */
/* An augmentation policy: what is understood can be described as the same policy, and applied. */
#include "data/augment.h"
#include "fuzz.h"

enum {
    SIDE = 12
};

static void apply(const augment_policy *p, int64_t channels, rng *r)
{
    image_space space = {0};
    image im = {0}, other = {0};
    float share;
    expect(image_reshape(&im, SIDE, SIDE, channels) == FV_OK &&
           image_reshape(&other, SIDE, SIDE, channels) == FV_OK);
    for (int64_t i = 0; i < SIDE * SIDE * channels; i++)
        im.data[i] = (uint8_t)rng_u32(r);
    if (fuzz_ok(augment_policy_apply(p, &im, r, &space)))
        expect(im.height == SIDE && im.width == SIDE && im.channels == channels);
    if (augment_policy_mixes(p) && fuzz_ok(augment_policy_mix(p, &im, &other, r, &share)))
        expect(share >= 0 && share <= 1);
    image_release(&im);
    image_release(&other);
    image_space_release(&space);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    augment_policy policy, again;
    text words = {0}, once = {0}, twice = {0};
    rng r = fuzz_random(bytes, size);
    int64_t channels = rng_below(&r, 2) ? 3 : 1;
    augment_context context = {.height = SIDE, .width = SIDE, .channels = channels};
    text_add_bytes(&words, bytes, size);
    if (fuzz_ok(augment_policy_init(&policy, text_string(&words), &context))) {
        augment_policy_describe(&policy, &once);
        expect(augment_policy_init(&again, text_string(&once), &context) == FV_OK);
        augment_policy_describe(&again, &twice);
        expect(strcmp(text_string(&once), text_string(&twice)) == 0);
        augment_policy_release(&again);
        apply(&policy, channels, &r);
        augment_policy_release(&policy);
    }
    text_release(&words);
    text_release(&once);
    text_release(&twice);
    return 0;
}
