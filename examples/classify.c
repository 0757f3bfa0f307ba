/* SPDX-License-Identifier: Apache-2.0 */
/* A model file in use: classify MODEL.safetensors PICTURE... */
#include <fovea.h>

#include <stdio.h>

int main(int argc, char **argv)
{
    fv_prediction best;
    fv_classifier *c = argc > 1 ? fv_classifier_open(argv[1]) : NULL;
    for (int i = 2; i < argc && c; i++)
        if (fv_classify_file(c, argv[i], &best, 1) == FV_OK)
            printf("%s\t%s\t%.4f\n", argv[i], best.name, (double)best.probability);
        else
            fprintf(stderr, "classify: %s\n", fv_error_message());
    if (!c)
        fprintf(stderr, "classify: %s\n", argc > 1 ? fv_error_message() : "which model?");
    fv_classifier_close(c);
    return c ? 0 : 1;
}
