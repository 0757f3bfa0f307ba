/* SPDX-License-Identifier: Apache-2.0 */
/* The two files around constants and calls. */
#include <inttypes.h>
#include <stdlib.h>

#include "convert/csource/csource.h"
#include "core/memory.h"
#include "core/random.h"
#include "model/predictor.h"

static int64_t outputs_of(const csource *s)
{
    return fv_model_class_count(s->network->model);
}

/* Adds the words with the prefix for each @ and its capitals for each $. */
static void add(const csource *s, text *out, const char *words)
{
    for (; *words; words++)
        switch (*words) {
        case '@':
            text_add(out, "%s", s->prefix);
            break;
        case '$':
            text_add(out, "%s", s->upper);
            break;
        default:
            text_add(out, "%c", *words);
        }
}

static void define(const csource *s, text *h, const char *name, int64_t value, const char *comment)
{
    text_add(h, "#define %s_%s %" PRId64 "%s\n", s->upper, name, value, comment);
}

/* ---- the header ---- */

static const char *const interpolations[] = {"bilinear", "bicubic", "Lanczos", "box"};

static void describe_resizing(const fv_preprocess *p, text *h)
{
    text_add(
        h,
        " * The picture is the caller's to bring to that size. The model was made with pictures that were ");
    switch (p->resize_mode) {
    case FV_RESIZE_SQUASH:
        text_add(h, "squashed:\n * both sides resized to it, the aspect ratio lost");
        break;
    case FV_RESIZE_LETTERBOX:
        text_add(h, "letterboxed:\n * the longer side resized to it, the rest filled with the mean colour");
        break;
    default:
        text_add(h, "cropped:\n * the shorter side resized to the size divided by %g, then the middle of it",
                 (double)p->crop_fraction);
    }
    text_add(h, "; %s interpolation, antialiased.\n", interpolations[p->interpolation]);
}

static void describe_input(const csource *s, text *h)
{
    const fv_preprocess *p = &s->network->model->preprocess;
    add(s, h, " * `pixels`: rows from the top, places from the left, for each place ");
    add(s, h, p->channels == 1 ? "a grey value" : "red, green and blue");
    add(s, h, " of 8 bits:\n * $_HEIGHT * $_WIDTH * $_CHANNELS bytes. They are normalised inside.\n");
    describe_resizing(p, h);
    if (p->window == FV_WINDOW_AUTO)
        add(s, h,
            " * Pictures of more than 8 bits: each one's range, from its 0.1 to its 99.9 percentile, becomes "
            "0..255.\n");
    else if (p->window == FV_WINDOW_RANGE)
        text_add(h, " * Pictures of more than 8 bits: values %g to %g become 0..255.\n",
                 (double)p->window_low, (double)p->window_high);
}

static void describe_decision(const csource *s, text *h)
{
    const fv_model *m = s->network->model;
    const float *thresholds;
    int64_t known = fv_model_thresholds(m, &thresholds);
    if (outputs_of(s) == 1)
        text_add(h, " * The one probability is that of the second class");
    else if (predictor_is_binary(m))
        text_add(h, " * Each class has a probability of its own");
    else if (known == 1)
        text_add(h, " * The probabilities add up to 1");
    else
        return;
    if (outputs_of(s) == 1 || known == 1)
        text_add(h, "; the second class is predicted where its own is above %g",
                 known ? (double)thresholds[0] : 0.5);
    else
        text_add(h, "; those above %s are predicted", known ? "their thresholds" : "0.5");
    text_add(h, ".\n");
    for (int64_t i = 0; known > 1 && i < known; i++)
        text_add(h, " * Threshold of class %" PRId64 ": %g\n", i, (double)thresholds[i]);
}

static void write_header(const csource *s, text *h)
{
    const fv_preprocess *p = &s->network->model->preprocess;
    int64_t outputs = outputs_of(s);
    text_add(h, "/*\n * The classifier ");
    csource_comment(h, fv_model_name(s->network->model));
    text_add(h, ", written by fovea %s.\n", FV_VERSION_TEXT);
    add(s, h, " *\n *     float probabilities[$_OUTPUTS];\n *     @_classify(pixels, probabilities);\n *\n");
    describe_input(s, h);
    describe_decision(s, h);
    add(s, h,
        " * One call at a time: all that is computed lies in one static arena of $_ARENA_BYTES bytes. "
        "Nothing is\n"
        " * allocated.\n */\n#ifndef $_H\n#define $_H\n\n#include <stdint.h>\n\n"
        "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
    define(s, h, "HEIGHT", p->height, "");
    define(s, h, "WIDTH", p->width, "");
    define(s, h, "CHANNELS", p->channels, "");
    define(s, h, "OUTPUTS", outputs, " /* probabilities */");
    define(s, h, "CLASSES", outputs == 1 ? 2 : outputs, " /* names */");
    define(s, h, "ARENA_BYTES", (int64_t)s->program.arena_bytes, "");
    add(s, h,
        "\nextern const char *const @_class_names[$_CLASSES];\n\n"
        "void @_classify(const uint8_t *pixels, float *probabilities);\n\n"
        "/* Classifies a picture that is kept with the model: 0 when the probabilities are the model's. */\n"
        "int @_self_test(void);\n\n#ifdef __cplusplus\n}\n#endif\n#endif\n");
}

/* ---- the source ---- */

static void write_names(const csource *s, text *c)
{
    const fv_model *m = s->network->model;
    int64_t count = outputs_of(s) == 1 ? 2 : outputs_of(s);
    add(s, c, "const char *const @_class_names[$_CLASSES] = {\n");
    for (int64_t i = 0; i < count; i++) {
        const char *name = fv_model_class_name(m, i);
        text_add(c, "    ");
        if (name)
            csource_literal(c, name);
        else
            text_add(c, "\"%" PRId64 "\"", i);
        text_add(c, ",\n");
    }
    text_add(c, "};\n\n");
}

static void write_classify(const csource *s, text *c)
{
    add(s, c,
        "static " CSOURCE_TYPE " arena[$_ARENA_BYTES / sizeof(" CSOURCE_TYPE ")];\n\n"
        "void @_classify(const uint8_t *pixels, float *probabilities)\n{\n");
    text_add_bytes(c, text_string(&s->calls), s->calls.length);
    add(s, c, "}\n\n");
}

/* The picture that the model keeps for this, or noise. */
static void make_sample(const fv_model *m, int64_t count, uint8_t *pixels)
{
    rng r = rng_at(0, 0, 0);
    for (int64_t i = 0; i < count; i++)
        pixels[i] = m->sample_pixels ? m->sample_pixels[i] : (uint8_t)(rng_u32(&r) >> 24);
}

static void write_test(const csource *s, const uint8_t *pixels, int64_t count, const float *expected, text *c)
{
    add(s, c, "static const uint8_t sample[$_HEIGHT * $_WIDTH * $_CHANNELS] = {");
    csource_bytes(c, pixels, count);
    add(s, c, "\n};\n\nstatic const float expected[$_OUTPUTS] = {");
    csource_numbers(c, expected, outputs_of(s));
    add(s, c,
        "\n};\n\nint @_self_test(void)\n{\n    float found[$_OUTPUTS];\n    @_classify(sample, found);\n"
        "    for (int i = 0; i < $_OUTPUTS; i++) {\n        float difference = found[i] - expected[i];\n"
        "        /* Sums are rounded in another order than the model's. */\n"
        "        if (!(difference > -1e-4f && difference < 1e-4f))\n            return 1;\n    }\n"
        "    return 0;\n}\n");
}

static fv_status write_self_test(const csource *s, text *c)
{
    fv_model *m = s->network->model;
    const fv_preprocess *p = &m->preprocess;
    int64_t count = p->height * p->width * p->channels;
    uint8_t *pixels = mem_array((size_t)count, 1);
    float *expected = mem_array((size_t)outputs_of(s), sizeof *expected);
    fv_status status = pixels && expected ? FV_OK : status_last();
    if (status == FV_OK) {
        make_sample(m, count, pixels);
        status = predictor_logits(m, pixels, 1, expected);
    }
    if (status == FV_OK) {
        predictor_activate(m, 1, expected);
        write_test(s, pixels, count, expected, c);
    }
    free(pixels);
    free(expected);
    return status;
}

static void write_beginning(const csource *s, const char *header, text *c)
{
    text_add(c, "/* Written by fovea %s; %s says how it is used. C99. */\n#include \"%s\"\n\n",
             FV_VERSION_TEXT, header, header);
    text_add(c, "#include <float.h>\n%s#include <stddef.h>\n\n",
             csource_needs_math(s) ? "#include <math.h>\n" : "");
    if (s->largest_group > 0)
        text_add(c,
                 "enum {\n    LARGEST_GROUP = %" PRId64
                 " /* input channels of a convolution's group */\n};\n\n",
                 s->largest_group);
}

fv_status csource_write(csource *s, const char *header, text *c, text *h)
{
    for (int32_t i = 0; i < s->graph->op_count; i++)
        STATUS_TRY(csource_operation(s, &s->graph->ops[i]));
    STATUS_TRY(text_status(&s->calls));
    STATUS_TRY(text_status(&s->constants));
    write_header(s, h);
    write_beginning(s, header, c);
    csource_write_parts(s, c);
    text_add_bytes(c, text_string(&s->constants), s->constants.length);
    text_add(c, "\n");
    write_names(s, c);
    write_classify(s, c);
    STATUS_TRY(write_self_test(s, c));
    STATUS_TRY(text_status(h));
    return text_status(c);
}
