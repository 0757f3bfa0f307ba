/* SPDX-License-Identifier: Apache-2.0 */
/* Small data and a small network for the tests of training: 8 x 8 pictures of three patterns under noise. */
#ifndef TEST_TRAIN_H
#define TEST_TRAIN_H

#include <ftw.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/random.h"
#include "image/image.h"
#include "testing.h"

enum {
    SIDE = 8,
    CLASSES = 3,
    PICTURES = 75 /* 20 of each class for training and 5 for validation, at a split of 0.2 */
};

static inline int remove_entry(const char *path, const struct stat *s, int kind, struct FTW *f)
{
    (void)s, (void)kind, (void)f;
    return remove(path);
}

/* A new folder under /tmp; remove_folder takes it away. */
static inline char *make_folder(void)
{
    char *path = strdup("/tmp/fovea-train-XXXXXX");
    assert_non_null(mkdtemp(path));
    return path;
}

static inline void remove_folder(char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(path);
}

/* Bright at the top, at the left or along the diagonal. */
static inline void draw_picture(int label, uint64_t index, uint8_t pixels[SIDE * SIDE])
{
    rng r = rng_at(1, 0, index);
    for (int h = 0; h < SIDE; h++)
        for (int w = 0; w < SIDE; w++) {
            bool bright = label == 0 ? h < SIDE / 2 : label == 1 ? w < SIDE / 2 : abs(h - w) < 2;
            pixels[h * SIDE + w] = (uint8_t)((bright ? 150 : 100) + (int)rng_below(&r, 180) - 90);
        }
}

static inline void write_big_endian(FILE *f, uint32_t x)
{
    const uint8_t bytes[] = {(uint8_t)(x >> 24), (uint8_t)(x >> 16), (uint8_t)(x >> 8), (uint8_t)x};
    fwrite(bytes, 1, 4, f);
}

/* IDX files with classes "0", "1", "2". */
static inline void write_idx(const char *folder)
{
    char *images = file_join(folder, "train-images-idx3-ubyte"),
         *labels = file_join(folder, "train-labels-idx1-ubyte");
    FILE *f = fopen(images, "wb"), *g = fopen(labels, "wb");
    assert_true(f && g);
    write_big_endian(f, 0x803);
    write_big_endian(g, 0x801);
    write_big_endian(f, PICTURES);
    write_big_endian(g, PICTURES);
    write_big_endian(f, SIDE);
    write_big_endian(f, SIDE);
    for (int i = 0; i < PICTURES; i++) {
        uint8_t pixels[SIDE * SIDE];
        draw_picture(i % CLASSES, (uint64_t)i, pixels);
        fwrite(pixels, 1, sizeof pixels, f);
        fputc(i % CLASSES, g);
    }
    fclose(f);
    fclose(g);
    free(images);
    free(labels);
}

/* `count` PNG files of pattern `label` in folder/name/. */
static inline void write_class(const char *folder, const char *name, int label, int count)
{
    char *sub = file_join(folder, name);
    assert_ok(file_make_folders(sub));
    for (int i = 0; i < count; i++) {
        uint8_t pixels[SIDE * SIDE];
        char file[32];
        snprintf(file, sizeof file, "%03d.png", i);
        char *path = file_join(sub, file);
        draw_picture(label, (uint64_t)(1000 * label + i + 500), pixels);
        assert_ok(
            image_save_png(&(image){.height = SIDE, .width = SIDE, .channels = 1, .data = pixels}, path));
        free(path);
    }
    free(sub);
}

static inline fv_model *make_network(int64_t outputs)
{
    fv_model *m = fv_model_create(.height = SIDE, .width = SIDE, .channels = 1, .seed = 3);
    fv_node *x = fv_conv2d(fv_input(m), .filters = 8, .kernel = 3, .padding = FV_SAME, .use_bias = FV_OFF);
    x = fv_max_pool2d(fv_batch_norm(x, .activation = FV_RELU), .size = 2);
    x = fv_dropout(fv_flatten(x), .rate = 0.3f);
    fv_output(fv_dense(x, .units = outputs));
    return m;
}

#endif
