/* SPDX-License-Identifier: Apache-2.0 */
/* fovea doctor: what this machine can do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/verbs.h"
#include "core/memory.h"

typedef struct doctor_options {
    int json;
} doctor_options;

static const option table[] = {{.name = "json",
                                .type = OPTION_BOOL,
                                .offset = offsetof(doctor_options, json),
                                .help = "JSON instead of a table"},
                               {0}};

static json_t *describe(const fv_capability *c)
{
    return json_pack("{s:s, s:s, s:b, s:s}", "kind", c->kind, "name", c->name, "available", c->available,
                     "detail", c->detail);
}

static int print(const fv_capability *list, int64_t count, bool json)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (json) {
        json_t *capabilities = json_array();
        for (int64_t i = 0; i < count; i++)
            json_array_append_new(capabilities, describe(&list[i]));
        return cli_print_json(json_pack("{s:s, s:I, s:o}", "version", fv_version(), "cores",
                                        (json_int_t)cores, "capabilities", capabilities),
                              true);
    }
    printf("fovea %s, %ld cores\n", fv_version(), cores);
    for (int64_t i = 0; i < count; i++)
        printf("%-8s  %-20s%-5s%s%s\n",
               i > 0 && strcmp(list[i].kind, list[i - 1].kind) == 0 ? "" : list[i].kind, list[i].name,
               list[i].available ? "yes" : "no", list[i].detail[0] ? " " : "", list[i].detail);
    return EXIT_DONE;
}

static int run(const invocation *call)
{
    const doctor_options *o = call->options;
    int64_t count = fv_capabilities(NULL, 0);
    fv_capability *list = mem_array((size_t)count, sizeof *list);
    if (!list)
        return cli_fail();
    fv_capabilities(list, count);
    int status = print(list, count, o->json > 0);
    free(list);
    return status;
}

const verb verb_doctor = {
    .name = "doctor",
    .arguments = "",
    .summary = "Tells what this machine can do: engines, processor, libraries",
    .example = "fovea doctor",
    .options = table,
    .size = sizeof(doctor_options),
    .run = run,
};
