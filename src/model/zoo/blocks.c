/* SPDX-License-Identifier: Apache-2.0 */
/* What several families of networks are made of. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "model/zoo.h"

zoo_label zoo_name(const char *format, ...)
{
    zoo_label label;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(label.text, sizeof label.text, format, arguments);
    va_end(arguments);
    return label;
}

fv_node *zoo_conv(fv_node *x, int64_t filters, int64_t kernel, int64_t stride, int64_t groups,
                  const char *name)
{
    int64_t pad = kernel / 2;
    return fv_conv2d(x, .filters = filters, .kernel = kernel, .stride = stride, .groups = groups,
                     .padding = FV_EXPLICIT, .pad = {pad, pad, pad, pad}, .use_bias = FV_OFF,
                     .initializer = FV_HE_NORMAL_FAN_OUT, .name = name);
}

fv_node *zoo_conv_norm(fv_node *x, int64_t filters, int64_t kernel, int64_t stride, int64_t groups,
                       fv_activation_kind activation, float epsilon, const char *name)
{
    x = zoo_conv(x, filters, kernel, stride, groups, zoo_name("%s.0", name).text);
    return fv_batch_norm(x, .epsilon = epsilon, .activation = activation,
                         .name = zoo_name("%s.1", name).text);
}

int64_t zoo_channels(double wanted)
{
    int64_t rounded = (int64_t)(wanted + 4) / 8 * 8;
    rounded = rounded < 8 ? 8 : rounded;
    return (double)rounded < 0.9 * wanted ? rounded + 8 : rounded;
}

int zoo_percent(const char *name, const char *base)
{
    int percent = 0;
    size_t length = strlen(base);
    if (strncmp(name, base, length) != 0)
        return 0;
    if (!name[length])
        return 100;
    for (const char *digit = name + length + 1; *digit; digit++) {
        if (*digit < '0' || *digit > '9' || digit - name > (ptrdiff_t)length + 3)
            return 0;
        percent = 10 * percent + *digit - '0';
    }
    bool three = name[length] == '_' && strlen(name) == length + 4;
    return three && percent >= 10 && percent <= 400 ? percent : 0;
}

fv_node *zoo_stages(fv_node *x, const int *blocks, int stages, int64_t filters, zoo_block *block)
{
    for (int stage = 0; stage < stages; stage++)
        for (int i = 0; i < blocks[stage]; i++)
            x = block(x, filters << stage, stage > 0 && i == 0 ? 2 : 1, i == 0,
                      zoo_name("layer%d.%d", stage + 1, i).text);
    return x;
}

fv_node *zoo_dropout(fv_node *x, const fv_network_options *o, float own)
{
    float rate = o->dropout > 0 ? o->dropout : o->dropout < 0 ? 0 : own;
    return rate > 0 ? fv_dropout(x, .rate = rate) : x;
}

bool zoo_is_small(const fv_network_options *o)
{
    return o->height <= 64 && o->width <= 64;
}
