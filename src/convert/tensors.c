/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/tensors.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "convert/onnx/file.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/text.h"

/* ---- formats ---- */

enum {
    HEAD = 512 /* bytes that tell them apart */
};

static bool begins_zip(const uint8_t *head)
{
    return memcmp(head, "PK\003\004", 4) == 0;
}

/* A pickle of protocol 2 or later begins with its protocol. */
static bool begins_pickle(const uint8_t *head)
{
    return head[0] == 0x80 && head[1] >= 2 && head[1] <= 5;
}

/* The header's length, and then the header. */
static bool begins_safetensors(const uint8_t *head)
{
    return head[8] == '{';
}

static const struct {
    bool (*begins)(const uint8_t *head);
    fv_status (*open)(tensor_file *f);
} formats[] = {
    {begins_zip, torch_zip_tensors},
    {begins_safetensors, safetensors_tensors},
    {begins_pickle, torch_legacy_tensors},
    {onnx_begins, onnx_tensors},
};

static fv_status not_read(const char *path, const uint8_t *head)
{
    const char *what = "it is none that is known";
    if (memcmp(head + 4, "TFL3", 4) == 0)
        what =
            "TFLite names no tensors that the zoo knows, but holds a whole network: 'fovea import' makes a "
            "model of it without --model";
    else if (memcmp(head, "\211HDF\r\n\032\n", 8) == 0)
        what = "HDF5 files of Keras are not read; save the weights as safetensors";
    else if (memcmp(head + 257, "ustar", 5) == 0)
        what = "it is a tar file, which PyTorch wrote before 0.1.10; load it there and save it again";
    return status_set(FV_ERROR_UNSUPPORTED,
                      "%s: weights are read from safetensors, PyTorch (.pt, .pth, .th) and ONNX files; %s",
                      path, what);
}

static fv_status open_format(tensor_file *f)
{
    uint8_t head[HEAD] = {0};
    int file;
    STATUS_TRY(file_open(f->path, &file));
    ssize_t got = read(file, head, sizeof head);
    close(file);
    if (got < 0)
        return status_set(FV_ERROR_IO, "%s: cannot be read", f->path);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i].begins(head))
            return formats[i].open(f);
    return not_read(f->path, head);
}

/* ---- the list ---- */

static int compare(const void *a, const void *b)
{
    return strcmp(((const named_tensor *)a)->name, ((const named_tensor *)b)->name);
}

fv_status tensor_file_add(tensor_file *f, const char *name, size_t length, named_tensor t)
{
    STATUS_TRY(MEM_GROW(f->list, f->count, f->capacity));
    if (!(t.name = mem_string_n(name, length)))
        return status_last();
    text_flatten(t.name);
    f->list[f->count++] = t;
    return FV_OK;
}

fv_status tensor_file_open(const char *path, tensor_file **out)
{
    tensor_file *f = mem_array(1, sizeof *f);
    if (!f)
        return status_last();
    fv_status status = (f->path = mem_string(path)) ? open_format(f) : status_last();
    if (status == FV_OK && f->count > 0)
        qsort(f->list, f->count, sizeof *f->list, compare);
    for (size_t i = 1; status == FV_OK && i < f->count; i++)
        if (compare(&f->list[i - 1], &f->list[i]) == 0)
            status = status_set(FV_ERROR_FORMAT, "%s: there are two tensors %.100s; the file is damaged",
                                path, f->list[i].name);
    if (status == FV_OK)
        *out = f;
    else
        tensor_file_destroy(f);
    return status;
}

void tensor_file_destroy(tensor_file *f)
{
    if (!f)
        return;
    if (f->reader)
        f->close(f->reader);
    for (size_t i = 0; i < f->count; i++)
        free(f->list[i].name);
    free(f->list);
    free(f->path);
    free(f);
}

const named_tensor *tensor_file_find(const tensor_file *f, const char *name)
{
    named_tensor key = {.name = (char *)(uintptr_t)name}; /* only read */
    return f->count ? bsearch(&key, f->list, f->count, sizeof key, compare) : NULL;
}
