/* SPDX-License-Identifier: Apache-2.0 */
/* The stack machine of pickle protocols 2 to 5 (Python's pickletools.py describes it), without what state dicts do not need. */
#include "convert/pickle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/text.h"

enum {
    VALUES_A_BLOCK = 1024
};

/* ---- what may be named ---- */

typedef enum callable {
    ORDERED_DICT,
    REBUILD_TENSOR,
    REBUILD_PARAMETER,
    STORAGE_TYPE
} callable;

static const struct {
    const char *module, *name;
    callable kind;
    number_type type; /* STORAGE_TYPE */
} callables[] = {
    {"collections", "OrderedDict", ORDERED_DICT, 0},
    {"torch._utils", "_rebuild_tensor_v2", REBUILD_TENSOR, 0},
    {"torch._utils", "_rebuild_tensor", REBUILD_TENSOR, 0},
    {"torch._utils", "_rebuild_parameter", REBUILD_PARAMETER, 0},
    {"torch", "FloatStorage", STORAGE_TYPE, NUMBER_F32},
    {"torch", "HalfStorage", STORAGE_TYPE, NUMBER_F16},
    {"torch", "BFloat16Storage", STORAGE_TYPE, NUMBER_BF16},
    {"torch", "DoubleStorage", STORAGE_TYPE, NUMBER_F64},
    {"torch", "CharStorage", STORAGE_TYPE, NUMBER_I8},
    {"torch", "ByteStorage", STORAGE_TYPE, NUMBER_U8},
    {"torch", "ShortStorage", STORAGE_TYPE, NUMBER_I16},
    {"torch", "IntStorage", STORAGE_TYPE, NUMBER_I32},
    {"torch", "LongStorage", STORAGE_TYPE, NUMBER_I64},
    {"torch", "BoolStorage", STORAGE_TYPE, NUMBER_BOOL},
};

/* ---- values, stack, bytes ---- */

static fv_status damaged(const pickle *p, const char *what)
{
    return status_set(FV_ERROR_FORMAT, "%s: byte %zu of its pickle: %s; the file is damaged", p->path, p->at,
                      what);
}

static pickle_value *new_value(pickle *p, pickle_kind kind)
{
    if (p->value_count >= PICKLE_MAX_VALUES) {
        status_set(FV_ERROR_FORMAT, "%s: its pickle has more than %d values, which no state dict has",
                   p->path, PICKLE_MAX_VALUES);
        return NULL;
    }
    if (p->value_count % VALUES_A_BLOCK == 0) {
        if (MEM_GROW(p->blocks, p->block_count, p->block_capacity) != FV_OK ||
            !(p->blocks[p->block_count] = mem_array(VALUES_A_BLOCK, sizeof **p->blocks)))
            return NULL;
        p->block_count++;
    }
    pickle_value *v = &p->blocks[p->block_count - 1][p->value_count++ % VALUES_A_BLOCK];
    v->kind = kind;
    return v;
}

static fv_status push(pickle *p, pickle_value *v)
{
    if (!v)
        return status_last();
    STATUS_TRY(MEM_GROW(p->stack, p->depth, p->stack_capacity));
    p->stack[p->depth++] = v;
    return FV_OK;
}

static fv_status push_number(pickle *p, int64_t number)
{
    pickle_value *v = new_value(p, PICKLE_NUMBER);
    if (v)
        v->number = number;
    return push(p, v);
}

static fv_status append(pickle_value *v, pickle_value *item)
{
    STATUS_TRY(MEM_GROW(v->list.items, v->list.count, v->list.capacity));
    v->list.items[v->list.count++] = item;
    return FV_OK;
}

/* Everything above the last mark belongs to what is being built: a pop must not go below it. */
static size_t floor_of(const pickle *p)
{
    return p->mark_count ? p->marks[p->mark_count - 1] : 0;
}

static fv_status pop(pickle *p, pickle_value **out)
{
    *out = NULL;
    if (p->depth <= floor_of(p))
        return damaged(p, "its stack is empty");
    *out = p->stack[--p->depth];
    return FV_OK;
}

/* What was pushed since the last mark is stack[*first .. depth). The caller sets the depth. */
static fv_status pop_mark(pickle *p, size_t *first)
{
    *first = p->depth;
    if (p->mark_count == 0)
        return damaged(p, "there is no mark");
    *first = p->marks[--p->mark_count];
    return FV_OK;
}

static fv_status take(pickle *p, size_t size, const uint8_t **out)
{
    *out = p->bytes + p->at;
    if (size > p->size - p->at)
        return status_set(FV_ERROR_FORMAT, "%s: its pickle ends in the middle; the file was cut short%s",
                          p->path, p->size >= PICKLE_MAX_BYTES ? ", or it is too large" : "");
    p->at += size;
    return FV_OK;
}

/* A little-endian number of up to 8 bytes, not negative. */
static fv_status take_size(pickle *p, size_t bytes, uint64_t *out)
{
    const uint8_t *from;
    STATUS_TRY(take(p, bytes, &from));
    *out = 0;
    for (size_t i = bytes; i-- > 0;)
        *out = *out << 8 | from[i];
    return FV_OK;
}

/* ---- strings and numbers ---- */

static fv_status push_bytes(pickle *p, uint64_t length)
{
    const uint8_t *from;
    STATUS_TRY(take(p, length > SIZE_MAX ? SIZE_MAX : (size_t)length, &from));
    pickle_value *v = new_value(p, PICKLE_STRING);
    if (v) {
        v->string.bytes = (const char *)from;
        v->string.length = (size_t)length;
    }
    return push(p, v);
}

static fv_status push_string(pickle *p, size_t length_bytes)
{
    uint64_t length;
    STATUS_TRY(take_size(p, length_bytes, &length));
    return push_bytes(p, length);
}

/* A whole number in two's complement of any length. */
static fv_status push_long(pickle *p, size_t length_bytes)
{
    uint64_t length, bits = 0;
    const uint8_t *from;
    STATUS_TRY(take_size(p, length_bytes, &length));
    STATUS_TRY(take(p, (size_t)length, &from));
    if (length > 8)
        return push(p, new_value(p, PICKLE_BIG));
    for (size_t i = 0; i < length; i++)
        bits |= (uint64_t)from[i] << 8 * i;
    if (length > 0 && length < 8 && from[length - 1] & 0x80)
        bits |= UINT64_MAX << 8 * length;
    return push_number(p, (int64_t)bits);
}

/* ---- globals and calls ---- */

static fv_status find_callable(pickle *p, const char *module, size_t module_length, const char *name,
                               size_t name_length)
{
    for (size_t i = 0; i < sizeof callables / sizeof *callables; i++)
        if (strlen(callables[i].module) == module_length && strlen(callables[i].name) == name_length &&
            memcmp(callables[i].module, module, module_length) == 0 &&
            memcmp(callables[i].name, name, name_length) == 0) {
            pickle_value *v = new_value(p, PICKLE_CALLABLE);
            if (v)
                v->number = (int64_t)i;
            return push(p, v);
        }
    char shown[160];
    snprintf(shown, sizeof shown, "%.*s.%.*s", (int)(module_length < 70 ? module_length : 70), module,
             (int)(name_length < 70 ? name_length : 70), name);
    text_flatten(shown);
    return status_set(FV_ERROR_UNSUPPORTED,
                      "%s: it asks for the Python object %s, and only tensors are read; save the network's "
                      "state dict alone: torch.save(model.state_dict(), FILE)",
                      p->path, shown);
}

/* Module and name, a line each. */
static fv_status read_global(pickle *p)
{
    const char *parts[2];
    size_t lengths[2];
    for (int i = 0; i < 2; i++) {
        parts[i] = (const char *)p->bytes + p->at;
        const char *end = memchr(parts[i], '\n', p->size - p->at);
        if (!end)
            return damaged(p, "a name has no end");
        lengths[i] = (size_t)(end - parts[i]);
        p->at += lengths[i] + 1;
    }
    return find_callable(p, parts[0], lengths[0], parts[1], lengths[1]);
}

static fv_status stack_global(pickle *p)
{
    pickle_value *module, *name;
    STATUS_TRY(pop(p, &name));
    STATUS_TRY(pop(p, &module));
    if (module->kind != PICKLE_STRING || name->kind != PICKLE_STRING)
        return damaged(p, "a name is no text");
    return find_callable(p, module->string.bytes, module->string.length, name->string.bytes,
                         name->string.length);
}

static const pickle_value *item(const pickle_value *list, size_t i, pickle_kind kind)
{
    return i < list->list.count && list->list.items[i]->kind == kind ? list->list.items[i] : NULL;
}

/* OrderedDict(): filled later; OrderedDict([[key, value], …]), as Python 2 writes it. */
static fv_status call_ordered_dict(pickle *p, const pickle_value *arguments)
{
    pickle_value *v = new_value(p, PICKLE_DICT);
    const pickle_value *pairs = item(arguments, 0, PICKLE_LIST);
    if (!v)
        return status_last();
    if (arguments->list.count > 1 || (arguments->list.count == 1 && !pairs))
        return damaged(p, "an OrderedDict is made of something else than pairs");
    for (size_t i = 0; pairs && i < pairs->list.count; i++) {
        const pickle_value *pair = item(pairs, i, PICKLE_LIST);
        if (!pair || pair->list.count != 2)
            return damaged(p, "an OrderedDict is made of something else than pairs");
        STATUS_TRY(append(v, pair->list.items[0]));
        STATUS_TRY(append(v, pair->list.items[1]));
    }
    return push(p, v);
}

/* (storage, offset, shape, strides, …): what follows is about gradients. */
static fv_status call_rebuild_tensor(pickle *p, const pickle_value *arguments)
{
    const pickle_value *storage = item(arguments, 0, PICKLE_STORAGE),
                       *offset = item(arguments, 1, PICKLE_NUMBER), *shape = item(arguments, 2, PICKLE_LIST),
                       *strides = item(arguments, 3, PICKLE_LIST);
    if (!storage || !offset || !shape || !strides)
        return damaged(p, "a tensor is not made of a storage, an offset, a shape and strides");
    pickle_value *v = new_value(p, PICKLE_TENSOR);
    if (v) {
        v->tensor.storage = storage;
        v->tensor.shape = shape;
        v->tensor.strides = strides;
        v->tensor.offset = offset->number;
    }
    return push(p, v);
}

static fv_status reduce(pickle *p)
{
    pickle_value *arguments, *called;
    STATUS_TRY(pop(p, &arguments));
    STATUS_TRY(pop(p, &called));
    if (called->kind != PICKLE_CALLABLE || arguments->kind != PICKLE_LIST)
        return damaged(p, "something is called that cannot be");
    switch (callables[called->number].kind) {
    case ORDERED_DICT:
        return call_ordered_dict(p, arguments);
    case REBUILD_TENSOR:
        return call_rebuild_tensor(p, arguments);
    case REBUILD_PARAMETER: /* (tensor, requires_grad, hooks) */
        if (!item(arguments, 0, PICKLE_TENSOR))
            return damaged(p, "a parameter is not made of a tensor");
        return push(p, arguments->list.items[0]);
    case STORAGE_TYPE:
        break;
    }
    return damaged(p, "a storage's type is called");
}

/* The state that an OrderedDict gets besides its items is the versions of its modules. */
static fv_status build(pickle *p)
{
    pickle_value *state;
    STATUS_TRY(pop(p, &state));
    if (p->depth <= floor_of(p) || p->stack[p->depth - 1]->kind != PICKLE_DICT)
        return damaged(p, "something else than an OrderedDict gets a state");
    return FV_OK;
}

/* ("storage", type, key, location, count), and in the older form None or (key, first, count) of a part of it. */
static fv_status persistent(pickle *p)
{
    pickle_value *id;
    STATUS_TRY(pop(p, &id));
    if (id->kind != PICKLE_LIST)
        return damaged(p, "a storage is not described by a tuple");
    const pickle_value *word = item(id, 0, PICKLE_STRING), *type = item(id, 1, PICKLE_CALLABLE),
                       *key = item(id, 2, PICKLE_STRING), *count = item(id, 4, PICKLE_NUMBER),
                       *view = item(id, 5, PICKLE_LIST);
    if (!word || !pickle_is(word, "storage") || !type || callables[type->number].kind != STORAGE_TYPE ||
        !key || !count)
        return damaged(p, "a storage is not described as PyTorch does");
    const pickle_value *first = view ? item(view, 1, PICKLE_NUMBER) : NULL,
                       *part = view ? item(view, 2, PICKLE_NUMBER) : NULL;
    if (view && (!first || !part))
        return damaged(p, "a part of a storage is not described as PyTorch does");
    pickle_value *v = new_value(p, PICKLE_STORAGE);
    if (!v)
        return status_last();
    v->storage.key = key;
    v->storage.type = callables[type->number].type;
    v->storage.first = first ? first->number : 0;
    v->storage.count = part ? part->number : count->number;
    STATUS_TRY(MEM_GROW(p->storages, p->storage_count, p->storage_capacity));
    p->storages[p->storage_count++] = v;
    return push(p, v);
}

/* ---- lists, dicts, the memo ---- */

/* A LIST or DICT of stack[first ..). */
static fv_status collect(pickle *p, pickle_kind kind, size_t first)
{
    pickle_value *v = new_value(p, kind);
    if (!v)
        return status_last();
    if (kind == PICKLE_DICT && (p->depth - first) % 2)
        return damaged(p, "a key has no value");
    for (size_t i = first; i < p->depth; i++)
        STATUS_TRY(append(v, p->stack[i]));
    p->depth = first;
    return push(p, v);
}

static fv_status collect_marked(pickle *p, pickle_kind kind)
{
    size_t first;
    STATUS_TRY(pop_mark(p, &first));
    return collect(p, kind, first);
}

static fv_status collect_last(pickle *p, size_t count)
{
    if (p->depth < floor_of(p) + count)
        return damaged(p, "its stack is empty");
    return collect(p, PICKLE_LIST, p->depth - count);
}

/* stack[first ..) goes into the list or dict below it. */
static fv_status extend(pickle *p, pickle_kind kind, size_t first)
{
    if (first <= floor_of(p) || p->stack[first - 1]->kind != kind)
        return damaged(p, "items have no list or dict to go to");
    if (kind == PICKLE_DICT && (p->depth - first) % 2)
        return damaged(p, "a key has no value");
    for (size_t i = first; i < p->depth; i++)
        STATUS_TRY(append(p->stack[first - 1], p->stack[i]));
    p->depth = first;
    return FV_OK;
}

static fv_status extend_marked(pickle *p, pickle_kind kind)
{
    size_t first;
    STATUS_TRY(pop_mark(p, &first));
    return extend(p, kind, first);
}

static fv_status extend_last(pickle *p, pickle_kind kind, size_t count)
{
    if (p->depth < floor_of(p) + count)
        return damaged(p, "its stack is empty");
    return extend(p, kind, p->depth - count);
}

static fv_status memo_put(pickle *p, uint64_t index)
{
    if (p->depth <= floor_of(p))
        return damaged(p, "its stack is empty");
    /* Pickles count their memo up by one, from 0 or 1. */
    if (index > p->at || index >= PICKLE_MAX_VALUES)
        return damaged(p, "its memo is too large");
    while (index >= p->memo_size) {
        STATUS_TRY(MEM_GROW(p->memo, p->memo_size, p->memo_capacity));
        p->memo[p->memo_size++] = NULL;
    }
    p->memo[index] = p->stack[p->depth - 1];
    return FV_OK;
}

static fv_status memo_get(pickle *p, uint64_t index)
{
    return index < p->memo_size && p->memo[index] ? push(p, p->memo[index])
                                                  : damaged(p, "its memo has no such value");
}

static fv_status with_size(pickle *p, size_t bytes, fv_status (*call)(pickle *p, uint64_t number))
{
    uint64_t number;
    STATUS_TRY(take_size(p, bytes, &number));
    return call(p, number);
}

static fv_status push_unsigned(pickle *p, uint64_t number)
{
    return push_number(p, (int64_t)number);
}

static fv_status push_int32(pickle *p, uint64_t number)
{
    return push_number(p, (int32_t)(uint32_t)number);
}

static fv_status push_mark(pickle *p)
{
    STATUS_TRY(MEM_GROW(p->marks, p->mark_count, p->mark_capacity));
    p->marks[p->mark_count++] = p->depth;
    return FV_OK;
}

static fv_status skip(pickle *p, size_t size)
{
    const uint8_t *bytes;
    return take(p, size, &bytes);
}

static fv_status push_float(pickle *p)
{
    STATUS_TRY(skip(p, 8));
    return push(p, new_value(p, PICKLE_BIG));
}

static fv_status read_protocol(pickle *p)
{
    const uint8_t *version;
    STATUS_TRY(take(p, 1, &version));
    return *version >= 2 && *version <= 5
               ? FV_OK
               : status_set(FV_ERROR_UNSUPPORTED, "%s: its pickle has protocol %d; 2 to 5 are read", p->path,
                            *version);
}

/* ---- the machine ---- */

static fv_status execute(pickle *p, uint8_t opcode)
{
    /* clang-format off */
    switch (opcode) {
    case 0x80: return read_protocol(p);
    case 0x95: return skip(p, 8); /* FRAME: only a hint for readers */
    case '(': return push_mark(p);
    case 'N': return push(p, new_value(p, PICKLE_NONE));
    case 0x88: return push_number(p, 1);
    case 0x89: return push_number(p, 0);
    case 'K': return with_size(p, 1, push_unsigned);
    case 'M': return with_size(p, 2, push_unsigned);
    case 'J': return with_size(p, 4, push_int32);
    case 0x8a: return push_long(p, 1);
    case 0x8b: return push_long(p, 4);
    case 'G': return push_float(p);
    case 0x8c: return push_string(p, 1); /* SHORT_BINUNICODE, SHORT_BINSTRING, SHORT_BINBYTES */
    case 'U': return push_string(p, 1);
    case 'C': return push_string(p, 1);
    case 'X': return push_string(p, 4); /* BINUNICODE, BINSTRING, BINBYTES */
    case 'T': return push_string(p, 4);
    case 'B': return push_string(p, 4);
    case 0x8d: return push_string(p, 8);
    case ')': return collect_last(p, 0);
    case ']': return collect_last(p, 0);
    case 0x85: return collect_last(p, 1);
    case 0x86: return collect_last(p, 2);
    case 0x87: return collect_last(p, 3);
    case 't': return collect_marked(p, PICKLE_LIST); /* TUPLE, LIST */
    case 'l': return collect_marked(p, PICKLE_LIST);
    case '}': return push(p, new_value(p, PICKLE_DICT));
    case 'd': return collect_marked(p, PICKLE_DICT);
    case 'a': return extend_last(p, PICKLE_LIST, 1);
    case 'e': return extend_marked(p, PICKLE_LIST);
    case 's': return extend_last(p, PICKLE_DICT, 2);
    case 'u': return extend_marked(p, PICKLE_DICT);
    case 'q': return with_size(p, 1, memo_put);
    case 'r': return with_size(p, 4, memo_put);
    case 0x94: return memo_put(p, p->memo_size);
    case 'h': return with_size(p, 1, memo_get);
    case 'j': return with_size(p, 4, memo_get);
    case 'c': return read_global(p);
    case 0x93: return stack_global(p);
    case 'R': return reduce(p);
    case 'b': return build(p);
    case 'Q': return persistent(p);
    default: break;
    }
    /* clang-format on */
    return status_set(FV_ERROR_UNSUPPORTED,
                      "%s: byte %zu of its pickle: opcode 0x%02x is none that a state dict needs; save the "
                      "network's state dict alone: torch.save(model.state_dict(), FILE)",
                      p->path, p->at - 1, opcode);
}

void pickle_init(pickle *p, const char *path, const uint8_t *bytes, size_t size)
{
    *p = (pickle){.path = path, .bytes = bytes, .size = size};
}

fv_status pickle_read(pickle *p, const pickle_value **out)
{
    const uint8_t *opcode;
    p->depth = p->mark_count = p->memo_size = 0;
    for (;;) {
        STATUS_TRY(take(p, 1, &opcode));
        if (*opcode == '.')
            break;
        STATUS_TRY(execute(p, *opcode));
    }
    if (p->depth != 1 || p->mark_count != 0)
        return damaged(p, "it does not end with one value");
    *out = p->stack[0];
    return FV_OK;
}

void pickle_release(pickle *p)
{
    for (size_t i = 0; i < p->value_count; i++) {
        pickle_value *v = &p->blocks[i / VALUES_A_BLOCK][i % VALUES_A_BLOCK];
        if (v->kind == PICKLE_LIST || v->kind == PICKLE_DICT)
            free(v->list.items);
    }
    for (size_t i = 0; i < p->block_count; i++)
        free(p->blocks[i]);
    free(p->blocks);
    free(p->stack);
    free(p->memo);
    free(p->marks);
    free(p->storages);
    *p = (pickle){0};
}

bool pickle_is(const pickle_value *v, const char *string)
{
    return v->kind == PICKLE_STRING && v->string.length == strlen(string) &&
           memcmp(v->string.bytes, string, v->string.length) == 0;
}

const pickle_value *pickle_get(const pickle_value *dict, const char *key)
{
    for (size_t i = 0; i + 1 < dict->list.count; i += 2)
        if (pickle_is(dict->list.items[i], key))
            return dict->list.items[i + 1];
    return NULL;
}
