/* SPDX-License-Identifier: Apache-2.0 */
/* fovea models: the zoo's table. */
#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"

typedef struct models_options {
    int json;
} models_options;

static const option table[] = {{.name = "json",
                                .type = OPTION_BOOL,
                                .offset = offsetof(models_options, json),
                                .help = "a JSON list instead of a table"},
                               {0}};

static json_t *describe(const fv_zoo_entry *e)
{
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "name", e->name, "description",
                     e->description, "parameters", (json_int_t)e->parameters, "multiply_adds",
                     (json_int_t)e->multiply_adds, "height", (json_int_t)e->height, "width",
                     (json_int_t)e->width, "channels", (json_int_t)e->channels, "classes",
                     (json_int_t)e->classes);
}

static int run(const invocation *call)
{
    const models_options *o = call->options;
    json_t *list = o->json ? json_array() : NULL;
    if (!o->json)
        printf("%-22s%12s%10s  %-11s%s\n", "name", "parameters", "madds/M", "input", "");
    for (int64_t i = 0; i < fv_zoo_count(); i++) {
        const fv_zoo_entry *e = fv_zoo_get(i);
        if (o->json) {
            json_array_append_new(list, describe(e));
            continue;
        }
        char input[48];
        snprintf(input, sizeof input, "%lldx%lldx%lld", (long long)e->height, (long long)e->width,
                 (long long)e->channels);
        printf("%-22s%12lld%10.1f  %-11s  %s\n", e->name, (long long)e->parameters,
               (double)e->multiply_adds / 1e6, input, e->description);
    }
    return o->json ? cli_print_json(list, true) : EXIT_DONE;
}

const verb verb_models = {
    .name = "models",
    .arguments = "",
    .summary = "Lists the networks that 'train --model' knows by name",
    .description = "Counts are for each network's own input size; other sizes, channels and classes are "
                   "chosen by train.",
    .example = "fovea models",
    .options = table,
    .size = sizeof(models_options),
    .run = run,
};
