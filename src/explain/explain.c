/* SPDX-License-Identifier: Apache-2.0 */
/* fv_explain: from a picture file to the overlay's PNG. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "explain/saliency.h"

enum {
    SMALL_SIDE = 224 /* smaller pictures are enlarged, so that the overlay can be looked at */
};

const saliency_method *const saliency_table[] = {&saliency_gradcam, NULL};

void saliency_map_release(saliency_map *map)
{
    free(map->data);
    *map = (saliency_map){0};
}

static const saliency_method *find_method(const char *name)
{
    for (int i = 0; saliency_table[i]; i++)
        if (strcmp(saliency_table[i]->name, name) == 0)
            return saliency_table[i];
    status_set(FV_ERROR_INVALID, "there is no method %s to explain with; there is %s", name,
               saliency_table[0]->name);
    return NULL;
}

/* The class to explain: the caller's, or the likeliest. */
static fv_status choose_class(const fv_explain_options *o, const image *picture, fv_prediction *chosen)
{
    int64_t count = fv_model_class_count(o->model);
    if (o->use_class && (o->class_index < 0 || o->class_index >= count))
        return status_set(FV_ERROR_INVALID,
                          "class %" PRId64 " cannot be explained: the model has %" PRId64 " classes",
                          o->class_index, count);
    chosen->class_index = o->class_index;
    if (o->use_class && !o->explained)
        return FV_OK;
    fv_prediction *all = mem_array((size_t)count, sizeof *all);
    if (!all)
        return status_last();
    fv_status status =
        fv_predict(o->model, .pixels = picture->data, .height = picture->height, .width = picture->width,
                   .channels = picture->channels, .top = all, .top_count = count);
    if (status == FV_OK) {
        *chosen = all[0];
        for (int64_t i = 0; o->use_class && i < count; i++)
            if (all[i].class_index == o->class_index)
                *chosen = all[i];
    }
    free(all);
    return status;
}

fv_status saliency_fit(const image *picture, const fv_preprocess *p, image *out)
{
    image source = {0};
    uint8_t fill[3];
    image_fit_fill(p, fill);
    fv_status status = image_reshape(&source, picture->height, picture->width, picture->channels);
    if (status == FV_OK) {
        memcpy(source.data, picture->data, (size_t)(picture->height * picture->width * picture->channels));
        status = image_set_channels(&source, p->channels);
    }
    if (status == FV_OK)
        status = image_fit(&source, p, fill, NULL, out);
    image_release(&source);
    return status;
}

fv_status saliency_canvas(const image *picture, image *out)
{
    int64_t shorter = picture->height < picture->width ? picture->height : picture->width;
    int64_t times = shorter < SMALL_SIDE ? (SMALL_SIDE + shorter - 1) / shorter : 1;
    STATUS_TRY(
        image_resize(picture, NULL, picture->height * times, picture->width * times, FV_BICUBIC, NULL, out));
    return image_set_channels(out, 3);
}

static fv_status check(const fv_explain_options *o)
{
    if (!o->model || (o->path != NULL) + (o->bytes != NULL) != 1 || (!o->out && !o->png) ||
        (o->png && !o->png_size))
        return status_set(
            FV_ERROR_INVALID,
            "explain: give a model, one of path and bytes, and one of out and png with png_size");
    return FV_OK;
}

static fv_status read_picture(const fv_explain_options *o, image *picture)
{
    image_decode_options decode = image_fit_options(fv_model_preprocess(o->model));
    decode.channels = 0; /* the overlay shows the picture's own colours */
    decode.max_pixels = o->max_pixels;
    decode.max_bytes = o->max_bytes;
    return o->path ? image_load(o->path, &decode, picture)
                   : image_decode(o->bytes, o->byte_count, "picture", &decode, picture);
}

static fv_status write_overlay(const fv_explain_options *o, const image *drawn)
{
    if (o->out)
        STATUS_TRY(image_save_png(drawn, o->out));
    return o->png ? image_encode_png(drawn, o->png, o->png_size) : FV_OK;
}

fv_status fv_explain_with(const fv_explain_options *options)
{
    fv_explain_options given = {0};
    memcpy(&given, options, options->struct_size < sizeof given ? options->struct_size : sizeof given);
    const fv_explain_options *o = &given;
    STATUS_TRY(check(o));
    const saliency_method *method = find_method(o->method ? o->method : "gradcam");
    if (!method)
        return status_last();
    image picture = {0}, input = {0}, drawn = {0};
    saliency_map map = {0};
    fv_prediction chosen = {0};
    const fv_preprocess *p = fv_model_preprocess(o->model);
    void *session = NULL;
    fv_status status = method->open(o->model, o->layer, &session);
    if (status == FV_OK)
        status = read_picture(o, &picture);
    if (status == FV_OK)
        status = choose_class(o, &picture, &chosen);
    if (status == FV_OK)
        status = saliency_fit(&picture, p, &input);
    if (status == FV_OK)
        status = method->compute(session, input.data, chosen.class_index, &map);
    if (status == FV_OK)
        status = saliency_canvas(&picture, &drawn);
    if (status == FV_OK) {
        overlay_draw(&drawn, p, &map);
        status = write_overlay(o, &drawn);
    }
    if (status == FV_OK && o->explained)
        *o->explained = chosen;
    method->close(session);
    saliency_map_release(&map);
    image_release(&picture);
    image_release(&input);
    image_release(&drawn);
    return status;
}
