/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/weights_table.h"

#include <stdio.h>

#include "core/text.h"

enum {
    SHOWN = 20 /* of the tensors that are missing, and of those left over */
};

typedef struct tally {
    int64_t matched, wanted, absent, left_over;
    text missing, adapted, left;
} tally;

static void count_tensor(const fv_weight *w, void *user)
{
    tally *t = user;
    t->wanted += w->fate != FV_WEIGHT_LEFT_OVER;
    t->matched += w->fate <= FV_WEIGHT_ADAPTED;
    switch (w->fate) {
    case FV_WEIGHT_TAKEN:
        break;
    case FV_WEIGHT_ADAPTED:
        text_add(&t->adapted, "adapted    %s: %s\n", w->name, w->note);
        break;
    case FV_WEIGHT_KEPT:
        t->absent++;
        text_add(&t->missing, "missing    %s%s%s (of the last layer: it begins anew)\n", w->name,
                 *w->note ? ": " : "", w->note);
        break;
    case FV_WEIGHT_MISSING:
    case FV_WEIGHT_MISFIT:
        if (t->absent++ < SHOWN)
            text_add(&t->missing, "missing    %s%s%s\n", w->name, *w->note ? ": " : "", w->note);
        break;
    case FV_WEIGHT_LEFT_OVER:
        if (t->left_over++ < SHOWN)
            text_add(&t->left, "left over  %s\n", w->file_name);
        break;
    }
}

static void print_tally(const tally *t)
{
    printf("matched    %lld of the network's %lld tensors\n", (long long)t->matched, (long long)t->wanted);
    printf("%s%s", text_string(&t->adapted), text_string(&t->missing));
    if (t->absent > SHOWN)
        printf("missing    and %lld more\n", (long long)t->absent - SHOWN);
    printf("%s", text_string(&t->left));
    if (t->left_over > SHOWN)
        printf("left over  and %lld more\n", (long long)t->left_over - SHOWN);
    fflush(stdout);
}

fv_status weights_table_load(fv_model *m, const char *path)
{
    tally t = {0};
    fv_status status = fv_weights_load(m, .path = path, .on_tensor = count_tensor, .user = &t);
    if (t.wanted > 0)
        print_tally(&t);
    text_release(&t.missing);
    text_release(&t.adapted);
    text_release(&t.left);
    return status;
}
