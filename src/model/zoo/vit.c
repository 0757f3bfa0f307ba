/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vision transformers (Dosovitskiy et al. 2021) and DeiT (Touvron et al. 2021), which is the same network trained in another way;
 * tensors as timm names them. Patches of 16x16 pixels are the places; the class token's place makes the logits. A distilled DeiT has a
 * second token, whose place makes logits by a head of its own: the network's are the mean of both.
 */
#include "model/zoo.h"

typedef struct variant {
    int64_t channels, heads;
    bool distilled;
} variant;

enum {
    PATCH = 16,
    BLOCKS = 12
};

static fv_node *dense(fv_node *x, int64_t units, fv_activation_kind activation, const char *name)
{
    return fv_dense(x, .units = units, .each_place = 1, .activation = activation,
                    .initializer = FV_TRUNCATED_NORMAL, .name = name);
}

static fv_node *block(fv_node *x, const variant *v, const char *name)
{
    fv_node *y = fv_layer_norm(x, .name = zoo_name("%s.norm1", name).text);
    y = fv_multi_head_attention(y, .heads = v->heads, .name = zoo_name("%s.attn", name).text);
    x = fv_add(x, y);
    y = fv_layer_norm(x, .name = zoo_name("%s.norm2", name).text);
    y = dense(y, 4 * v->channels, FV_GELU, zoo_name("%s.mlp.fc1", name).text);
    y = dense(y, v->channels, FV_LINEAR, zoo_name("%s.mlp.fc2", name).text);
    return fv_add(x, y);
}

/* The logits (N, 1, 1, classes) that the token at `place` of (N, 1, places, C) makes. */
static fv_node *logits_of(fv_node *x, int64_t place, int64_t places, const fv_network_options *o,
                          const char *name)
{
    x = zoo_dropout(fv_crop2d(x, .crop = {0, 0, place, places - 1 - place}), o, 0);
    return dense(x, o->classes, FV_LINEAR, name);
}

static void build(fv_model *m, const fv_network_options *o, const zoo_network *n)
{
    const variant *v = n->variant;
    int64_t places = (o->height / PATCH) * (o->width / PATCH) + (v->distilled ? 2 : 1);
    fv_node *x = fv_conv2d(fv_input(m), .filters = v->channels, .kernel = PATCH, .stride = PATCH,
                           .initializer = FV_TRUNCATED_NORMAL, .name = "patch_embed.proj");
    if (v->distilled)
        x = fv_class_token(x, .name = "dist_token");
    x = fv_position_embedding(fv_class_token(x, .name = "cls_token"), .name = "pos_embed");
    for (int i = 0; i < BLOCKS; i++)
        x = block(x, v, zoo_name("blocks.%d", i).text);
    if (!v->distilled) {
        x = fv_layer_norm(fv_crop2d(x, .crop = {0, 0, 0, places - 1}), .name = "norm");
        x = zoo_dropout(fv_flatten(x), o, 0);
        fv_output(fv_dense(x, .units = o->classes, .initializer = FV_TRUNCATED_NORMAL, .name = "head"));
        return;
    }
    x = fv_layer_norm(x, .name = "norm");
    fv_node *a = logits_of(x, 0, places, o, "head"), *b = logits_of(x, 1, places, o, "head_dist");
    /* Side by side, so that their mean is that over places. */
    x = fv_add(fv_zero_pad2d(a, .pad = {0, 0, 0, 1}), fv_zero_pad2d(b, .pad = {0, 0, 1, 0}));
    fv_output(fv_global_average_pool2d(x));
}

#define VIT(NAME, TEXT, PAPER, CHANNELS, HEADS, DISTILLED, PARAMETERS, MULTIPLY_ADDS, ...)                   \
    {                                                                                                        \
        .entry = {NAME "_patch16_224",                                                                       \
                  TEXT,                                                                                      \
                  224,                                                                                       \
                  224,                                                                                       \
                  3,                                                                                         \
                  1000,                                                                                      \
                  PARAMETERS,                                                                                \
                  MULTIPLY_ADDS,                                                                             \
                  __VA_ARGS__,                                                                               \
                  .crop_fraction = 0.9f,                                                                     \
                  .interpolation = FV_BICUBIC,                                                               \
                  .paper = PAPER},                                                                           \
        .build = build, .variant = &(const variant)                                                          \
        {                                                                                                    \
            CHANNELS, HEADS, DISTILLED                                                                       \
        }                                                                                                    \
    }
#define HALVES .mean = {127.5f, 127.5f, 127.5f}, .std = {127.5f, 127.5f, 127.5f}

#define DOSOVITSKIY "Dosovitskiy et al. 2021, arXiv:2010.11929"
#define TOUVRON     "Touvron et al. 2021, arXiv:2012.12877"

const zoo_network zoo_vit[] = {
    VIT("vit_tiny", "vision transformer for photos, tiny", DOSOVITSKIY, 192, 3, false, 5717416, 1253683200,
        HALVES),
    VIT("vit_small", "vision transformer for photos, small", DOSOVITSKIY, 384, 6, false, 22050664, 4598882304,
        HALVES),
    VIT("deit_tiny", "vision transformer for photos, tiny, as DeiT", TOUVRON, 192, 3, false, 5717416,
        1253683200, ZOO_IMAGENET),
    VIT("deit_small", "vision transformer for photos, small, as DeiT", TOUVRON, 384, 6, false, 22050664,
        4598882304, ZOO_IMAGENET),
    VIT("deit_tiny_distilled", "DeiT, tiny, with a distillation token", TOUVRON, 192, 3, true, 5910800,
        1261003776, ZOO_IMAGENET),
    VIT("deit_small_distilled", "DeiT, small, with a distillation token", TOUVRON, 384, 6, true, 22436432,
        4624140288, ZOO_IMAGENET),
    {.build = NULL},
};
