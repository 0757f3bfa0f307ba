/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/onednn/layout.h"

#include <string.h>

static dnnl_data_type_t type_of(data_type t)
{
    return t == TYPE_U8 ? dnnl_u8 : t == TYPE_I32 ? dnnl_s32 : dnnl_f32;
}

/* Descriptor with row-major strides over `dims` taken in `order` (outermost first). */
static dnnl_memory_desc_t ordered(int rank, const dnnl_dim_t *dims, const int *order, dnnl_data_type_t type)
{
    dnnl_memory_desc_t md = {0};
    dnnl_dims_t strides;
    dnnl_dim_t step = 1;
    for (int i = rank - 1; i >= 0; i--) {
        strides[order[i]] = step;
        step *= dims[order[i]];
    }
    /* It fails only for ranks and sizes that shape inference has refused. */
    dnnl_memory_desc_init_by_strides(&md, rank, dims, type, strides);
    return md;
}

static const int natural_order[] = {0, 1, 2, 3, 4, 5};
static const int picture_order[] = {0, 2, 3, 1};

layout layout_natural(int rank, const int64_t *dims)
{
    dnnl_dims_t d = {1};
    for (int i = 0; i < rank; i++)
        d[i] = dims[i];
    return (layout){.md = ordered(rank ? rank : 1, d, natural_order, dnnl_f32)};
}

layout layout_dense(const value *v)
{
    const shape *s = &v->shape;
    if (s->rank == 4 && v->type == TYPE_F32)
        return layout_picture(s, 0);
    layout l = layout_natural(s->rank, s->d);
    l.md = ordered(l.md.ndims, l.md.dims, natural_order, type_of(v->type));
    return l;
}

layout layout_dense_like(const layout *l)
{
    return (layout){
        .md = ordered(l->md.ndims, l->md.dims, l->picture ? picture_order : natural_order, l->md.data_type),
        .picture = l->picture};
}

bool layout_is_dense(const layout *l)
{
    layout dense = layout_dense_like(l);
    return dnnl_memory_desc_equal(&dense.md, &l->md);
}

bool layout_equal(const layout *a, const layout *b)
{
    return a->picture == b->picture && dnnl_memory_desc_equal(&a->md, &b->md);
}

layout layout_picture(const shape *s, int64_t block)
{
    dnnl_dims_t d = {s->d[0], s->d[3], s->d[1], s->d[2]};
    layout l = {.picture = true};
    if (block <= 1)
        l.md = ordered(4, d, block ? natural_order : picture_order, dnnl_f32);
    else
        dnnl_memory_desc_init_by_tag(&l.md, 4, d, dnnl_f32, block == 16 ? dnnl_nChw16c : dnnl_nChw8c);
    return l;
}

dnnl_memory_desc_t layout_any_picture(const shape *s)
{
    dnnl_memory_desc_t md = {0};
    dnnl_dims_t d = {s->d[0], s->d[3], s->d[1], s->d[2]};
    dnnl_memory_desc_init_by_tag(&md, 4, d, dnnl_f32, dnnl_format_tag_any);
    return md;
}

dnnl_memory_desc_t layout_any(const dnnl_memory_desc_t *like)
{
    dnnl_memory_desc_t md = {0};
    dnnl_memory_desc_init_by_tag(&md, like->ndims, like->dims, dnnl_f32, dnnl_format_tag_any);
    return md;
}

bool layout_form(const layout *l, form *f)
{
    const dnnl_memory_desc_t *md = &l->md;
    if (md->data_type != dnnl_f32 || md->format_kind != dnnl_blocked || md->offset0)
        return false;
    if (!l->picture) {
        if (md->ndims != 2 || !layout_is_dense(l))
            return false;
        *f = (form){md->dims[0], 1, 1, md->dims[1], md->dims[1]};
        return true;
    }
    int64_t n = md->dims[0], c = md->dims[1], spatial = md->dims[2] * md->dims[3];
    if (layout_is_dense(l)) {
        *f = (form){n, 1, spatial, c, c};
        return true;
    }
    for (int64_t block = 8; block <= 16; block += 8) {
        shape s = shape_4(n, md->dims[2], md->dims[3], c);
        layout blocked = layout_picture(&s, block);
        if (dnnl_memory_desc_equal(&blocked.md, md)) {
            *f = (form){n, (c + block - 1) / block, spatial, block, c};
            return true;
        }
    }
    return false;
}
