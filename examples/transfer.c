/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pretrained network for pictures of one's own: first its head alone, then all of it, more slowly.
 *
 *     transfer FOLDER NETWORK WEIGHTS.safetensors MODEL.safetensors [EPOCHS]
 */
#include <fovea.h>

#include <stdio.h>
#include <stdlib.h>

static void die(const char *message)
{
    fprintf(stderr, "transfer: %s\n", message);
    exit(1);
}

static int tell(const fv_progress *p, void *user)
{
    (void)user;
    printf("epoch %lld, %s: validation accuracy %.1f %%\n", (long long)p->epoch, p->phase,
           100 * (double)p->validation_accuracy);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 5)
        die("usage: transfer FOLDER NETWORK WEIGHTS.safetensors MODEL.safetensors [EPOCHS]");
    int64_t epochs = argc > 5 ? atoi(argv[5]) : 16;
    fv_dataset *data = fv_dataset_open(argv[1]);
    fv_model *m = data ? fv_zoo_create(argv[2], .classes = fv_dataset_class_count(data)) : NULL;
    if (!m || fv_model_load_weights(m, argv[3], NULL, NULL) != FV_OK)
        die(fv_error_message());

    /* Batch norms keep the statistics of the pretraining; early stages change less than late ones. */
    if (fv_keep_statistics(m, 1) != FV_OK || fv_set_layer_decay(m, 0.75f) != FV_OK ||
        fv_compile(m, .learning_rate = 1e-4f) != FV_OK ||
        fv_fit(m, fv_dataset_part(data, FV_TRAIN), .validation = fv_dataset_part(data, FV_VALIDATION),
               .epochs = epochs, .head_epochs = epochs / 2, .head_learning_rate = 3e-3f,
               .on_epoch = tell) != FV_OK ||
        fv_model_save(m, argv[4]) != FV_OK)
        die(fv_error_message());
    fv_model_destroy(m);
    fv_dataset_destroy(data);
    return 0;
}
