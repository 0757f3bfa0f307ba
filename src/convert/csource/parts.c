/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of emitted/, which the build embeds as they are. */
#include <stdio.h>
#include <string.h>

#include "convert/csource/csource.h"

extern const unsigned char csource_window[], csource_convolution[], csource_pooling[], csource_elementwise[],
    csource_shape[];
extern const size_t csource_window_size, csource_convolution_size, csource_pooling_size,
    csource_elementwise_size, csource_shape_size;

typedef struct part {
    const char *name;
    const unsigned char *file;
    const size_t *size;
    const char *needs[2];
    bool math; /* math.h */
} part;

#define FILE_OF(name) csource_##name, &csource_##name##_size
/* What a part needs stands before it. */
static const part parts[] = {
    {"window", FILE_OF(window), {0}, false},
    {"bounded", FILE_OF(window), {0}, false},
    {"normalize", FILE_OF(elementwise), {0}, false},
    {"conv2d", FILE_OF(convolution), {"window", "bounded"}, false},
    {"conv2d_narrow", FILE_OF(convolution), {"window", "bounded"}, false},
    {"depthwise_conv2d", FILE_OF(convolution), {"window", "bounded"}, false},
    {"dense", FILE_OF(convolution), {"bounded"}, false},
    {"max_pool2d", FILE_OF(pooling), {"window"}, false},
    {"average_pool2d", FILE_OF(pooling), {"window"}, false},
    {"global_average_pool2d", FILE_OF(pooling), {0}, false},
    {"scale_shift", FILE_OF(elementwise), {"bounded"}, false},
    {"pairs", FILE_OF(elementwise), {0}, false},
    {"add", FILE_OF(elementwise), {"pairs", "bounded"}, false},
    {"multiply", FILE_OF(elementwise), {"pairs"}, false},
    {"bound", FILE_OF(elementwise), {"bounded"}, false},
    {"leaky_relu", FILE_OF(elementwise), {0}, false},
    {"gelu", FILE_OF(elementwise), {0}, true},
    {"gelu_tanh", FILE_OF(elementwise), {0}, true},
    {"silu", FILE_OF(elementwise), {0}, true},
    {"hard_swish", FILE_OF(elementwise), {0}, false},
    {"sigmoid", FILE_OF(elementwise), {0}, true},
    {"hard_sigmoid", FILE_OF(elementwise), {0}, false},
    {"hyperbolic_tangent", FILE_OF(elementwise), {0}, true},
    {"softmax", FILE_OF(elementwise), {0}, true},
    {"copy_columns", FILE_OF(shape), {0}, false},
    {"fill_zeros", FILE_OF(shape), {0}, false},
    {"copy_block", FILE_OF(shape), {0}, false},
    {"transpose", FILE_OF(shape), {0}, false},
    {"shuffle", FILE_OF(shape), {0}, false},
};
enum {
    PART_COUNT = sizeof parts / sizeof *parts
};
_Static_assert((int)PART_COUNT <= (int)CSOURCE_PARTS, "more parts than places for them");

void csource_use(csource *s, const char *name)
{
    for (int i = 0; i < PART_COUNT; i++) {
        if (strcmp(parts[i].name, name) != 0)
            continue;
        s->parts[i] = true;
        for (int k = 0; k < 2 && parts[i].needs[k]; k++)
            csource_use(s, parts[i].needs[k]);
    }
}

bool csource_needs_math(const csource *s)
{
    bool needed = false;
    for (int i = 0; i < PART_COUNT; i++)
        needed = needed || (s->parts[i] && parts[i].math);
    return needed;
}

/* From the line behind the one that names it to the next such line. */
static void add_part(text *out, const part *p)
{
    char line[64];
    int length = snprintf(line, sizeof line, "/* ---- %s ---- */\n", p->name);
    const char *file = (const char *)p->file;
    const char *begin = memmem(file, *p->size, line, (size_t)length);
    if (!begin) {
        out->status = status_set(FV_ERROR_INTERNAL, "there is no part %s", p->name);
        return;
    }
    begin += length;
    const char *end = memmem(begin, *p->size - (size_t)(begin - file), "/* ---- ", 8);
    while (end > begin && end[-1] == '\n')
        end--;
    text_add_bytes(out, begin, (size_t)(end - begin));
    text_add(out, "\n\n");
}

void csource_write_parts(const csource *s, text *out)
{
    for (int i = 0; i < PART_COUNT; i++)
        if (s->parts[i])
            add_part(out, &parts[i]);
}
