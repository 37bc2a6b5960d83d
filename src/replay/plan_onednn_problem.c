/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The problem of a line, "128x256:256x512:128x512" or "mb1_ic3oc64_ih224..", as tensors:
 * inputs first, weights among them.
 */
#include <stdlib.h>
#include <string.h>
#include "replay/plan_onednn.h"

/* "ih" of the axis h. */
static int64_t axis_letter(const erg_dnn_letters *from, char what, char axis,
                           int64_t absent)
{
    return erg_dnn_letter(from, (const char[]){ what, axis, '\0' }, absent);
}

/* d, h, w: from the first that is there. */
static int32_t axes_of(const erg_dnn_letters *from, const char **axes)
{
    static const char *const all[] = { "dhw", "hw", "w" };

    for (size_t i = 0; i < ERG_COUNT(all); i++)
        if (axis_letter(from, 'i', all[i][0], -1) >= 0) {
            *axes = all[i];
            return (int32_t)strlen(all[i]);
        }
    *axes = "";
    return 0;
}

/* ---- tensors ------------------------------------------------------------------------- */

static const erg_dnn_memory *memory_of(const erg_dnn_tensors *memory, const char *role,
                                       size_t nth)
{
    for (size_t i = 0; i < memory->count; i++)
        if (strncmp(memory->list[i].role, role, strlen(role)) == 0 && nth-- == 0)
            return &memory->list[i];
    return NULL;
}

/* A tag that is only the axes in their order is what we call dense. */
static bool is_dense(const char *tag, int32_t rank)
{
    for (int32_t i = 0; i < rank; i++)
        if (tag[i] != 'a' + i) return tag[0] == '\0';
    return tag[rank] == '\0';
}

/* In front of the outputs as long as there are none. False: too many. */
static bool put(erg_signature *to, const erg_dnn_shape *dims, const erg_dnn_memory *memory,
                bool is_output)
{
    int32_t at = to->input_count + to->output_count;

    if (at == ERG_SIGNATURE_TENSORS) return false;
    erg_signature_tensor *own = &to->tensors[at];
    *own = (erg_signature_tensor){ .rank = dims->rank };
    memcpy(own->dims, dims->dims, sizeof own->dims);
    own->precision = memory ? memory->precision : to->precision;
    if (memory && !is_dense(memory->tag, dims->rank))
        erg_text_put(own->layout, sizeof own->layout, memory->tag);
    *(is_output ? &to->output_count : &to->input_count) += 1;
    return true;
}

static bool put_vector(erg_signature *to, int64_t size, const erg_dnn_memory *memory)
{
    return put(to, &(erg_dnn_shape){ 1, { size } }, memory, false);
}

static bool product(int64_t *to, const int64_t *factors, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (__builtin_mul_overflow(*to, factors[i], to)) return false;
    return true;
}

/* 2 batch m n k */
static bool matrix_flop(erg_signature *s)
{
    s->flop = 2;
    return product(&s->flop, (const int64_t[]){ s->batch, s->m, s->n, s->k }, 4);
}

static bool flop_by_element(erg_signature *s, const erg_dnn_shape *dims)
{
    double each = erg_op_kinds[s->op].flop_per_element;

    s->flop = each == each ? (int64_t)each : 1;     /* NAN: by shape; one an element read */
    return product(&s->flop, dims->dims, dims->rank);
}

typedef struct problem {
    const erg_dnn_line *line;
    const erg_dnn_tensors *memory;
    erg_dnn_shape shapes[ERG_DNN_SHAPES];
    size_t shape_count;
    erg_dnn_letters letters;
    bool has_letters;
} problem;

/* "ba", "acb": the last two axes have changed places: the matrix lies transposed. */
static bool is_turned(const erg_dnn_memory *memory, int32_t rank)
{
    if (!memory || rank < 2 || strlen(memory->tag) != (size_t)rank) return false;
    for (int32_t i = 0; i < rank - 2; i++)
        if (memory->tag[i] != 'a' + i) return false;
    return memory->tag[rank - 2] == 'a' + rank - 1
        && memory->tag[rank - 1] == 'a' + rank - 2;
}

/* As it lies in memory; *turned says so. */
static bool put_factor(erg_signature *to, erg_dnn_shape dims, const erg_dnn_memory *memory,
                       bool *turned)
{
    erg_dnn_memory plain;

    *turned = is_turned(memory, dims.rank);
    if (!*turned) return put(to, &dims, memory, false);
    int64_t last = dims.dims[dims.rank - 1];
    dims.dims[dims.rank - 1] = dims.dims[dims.rank - 2];
    dims.dims[dims.rank - 2] = last;
    plain = *memory;
    plain.tag[0] = '\0';
    return put(to, &dims, &plain, false);
}

/* Version 3 leaves the result out: axes in front are broadcast. */
static erg_dnn_shape product_of(const erg_dnn_shape *a, const erg_dnn_shape *b)
{
    erg_dnn_shape y = *a;

    for (int32_t i = 0; i < a->rank - 2; i++)
        y.dims[i] = a->dims[i] > b->dims[i] ? a->dims[i] : b->dims[i];
    y.dims[a->rank - 1] = b->dims[b->rank - 1];
    return y;
}

static bool matmul(const problem *is, erg_signature *to)
{
    const erg_dnn_shape *a = &is->shapes[0], *b = &is->shapes[1], *y = &is->shapes[2];
    const erg_dnn_memory *bias = memory_of(is->memory, "bia", 0);
    erg_dnn_shape made;

    if (is->shape_count < 2 || is->shape_count > 3 || a->rank < 2 || b->rank != a->rank)
        return false;
    if (is->shape_count == 2) {
        made = product_of(a, b);
        y = &made;
    }
    if (y->rank != a->rank) return false;
    to->m = y->dims[y->rank - 2];
    to->n = y->dims[y->rank - 1];
    to->k = a->dims[a->rank - 1];
    to->batch = 1;
    if (a->dims[a->rank - 2] != to->m || b->dims[b->rank - 2] != to->k
        || b->dims[b->rank - 1] != to->n
        || !product(&to->batch, y->dims, y->rank - 2)) return false;
    return put_factor(to, *a, memory_of(is->memory, "src", 0), &to->transpose_a)
        && put_factor(to, *b, memory_of(is->memory, "wei", 0), &to->transpose_b)
        && (!bias || !bias->is_there || put_vector(to, to->n, bias))
        && put(to, y, memory_of(is->memory, "dst", 0), true) && matrix_flop(to);
}

/* The image [mb, channels, ..] of a side ('i' or 'o'). */
static erg_dnn_shape image_of(const problem *is, char side, int64_t channels)
{
    const char *axes;
    int32_t count = axes_of(&is->letters, &axes);
    erg_dnn_shape image = { .rank = 2 + count,
                            .dims = { erg_dnn_letter(&is->letters, "mb", 1), channels } };

    for (int32_t i = 0; i < count; i++) {
        image.dims[2 + i] = axis_letter(&is->letters, side, axes[i], -1);
        if (image.dims[2 + i] < 0)  /* normalisation: nothing changes */
            image.dims[2 + i] = axis_letter(&is->letters, 'i', axes[i], 1);
    }
    return image;
}

static void window_of(const problem *is, erg_window *w)
{
    const erg_dnn_letters *from = &is->letters;
    const char *axes;

    w->axes = axes_of(from, &axes);
    w->groups = erg_dnn_letter(from, "g", 1);
    w->channels_in = erg_dnn_letter(from, "ic", 0);
    w->channels_out = erg_dnn_letter(from, "oc", w->channels_in);
    for (int32_t i = 0; i < w->axes; i++) {
        w->in[i] = axis_letter(from, 'i', axes[i], 1);
        w->out[i] = axis_letter(from, 'o', axes[i], 1);
        w->kernel[i] = axis_letter(from, 'k', axes[i], 1);
        w->stride[i] = axis_letter(from, 's', axes[i], 1);
        w->dilation[i] = axis_letter(from, 'd', axes[i], 0) + 1;
        w->pad_begin[i] = axis_letter(from, 'p', axes[i], 0);
        int64_t reach = (w->kernel[i] - 1) * w->dilation[i] + 1;
        w->pad_end[i] = (w->out[i] - 1) * w->stride[i] + reach - w->in[i] - w->pad_begin[i];
        if (w->pad_end[i] < 0) w->pad_end[i] = 0;
    }
}

static bool weights_of(const erg_window *w, erg_dnn_shape *to)
{
    if (w->groups < 1 || w->channels_in % w->groups
        || w->channels_out % w->groups) return false;
    *to = (erg_dnn_shape){ .rank = 2 + w->axes,
                           .dims = { w->channels_out, w->channels_in / w->groups } };
    for (int32_t i = 0; i < w->axes; i++) to->dims[2 + i] = w->kernel[i];
    return true;
}

/* 2 mb oc oh ow (ic / g) kh kw, as a product of matrices for each group. */
static bool convolution(const problem *is, erg_signature *to)
{
    const erg_dnn_memory *bias = memory_of(is->memory, "bia", 0);
    const erg_window *w = &to->window;
    const bool is_back = to->op == ERG_OP_CONV_TRANSPOSE;
    erg_dnn_shape weights;

    if (!is->has_letters) return false;
    window_of(is, &to->window);
    if (!weights_of(w, &weights)) return false;
    erg_dnn_shape x = image_of(is, 'i', w->channels_in),
                  y = image_of(is, 'o', w->channels_out);
    to->batch = w->groups;
    to->m = x.dims[0];
    to->n = w->channels_out / w->groups;
    to->k = w->channels_in / w->groups;
    return product(&to->m, is_back ? w->in : w->out, w->axes)
        && product(&to->k, w->kernel, w->axes)
        && put(to, &x, memory_of(is->memory, "src", 0), false)
        && put(to, &weights, memory_of(is->memory, "wei", 0), false)
        && (!bias || !bias->is_there || put_vector(to, w->channels_out, bias))
        && put(to, &y, memory_of(is->memory, "dst", 0), true) && matrix_flop(to);
}

static bool inner_product(const problem *is, erg_signature *to)
{
    const erg_dnn_memory *bias = memory_of(is->memory, "bia", 0);
    int64_t mb = erg_dnn_letter(&is->letters, "mb", -1),
            oc = erg_dnn_letter(&is->letters, "oc", -1);
    int64_t ic = erg_dnn_letter(&is->letters, "ic", -1);

    if (!is->has_letters || mb < 0 || oc < 0 || ic < 0) return false;
    erg_dnn_shape x = image_of(is, 'i', ic), weights = x,
                  y = { .rank = 2, .dims = { mb, oc } };
    weights.dims[0] = oc;
    to->batch = 1;
    to->m = mb;
    to->n = oc;
    to->k = 1;
    to->transpose_b = true;
    return product(&to->k, x.dims + 1, x.rank - 1)
        && put(to, &x, memory_of(is->memory, "src", 0), false)
        && put(to, &weights, memory_of(is->memory, "wei", 0), false)
        && (!bias || !bias->is_there || put_vector(to, oc, bias))
        && put(to, &y, memory_of(is->memory, "dst", 0), true) && matrix_flop(to);
}

static bool pool(const problem *is, erg_signature *to)
{
    if (!is->has_letters) return false;
    window_of(is, &to->window);
    to->window.channels_out = to->window.groups = to->window.channels_in;
    erg_dnn_shape x = image_of(is, 'i', to->window.channels_in);
    erg_dnn_shape y = image_of(is, 'o', to->window.channels_in);
    to->flop = 1;
    return put(to, &x, memory_of(is->memory, "src", 0), false)
        && put(to, &y, memory_of(is->memory, "dst", 0), true)
        && product(&to->flop, y.dims, y.rank)
        && product(&to->flop, to->window.kernel, to->window.axes);
}

/* flags: C scale, H shift, S both as one (2.x); G: mean and variance are given. */
static bool has_flag(const problem *is, char flag)
{
    erg_field text = is->line->fields[ERG_DNN_AUXILIARY];
    const char *at = text.count > 6 ? memmem(text.text, text.count, "flags:", 6) : NULL;

    for (at = at ? at + 6 : NULL; at && at < text.text + text.count && *at != ' '; at++)
        if (*at == flag) return true;
    return false;
}

static bool norm(const problem *is, erg_signature *to)
{
    bool is_batch = to->op == ERG_OP_BATCH_NORM;
    erg_dnn_shape x = is->has_letters
        ? image_of(is, 'i', erg_dnn_letter(&is->letters, "ic", 0)) : is->shapes[0];
    const erg_dnn_memory *memory = memory_of(is->memory, "src", 0);
    if (!memory) memory = memory_of(is->memory, "data", 0);
    const erg_dnn_memory single = { .precision = ERG_FP32, .is_there = true };
    int64_t size = is_batch ? x.dims[1] : x.dims[x.rank - 1];
    bool scale = has_flag(is, 'C') || has_flag(is, 'S'), shift = has_flag(is, 'H')
        || has_flag(is, 'S');
    bool stats = is_batch && has_flag(is, 'G');

    to->axis = is_batch ? 1 : x.rank - 1;
    return (is->has_letters || is->shape_count >= 1) && put(to, &x, memory, false)
        && (!scale || put_vector(to, size, &single))
        && (!shift || put_vector(to, size, &single))
        && (!stats || (put_vector(to, size, &single) && put_vector(to, size, &single)))
        && put(to, &x, memory, true) && flop_by_element(to, &x);
}

/* Inputs as they come, the last shape (or the first, where there is one alone) out. */
static bool map(const problem *is, erg_signature *to)
{
    size_t sources = 0;
    const erg_dnn_memory *out = memory_of(is->memory, "dst", 0);

    if (is->shape_count == 0) return false;
    while (memory_of(is->memory, "src", sources)) sources++;
    if (sources == 0 || to->op == ERG_OP_REDUCE) sources = 1;
    for (size_t i = 0; i < sources; i++) {
        const erg_dnn_shape *in = &is->shapes[i < is->shape_count ? i : 0];
        if (!put(to, in, memory_of(is->memory, "src", i), false)) return false;
    }
    const erg_dnn_shape *y = &is->shapes[is->shape_count > sources
                                             ? is->shape_count - 1 : 0];
    int64_t axis = erg_dnn_value(is->line->fields[ERG_DNN_AUXILIARY], "axis:");
    if (axis >= 0 && axis < ERG_SIGNATURE_RANK) to->axis = (int32_t)axis;
    return put(to, y, out ? out : memory_of(is->memory, "src", 0), true)
        && flop_by_element(to, to->op == ERG_OP_REDUCE ? &is->shapes[0] : y);
}

static bool fill(const problem *is, erg_signature *to)
{
    switch ((int)to->op) {
    case ERG_OP_MATMUL:
        return matmul(is, to);
    case ERG_OP_LINEAR:
        return inner_product(is, to);
    case ERG_OP_CONV:
    case ERG_OP_CONV_TRANSPOSE:
        return convolution(is, to);
    case ERG_OP_MAX_POOL:
    case ERG_OP_AVERAGE_POOL:
        return pool(is, to);
    case ERG_OP_LAYER_NORM:
    case ERG_OP_BATCH_NORM:
        return norm(is, to);
    }
    return map(is, to);
}

bool erg_plan_onednn_problem(const erg_dnn_line *line, const erg_dnn_tensors *memory,
                             erg_signature *to)
{
    problem is = { .line = line, .memory = memory };
    const erg_dnn_memory *weights = memory_of(memory, "wei", 0),
                         *x = memory_of(memory, "src", 0);

    is.has_letters = erg_dnn_letters_read(line->fields[ERG_DNN_PROBLEM], &is.letters);
    if (!is.has_letters)
        is.shape_count = erg_dnn_shapes_read(line->fields[ERG_DNN_PROBLEM], is.shapes);
    to->input_count = to->output_count = 0;
    to->precision = weights ? weights->precision : x ? x->precision : ERG_FP32;
    return fill(&is, to);
}
