/* SPDX-License-Identifier: Apache-2.0 */
/* What PyTorch's two kinds of files share: a pickle that names tensors, which are windows onto storages. */
#ifndef CONVERT_TORCH_H
#define CONVERT_TORCH_H

#include "convert/pickle.h"
#include "convert/tensors.h"
#include "core/file.h"

typedef struct torch_storage {
    char *key; /* owned; as the pickle has it */
    number_type type;
    int64_t count;  /* elements that the pickle says it has, at most */
    uint64_t place; /* zip: entry; legacy: offset in the file */
    bool found;
} torch_storage;

typedef struct torch_tensor {
    size_t storage;
    int64_t first, strides[TENSORS_MAX_RANK]; /* elements */
} torch_tensor;

/* The `reader` of a tensor_file. */
typedef struct torch_reader torch_reader;
struct torch_reader {
    torch_storage *storages; /* sorted by key, each once */
    size_t storage_count;
    torch_tensor *tensors;
    size_t tensor_count, tensor_capacity;
    file_bytes bytes; /* of the storage that was read last */
    size_t in_bytes;  /* its index + 1 */
    /* The kind's own: `count` elements of the storage into r->bytes. */
    fv_status (*load)(torch_reader *r, const char *path, const torch_storage *s);
    void (*close)(torch_reader *r);
    struct container *zip;
    int file;
};

/* Begins: f->reader is there from now on. NULL with the error set. */
torch_reader *torch_reader_create(tensor_file *f);
/* After p's last pickle: collects its storages. */
fv_status torch_take_storages(torch_reader *r, const pickle *p);
/* NULL: not there. */
torch_storage *torch_find_storage(const torch_reader *r, const char *key, size_t length);
/* After all storages are found: the tensors of `value`, a state dict or a checkpoint around one. */
fv_status torch_take_tensors(tensor_file *f, const pickle_value *value);

#endif
