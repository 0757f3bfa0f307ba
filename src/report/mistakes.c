/* SPDX-License-Identifier: Apache-2.0 */
/* The wrong predictions that the network was surest of: where labels are wrong or classes look alike, it is
 * seen here. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "report/report.h"

enum {
    THUMBNAIL_SIDE = 192, /* pixels; larger pictures are reduced to it */
    SMALL_SIDE = 96,      /* pictures below this are shown enlarged */
    HEAT_MOST = 12        /* maps, each of which takes a step of training */
};

int64_t report_mistakes_find(const fv_evaluation *e, report_mistake list[REPORT_MAX_MISTAKES])
{
    int64_t count = 0;
    if (e->multi_label) /* no prediction is simply wrong */
        return 0;
    for (int64_t i = 0; i < e->images; i++) {
        /* !(a > b): an unknown probability (NAN) is never among the worst. */
        if (e->label[i] == e->predicted[i] || !(e->probability[i] >= 0))
            continue;
        int64_t at = count;
        while (at > 0 && e->probability[list[at - 1].at] < e->probability[i])
            at--;
        if (at == REPORT_MAX_MISTAKES)
            continue;
        if (count < REPORT_MAX_MISTAKES)
            count++;
        memmove(&list[at + 1], &list[at], (size_t)(count - 1 - at) * sizeof *list);
        list[at] = (report_mistake){.at = i};
    }
    return count;
}

static fv_status reduce(image *picture, image *spare)
{
    int64_t longer = picture->width > picture->height ? picture->width : picture->height;
    if (longer <= THUMBNAIL_SIDE)
        return FV_OK;
    int64_t height = (picture->height * THUMBNAIL_SIDE + longer / 2) / longer;
    int64_t width = (picture->width * THUMBNAIL_SIDE + longer / 2) / longer;
    STATUS_TRY(image_resize(picture, NULL, height < 1 ? 1 : height, width < 1 ? 1 : width, FV_BILINEAR, NULL,
                            spare));
    image swap = *picture;
    *picture = *spare;
    *spare = swap;
    return FV_OK;
}

static fv_status remove_older(const char *run)
{
    for (int i = 0; i < 2 * REPORT_MAX_MISTAKES; i++) {
        text path = {0};
        text_add(&path, "%s/mistakes/%02d%s.png", run, i / 2 + 1, i % 2 ? "-gradcam" : "");
        fv_status status = text_status(&path);
        if (status == FV_OK && unlink(text_string(&path)) != 0 && errno != ENOENT)
            status =
                status_set(FV_ERROR_IO, "%s: cannot be removed: %s", text_string(&path), strerror(errno));
        text_release(&path);
        STATUS_TRY(status);
    }
    return FV_OK;
}

static fv_status save(const report_input *in, const char *name, const image *picture)
{
    char *path = file_join(in->run, name);
    fv_status status = path ? image_save_png(picture, path) : status_last();
    free(path);
    return status;
}

/* A network that cannot be explained, or not with this picture, has no map. */
static fv_status add_heat(const report_input *in, report_mistake *m, int64_t number, image *thumbnail)
{
    const fv_evaluation *e = in->evaluation;
    if (!in->heat || number > HEAT_MOST ||
        in->heat(e->index[m->at], e->predicted[m->at], thumbnail, in->user) != FV_OK)
        return FV_OK;
    snprintf(m->heat, sizeof m->heat, "mistakes/%02d-gradcam.png", (int)number);
    return save(in, m->heat, thumbnail);
}

static fv_status write_one(const report_input *in, report_mistake *m, int64_t number, image *picture,
                           image *spare)
{
    /* A picture that has gone or changed since is listed without a thumbnail. */
    if (in->picture(in->evaluation->index[m->at], picture, m->name, sizeof m->name, in->user) != FV_OK)
        return FV_OK;
    m->small = picture->width < SMALL_SIDE && picture->height < SMALL_SIDE;
    STATUS_TRY(reduce(picture, spare));
    snprintf(m->file, sizeof m->file, "mistakes/%02d.png", (int)number);
    STATUS_TRY(save(in, m->file, picture));
    return add_heat(in, m, number, picture);
}

fv_status report_mistakes_write(const report_input *in, report_mistake *list, int64_t count)
{
    STATUS_TRY(remove_older(in->run));
    if (!in->picture || count == 0)
        return FV_OK;
    char *folder = file_join(in->run, "mistakes");
    fv_status status = folder ? file_make_folders(folder) : status_last();
    image picture = {0}, spare = {0};
    for (int64_t i = 0; status == FV_OK && i < count; i++)
        status = write_one(in, &list[i], i + 1, &picture, &spare);
    image_release(&picture);
    image_release(&spare);
    free(folder);
    return status;
}
