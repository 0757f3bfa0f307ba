/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small CNN for handwritten digits, from layers to test accuracy:
 *
 *     mnist FOLDER [EPOCHS]     FOLDER holds train-images-idx3-ubyte[.gz] and the other three files
 */
#include <fovea.h>

#include <stdio.h>
#include <stdlib.h>

static void die(const char *message)
{
    fprintf(stderr, "mnist: %s\n", message);
    exit(1);
}

static int show_epoch(const fv_progress *p, void *user)
{
    (void)user;
    printf("epoch %d: loss %.4f, accuracy %.2f %%, validation %.2f %%\n", (int)p->epoch,
           (double)p->train_loss, 100.0 * (double)p->train_accuracy, 100.0 * (double)p->validation_accuracy);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        die("usage: mnist FOLDER [EPOCHS]");
    fv_dataset *data = fv_dataset_open(argv[1], .validation_split = 0.1f);
    if (!data)
        die(fv_error_message());

    fv_model *m = fv_model_create(.height = 28, .width = 28, .channels = 1);
    fv_node *x = fv_input(m);
    x = fv_conv2d(x, .filters = 32, .kernel = 3, .padding = FV_SAME, .activation = FV_RELU);
    x = fv_max_pool2d(x, .size = 2);
    x = fv_conv2d(x, .filters = 64, .kernel = 3, .padding = FV_SAME, .activation = FV_RELU);
    x = fv_max_pool2d(x, .size = 2);
    x = fv_dropout(fv_flatten(x), .rate = 0.5f);
    x = fv_dense(x, .units = 128, .activation = FV_RELU);
    fv_output(fv_dense(x, .units = fv_dataset_class_count(data)));

    if (fv_compile(m, .optimizer = FV_ADAM, .learning_rate = 1e-3f,
                   .loss = FV_SPARSE_CATEGORICAL_CROSSENTROPY) != FV_OK ||
        fv_fit(m, fv_dataset_part(data, FV_TRAIN), .validation = fv_dataset_part(data, FV_VALIDATION),
               .epochs = argc > 2 ? atoi(argv[2]) : 5, .batch = 128, .on_epoch = show_epoch) != FV_OK)
        die(fv_error_message());

    fv_evaluation e;
    if (fv_evaluate(m, fv_dataset_part(data, FV_TEST), &e) != FV_OK)
        die(fv_error_message());
    printf("test: %d pictures, accuracy %.2f %% (%.2f to %.2f)\n", (int)e.images, 100 * e.accuracy,
           100 * e.accuracy_low, 100 * e.accuracy_high);
    fv_evaluation_release(&e);
    fv_model_destroy(m);
    fv_dataset_destroy(data);
    return 0;
}
