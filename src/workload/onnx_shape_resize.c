/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of cuts and stretches: Slice, Pad, Resize, GridSample, Compress. */
#include <math.h>
#include <string.h>
#include "workload/onnx_fold.h"
#include "workload/onnx_shape.h"

/* ---- Slice: attributes before opset 10, inputs 1..4 from 10 ------------------- */

typedef struct slice_told {
    int64_t starts[ERG_ONNX_RANK], ends[ERG_ONNX_RANK], axes[ERG_ONNX_RANK],
        steps[ERG_ONNX_RANK];
    int32_t count;
} slice_told;

static int32_t told_list(const erg_onnx_node *node, const char *name, int32_t input,
                         int64_t to[ERG_ONNX_RANK])
{
    return node->opset < 10 ? erg_onnx_list(node, name, to, ERG_ONNX_RANK)
                            : erg_onnx_input_list(node, input, to, ERG_ONNX_RANK);
}

static bool slice_read(erg_onnx_model *model, erg_onnx_node *node, slice_told *told)
{
    told->count = told_list(node, "starts", 1, told->starts);
    int32_t ends = told_list(node, "ends", 2, told->ends);
    int32_t axes = told_list(node, "axes", 3, told->axes);
    int32_t steps =
        node->opset < 10 ? -1 : erg_onnx_input_list(node, 4, told->steps, ERG_ONNX_RANK);

    if (told->count < 0 || ends != told->count || (axes < 0 && erg_onnx_in(node, 3))
        || (steps < 0 && erg_onnx_in(node, 4)) || (axes >= 0 && axes != ends)
        || (steps >= 0 && steps != ends))
        return erg_onnx_late(model, node,
                               "its starts and ends are known only at run time");
    for (int32_t i = 0; i < told->count; i++) {
        told->axes[i] = axes < 0 ? i : told->axes[i];
        told->steps[i] = steps < 0 ? 1 : told->steps[i];
    }
    return true;
}

static int64_t clamped(int64_t at, int64_t low, int64_t high)
{
    return at < low ? low : at > high ? high : at;
}

static void cut_axis(int64_t start, int64_t end, int64_t step, int64_t length,
                     int64_t out[3])
{
    start += start < 0 ? length : 0;
    end += end < 0 ? length : 0;
    if (step > 0) {
        start = clamped(start, 0, length);
        end = clamped(end, 0, length);
    } else {
        start = clamped(start, 0, length - 1);
        end = clamped(end, -1, length - 1);
    }
    int64_t span = step > 0 ? end - start : start - end;
    int64_t width = step > 0 ? step : step == INT64_MIN ? INT64_MAX : -step;
    out[0] = start;
    out[1] = step;
    out[2] = span > 0 ? (span - 1) / width + 1 : 0;
}

bool erg_onnx_cut_read(erg_onnx_model *model, erg_onnx_node *node, erg_onnx_cut *out)
{
    const erg_onnx_value *x = node->in[0];
    slice_told told;

    if (!slice_read(model, node, &told))
        return false;
    for (int32_t i = 0; i < x->rank; i++) {
        out->start[i] = 0;
        out->step[i] = 1;
        out->count[i] = x->dims[i];
    }
    for (int32_t i = 0; i < told.count; i++) {
        int64_t axis = told.axes[i] + (told.axes[i] < 0 ? x->rank : 0), cut[3];
        if (axis < 0 || axis >= x->rank || told.steps[i] == 0)
            return erg_onnx_refuse(model, node, "an axis or a step is none");
        cut_axis(told.starts[i], told.ends[i], told.steps[i], x->dims[axis], cut);
        out->start[axis] = cut[0];
        out->step[axis] = cut[1];
        out->count[axis] = cut[2];
    }
    return true;
}

bool erg_onnx_shape_slice(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    erg_onnx_cut cut;

    return x && erg_onnx_cut_read(model, node, &cut)
           && erg_onnx_give(model, node, 0, x->type, x->rank, cut.count);
}

/* ---- Pad: attribute before opset 11, input from 11, axes from 18 --------------- */

bool erg_onnx_shape_pad(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    int64_t pads[2 * ERG_ONNX_RANK], dims[ERG_ONNX_RANK], axes[ERG_ONNX_RANK];

    if (!x)
        return false;
    int32_t count =
        erg_onnx_list(node, node->opset < 2 ? "paddings" : "pads", pads, 2 * ERG_ONNX_RANK);
    if (count < 0)
        count = erg_onnx_input_list(node, 1, pads, 2 * ERG_ONNX_RANK);
    int32_t named = erg_onnx_input_list(node, 3, axes, ERG_ONNX_RANK);
    if (count < 0 || (named < 0 && erg_onnx_in(node, 3)))
        return erg_onnx_late(model, node, "its pads are known only at run time");
    int32_t padded = named < 0 ? x->rank : named;
    if (count != 2 * padded)
        return erg_onnx_refuse(model, node, "it needs two pads an axis");
    if (x->rank)
        memcpy(dims, x->dims, (size_t)x->rank * sizeof(*dims));
    for (int32_t i = 0; i < padded; i++) {
        int64_t axis = named < 0 ? i : axes[i] + (axes[i] < 0 ? x->rank : 0);
        if (axis < 0 || axis >= x->rank
            || __builtin_add_overflow(dims[axis], pads[i], &dims[axis])
            || __builtin_add_overflow(dims[axis], pads[padded + i], &dims[axis]))
            return erg_onnx_refuse(model, node, "an axis or a pad is out of reach");
    }
    return erg_onnx_give(model, node, 0, x->type, x->rank, dims);
}

/* ---- Resize: scales at input 1 (opset 10) or 2, sizes at input 3 ----------------- */

static bool scaled(erg_onnx_model *model, erg_onnx_node *node, const double *scales,
                   const erg_onnx_axes *axes)
{
    const erg_onnx_value *x = node->in[0];
    int64_t dims[ERG_ONNX_RANK];

    memcpy(dims, x->dims, (size_t)x->rank * sizeof(*dims));
    for (int32_t i = 0; i < axes->count; i++) {
        double size = floor((double)x->dims[axes->at[i]] * scales[i]);
        if (!(scales[i] > 0 && size < 1e15))
            return erg_onnx_refuse(model, node, "a scale is none: it must be above 0");
        dims[axes->at[i]] = (int64_t)size;
    }
    return erg_onnx_give(model, node, 0, x->type, x->rank, dims);
}

/* not_larger and not_smaller keep the aspect: one scale for all named axes. */
static bool sized(erg_onnx_model *model, erg_onnx_node *node, const erg_onnx_value *sizes,
                  const erg_onnx_axes *axes)
{
    const erg_onnx_value *x = node->in[0];
    bool is_least = erg_onnx_word_is(node, "keep_aspect_ratio_policy", "not_larger");
    bool is_most = erg_onnx_word_is(node, "keep_aspect_ratio_policy", "not_smaller");
    int64_t dims[ERG_ONNX_RANK];
    double scale = NAN;

    memcpy(dims, x->dims, (size_t)x->rank * sizeof(*dims));
    for (int32_t i = 0; i < axes->count; i++) {
        double one = (double)sizes->ints[i] / (double)x->dims[axes->at[i]];
        scale = is_most ? fmax(scale, one) : fmin(scale, one);
        dims[axes->at[i]] = sizes->ints[i];
    }
    for (int32_t i = 0; (is_least || is_most) && i < axes->count; i++)
        dims[axes->at[i]] = llround((double)x->dims[axes->at[i]] * scale);
    return erg_onnx_give(model, node, 0, x->type, x->rank, dims);
}

bool erg_onnx_shape_resize(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 1);
    const erg_onnx_value *scales = erg_onnx_in(node, node->opset < 11 ? 1 : 2);
    const erg_onnx_value *sizes = node->opset < 11 ? NULL : erg_onnx_in(node, 3);
    erg_onnx_axes axes;

    if (!x)
        return false;
    axes.count = erg_onnx_list(node, "axes", axes.at, ERG_ONNX_RANK);
    bool is_all = axes.count < 0;
    for (int32_t i = 0; is_all && i < x->rank; i++)
        axes.at[i] = i;
    axes.count = is_all ? x->rank : axes.count;
    for (int32_t i = 0; i < axes.count; i++) {
        axes.at[i] += axes.at[i] < 0 ? x->rank : 0;
        if (axes.at[i] < 0 || axes.at[i] >= x->rank)
            return erg_onnx_refuse(model, node, "an axis is outside of its %d", x->rank);
    }
    if (sizes && sizes->ints && sizes->elements == axes.count)
        return sized(model, node, sizes, &axes);
    if (scales && scales->reals && scales->elements == axes.count)
        return scaled(model, node, scales->reals, &axes);
    return erg_onnx_late(model, node, "its scales and sizes are known only at run time");
}

/* Attribute scales before opset 9 (1: two numbers), input 1 from 9. */
bool erg_onnx_shape_upsample(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 1);
    const erg_onnx_value *given = erg_onnx_in(node, 1);
    const Onnx__AttributeProto *a = erg_onnx_attribute(node->proto, "scales");
    double scales[ERG_ONNX_RANK];
    erg_onnx_axes axes = { .count = x ? x->rank : 0 };

    if (!x)
        return false;
    for (int32_t i = 0; i < x->rank; i++)
        axes.at[i] = i;
    if (given && given->reals && given->elements == x->rank)
        return scaled(model, node, given->reals, &axes);
    bool is_old = erg_onnx_has(node, "height_scale") && x->rank == 4;
    if (!is_old && (!a || a->n_floats != (size_t)x->rank))
        return erg_onnx_late(model, node, "its scales are known only at run time");
    for (int32_t i = 0; i < x->rank; i++)
        scales[i] = is_old ? 1.0 : (double)a->floats[i];
    if (is_old) {
        scales[2] = erg_onnx_real(node, "height_scale", 1);
        scales[3] = erg_onnx_real(node, "width_scale", 1);
    }
    return scaled(model, node, scales, &axes);
}

/* x [N,C,..], grid [N, out.., axes]. */
bool erg_onnx_shape_grid_sample(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 3);
    const erg_onnx_value *grid = x ? erg_onnx_need(model, node, 1, 3) : NULL;
    int64_t dims[ERG_ONNX_RANK];

    if (!grid)
        return false;
    if (grid->rank != x->rank)
        return erg_onnx_refuse(model, node, "grid and image need as many axes");
    dims[0] = x->dims[0];
    dims[1] = x->dims[1];
    memcpy(dims + 2, grid->dims + 1, (size_t)(x->rank - 2) * sizeof(*dims));
    return erg_onnx_give(model, node, 0, x->type, x->rank, dims);
}

/* How many are kept is known at run time: at most as many as the condition has. */
bool erg_onnx_shape_compress(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    const erg_onnx_value *condition = x ? erg_onnx_need(model, node, 1, 1) : NULL;
    int64_t dims[ERG_ONNX_RANK], kept;
    int32_t axis;

    if (!condition)
        return false;
    kept = condition->elements;
    for (int64_t i = 0; condition->ints && i < condition->elements; i++)
        kept -= !condition->ints[i];
    if (!erg_onnx_has(node, "axis"))
        return erg_onnx_give(model, node, 0, x->type, 1, &kept);
    if (!erg_onnx_axis(model, node, 0, x->rank, &axis))
        return false;
    memcpy(dims, x->dims, (size_t)x->rank * sizeof(*dims));
    dims[axis] = kept;
    return erg_onnx_give(model, node, 0, x->type, x->rank, dims);
}
