/* SPDX-License-Identifier: Apache-2.0 */
/* Gives a target every file of the folders named, without libFuzzer: fails when there is none. */
#include "fuzz.h"

#include "core/file.h"

static int replay(const char *folder)
{
    file_list list = {0};
    int count = 0;
    if (file_list_folder(&list, folder) != FV_OK) {
        fprintf(stderr, "%s\n", fv_error_message());
        return 0;
    }
    for (size_t i = 0; i < list.count; i++, count++) {
        char *path = file_join(folder, list.names[i]);
        uint8_t *bytes, *exact;
        size_t size;
        if (file_read(path, 1 << 24, &bytes, &size) != FV_OK) {
            fprintf(stderr, "%s\n", fv_error_message());
            exit(1);
        }
        /* Without the zero behind it, so that the sanitizer sees a byte too many. */
        exact = malloc(size ? size : 1);
        memcpy(exact, bytes, size);
        free(bytes);
        printf("%s\n", path); /* the last one is the finding */
        fflush(stdout);
        LLVMFuzzerTestOneInput(exact, size);
        free(exact);
        free(path);
    }
    file_list_release(&list);
    return count;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++)
        count += replay(argv[i]);
    printf("%d inputs\n", count);
    return count > 0 ? 0 : 1;
}
