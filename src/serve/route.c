/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/route.h"

#include <stdlib.h>
#include <string.h>

#include "serve/models.h"

static const struct {
    const char *path;
    route_kind kind;
} plain[] = {{"/", ROUTE_PAGE},
             {"/page.css", ROUTE_STYLE},
             {"/page.js", ROUTE_SCRIPT},
             {"/healthz", ROUTE_HEALTH},
             {"/v2/health/live", ROUTE_HEALTH},
             {"/v2/health/ready", ROUTE_HEALTH},
             {"/metrics", ROUTE_METRICS},
             {"/v1/models", ROUTE_MODELS},
             {"/classify", ROUTE_CLASSIFY},
             {"/v2", ROUTE_KSERVE_SERVER},
             {0}};

/* What follows a model (and its version) in each of the two families. */
static const struct {
    const char *prefix, *rest;
    route_kind kind;
} of_model[] = {
    {"/v1/models/", "", ROUTE_TF_STATUS},          {"/v1/models/", "/metadata", ROUTE_TF_METADATA},
    {"/v1/models/", ":predict", ROUTE_TF_PREDICT}, {"/v1/models/", ":classify", ROUTE_TF_CLASSIFY},
    {"/v2/models/", "", ROUTE_KSERVE_MODEL},       {"/v2/models/", "/ready", ROUTE_KSERVE_READY},
    {"/v2/models/", "/infer", ROUTE_KSERVE_INFER}, {0}};

/* "/versions/2" at *at, which is moved behind it; false where the number is none. */
static bool take_version(const char **at, int64_t *version)
{
    static const char word[] = "/versions/";
    if (strncmp(*at, word, strlen(word)) != 0)
        return true;
    const char *number = *at + strlen(word);
    size_t digits = strspn(number, "0123456789");
    if (digits == 0 || digits > 17)
        return false;
    *version = strtoll(number, NULL, 10);
    *at = number + digits;
    return true;
}

void route_parse(const char *path, route *out)
{
    *out = (route){.version = MODELS_LATEST};
    for (int i = 0; plain[i].path; i++)
        if (strcmp(plain[i].path, path) == 0)
            out->kind = plain[i].kind;
    for (int i = 0; of_model[i].prefix && out->kind == ROUTE_NONE; i++) {
        size_t prefix = strlen(of_model[i].prefix);
        if (strncmp(path, of_model[i].prefix, prefix) != 0)
            continue;
        const char *name = path + prefix, *at = name + strcspn(name, "/:");
        size_t length = (size_t)(at - name);
        int64_t version = MODELS_LATEST;
        if (length == 0 || length >= sizeof out->model || !take_version(&at, &version) ||
            strcmp(at, of_model[i].rest) != 0)
            continue;
        memcpy(out->model, name, length);
        out->version = version;
        out->kind = of_model[i].kind;
    }
}

bool route_posts(route_kind kind)
{
    return kind == ROUTE_CLASSIFY || kind == ROUTE_TF_PREDICT || kind == ROUTE_TF_CLASSIFY ||
           kind == ROUTE_KSERVE_INFER;
}

bool route_is_open(route_kind kind)
{
    return kind == ROUTE_PAGE || kind == ROUTE_STYLE || kind == ROUTE_SCRIPT || kind == ROUTE_HEALTH;
}
