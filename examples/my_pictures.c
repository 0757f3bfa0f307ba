/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a folder of class folders to a model file, and a prediction with it:
 *
 *     my_pictures FOLDER MODEL.safetensors PICTURE [EPOCHS]
 */
#include <fovea.h>

#include <stdio.h>
#include <stdlib.h>

static void die(const char *message)
{
    fprintf(stderr, "my_pictures: %s\n", message);
    exit(1);
}

static void train(const char *folder, const char *file, int epochs)
{
    fv_dataset *data = fv_dataset_open(folder);
    if (!data)
        die(fv_error_message());
    for (int64_t i = 0; i < fv_dataset_problem_count(data); i++)
        fprintf(stderr, "%s\n", fv_dataset_problem(data, i));
    fv_model *m =
        fv_zoo_create("small_cnn", .classes = fv_dataset_class_count(data), .height = 32, .width = 32);
    if (!m ||
        fv_fit(m, fv_dataset_part(data, FV_TRAIN), .validation = fv_dataset_part(data, FV_VALIDATION),
               .epochs = epochs) != FV_OK ||
        fv_model_save(m, file) != FV_OK)
        die(fv_error_message());
    fv_model_destroy(m);
    fv_dataset_destroy(data);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        die("usage: my_pictures FOLDER MODEL.safetensors PICTURE [EPOCHS]");
    train(argv[1], argv[2], argc > 4 ? atoi(argv[4]) : 10);

    fv_prediction best[3];
    fv_model *m = fv_model_load(argv[2]);
    if (!m || fv_predict(m, argv[3], .top = best, .top_count = 2) != FV_OK)
        die(fv_error_message());
    printf("%s: %s (%.1f %%), else %s (%.1f %%)\n", argv[3], best[0].name, 100 * (double)best[0].probability,
           best[1].name, 100 * (double)best[1].probability);
    fv_model_destroy(m);
    return 0;
}
