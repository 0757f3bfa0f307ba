/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated quantisation (Jacob et al. 2018). */
#include "nn/layers/choices.h"

static const option table[] = {
    LAYER_FLOAT(fv_fake_quantize_options, scale, "1", 1e-30, 1e30, "step of the grid at first"),
    LAYER_INT(fv_fake_quantize_options, zero_point, "0", OP_QUANT_LOWEST, OP_QUANT_HIGHEST,
              "the whole number of the value 0 at first"),
    LAYER_INT(fv_fake_quantize_options, quant_min, "0", OP_QUANT_LOWEST, OP_QUANT_HIGHEST,
              "the least whole number"),
    LAYER_INT(fv_fake_quantize_options, quant_max, "255", OP_QUANT_LOWEST, OP_QUANT_HIGHEST,
              "the greatest whole number"),
    {0}};

static value_id build(layer *l, const void *options)
{
    const fv_fake_quantize_options *o = options;
    bool given = o->quant_min != 0 || o->quant_max != 0;
    op_attributes a = {.quant_min = o->quant_min, .quant_max = given ? o->quant_max : 255};
    if (a.quant_min <= a.quant_max && (o->zero_point < a.quant_min || o->zero_point > a.quant_max)) {
        status_set(FV_ERROR_INVALID,
                   "layer %s: zero_point %lld must be from quant_min, %lld, to quant_max, %lld", l->name,
                   (long long)o->zero_point, (long long)a.quant_min, (long long)a.quant_max);
        return NO_VALUE;
    }
    value_id scale = layer_constant(l, "scale", shape_1(1), o->scale != 0 ? o->scale : 1, false),
             zero_point = NO_VALUE;
    if (scale == NO_VALUE ||
        (zero_point = layer_constant(l, "zero_point", shape_1(1), (float)o->zero_point, false)) == NO_VALUE)
        return NO_VALUE;
    return layer_op(l, OP_FAKE_QUANTIZE, (value_id[]){layer_input(l, 0), scale, zero_point}, 3, &a);
}

const layer_type layer_fake_quantize = {"fake_quantize",
                                        "values as whole numbers of few bits hold them",
                                        table,
                                        sizeof(fv_fake_quantize_options),
                                        1,
                                        1,
                                        build};

fv_node *fv_fake_quantize_with(const fv_fake_quantize_options *o)
{
    return layer_add(&layer_fake_quantize, &o->input, 1, o, o->struct_size, o->name);
}
