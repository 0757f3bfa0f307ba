/* SPDX-License-Identifier: Apache-2.0 */
#include "model/zoo.h"

#include <string.h>

#include "core/text.h"
#include "model/network_spec.h"

static const zoo_network *const families[] = {
    zoo_small_cnn,    zoo_lenet,        zoo_airbench,   zoo_cifar_resnet, zoo_wide_resnet,  zoo_resnet,
    zoo_densenet,     zoo_vgg,          zoo_squeezenet, zoo_mobilenet_v1, zoo_mobilenet_v2, zoo_mobilenet_v3,
    zoo_mobilenet_v4, zoo_efficientnet, zoo_regnet,     zoo_convnext,     zoo_vit};
enum {
    FAMILIES = sizeof families / sizeof *families,
    MOST_NETWORKS = 128
};

/* Network number `index` of all families one after the other; NULL past the end. */
static const zoo_network *network_at(int64_t index)
{
    for (int i = 0; i < FAMILIES && index >= 0; i++)
        for (const zoo_network *n = families[i]; n->entry.name; n++)
            if (index-- == 0)
                return n;
    return NULL;
}

int64_t fv_zoo_count(void)
{
    int64_t count = 0;
    while (network_at(count))
        count++;
    return count;
}

const fv_zoo_entry *fv_zoo_get(int64_t index)
{
    const zoo_network *n = network_at(index);
    return n ? &n->entry : NULL;
}

const zoo_network *zoo_find(const char *name)
{
    const zoo_network *n, *kind = NULL;
    for (int64_t i = 0; (n = network_at(i)) != NULL; i++) {
        if (strcmp(n->entry.name, name) == 0)
            return n;
        if (!kind && n->takes && n->takes(name))
            kind = n;
    }
    return kind;
}

const fv_zoo_entry *fv_zoo_find(const char *name)
{
    const zoo_network *n = name ? zoo_find(name) : NULL;
    return n ? &n->entry : NULL;
}

static void unknown(const char *name)
{
    const char *names[MOST_NETWORKS];
    const zoo_network *n;
    int count = 0;
    text list = {0};
    for (; count < MOST_NETWORKS && (n = network_at(count)) != NULL; count++) {
        names[count] = n->entry.name;
        text_add(&list, "%s%s", count ? ", " : "", names[count]);
    }
    const char *near = text_nearest(name, names, count);
    status_set(FV_ERROR_INVALID, "there is no network %.100s; there are %s%s%s%s", name, text_string(&list),
               near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    text_release(&list);
}

/* What is left zero becomes what the network was designed for. */
static fv_status complete(fv_network_options *o, const fv_zoo_entry *e)
{
    o->classes = o->classes ? o->classes : e->classes;
    o->height = o->height ? o->height : e->height;
    o->width = o->width ? o->width : e->width;
    o->channels = o->channels ? o->channels : e->channels;
    if (o->classes < 1 || o->classes > 1 << 24)
        return status_set(FV_ERROR_INVALID, "%s: the number of classes must be 1 or more", e->name);
    if (o->dropout != FV_OFF && !(o->dropout >= 0 && o->dropout < 1))
        return status_set(FV_ERROR_INVALID, "%s: dropout must be in [0, 1), not %g", e->name,
                          (double)o->dropout);
    return FV_OK;
}

fv_model *fv_zoo_create_with(const fv_network_options *options)
{
    fv_network_options o = {0};
    memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
    if (!o.name) {
        status_set(FV_ERROR_INVALID, "zoo: no network is named");
        return NULL;
    }
    const zoo_network *n = zoo_find(o.name);
    if (!n) {
        unknown(o.name);
        return NULL;
    }
    if (complete(&o, &n->entry) != FV_OK)
        return NULL;
    fv_model *m = fv_model_create(.height = o.height, .width = o.width, .channels = o.channels,
                                  .seed = o.seed, .name = o.name);
    if (!m)
        return NULL;
    n->build(m, &o, n);
    fv_status status = network_check(m);
    if (status == FV_OK && o.tensorflow_padding)
        status = network_spec_pad_as_tensorflow(&m);
    if (status != FV_OK) {
        status_prefix(status, "%s with an input of %lldx%lld", o.name, (long long)o.height,
                      (long long)o.width);
        fv_model_destroy(m);
        return NULL;
    }
    return m;
}

fv_status zoo_set_normalisation(fv_model *m)
{
    const zoo_network *n = zoo_find(fv_model_name(m));
    fv_preprocess p = m->preprocess;
    if (!n || n->entry.std[0] == 0 || p.channels != 3)
        return FV_OK;
    for (int c = 0; c < 3; c++) {
        p.mean[c] = n->entry.mean[c];
        p.std[c] = n->entry.std[c];
    }
    return fv_model_set_preprocess(m, &p);
}
