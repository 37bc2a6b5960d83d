/* SPDX-License-Identifier: Apache-2.0 */
/* Operator, types and layouts of a line; the dims come from its problem. */
#include <ctype.h>
#include <string.h>
#include "replay/plan_onednn.h"
#include "replay/plan_read.h"

static const struct { const char *word; erg_op_kind op; } primitives[] = {
    { "matmul", ERG_OP_MATMUL },            { "inner_product", ERG_OP_LINEAR },
    { "convolution", ERG_OP_CONV },         { "deconvolution", ERG_OP_CONV_TRANSPOSE },
    { "softmax", ERG_OP_SOFTMAX },          { "softmax_v2", ERG_OP_SOFTMAX },
    { "logsoftmax", ERG_OP_SOFTMAX },
    { "layer_normalization", ERG_OP_LAYER_NORM },
    { "layer_normalization_v2", ERG_OP_LAYER_NORM },
    { "batch_normalization", ERG_OP_BATCH_NORM },
    { "batch_normalization_v2", ERG_OP_BATCH_NORM },
    { "group_normalization", ERG_OP_GROUP_NORM },
    { "lrn", ERG_OP_LRN },                  { "reorder", ERG_OP_COPY },
    { "concat", ERG_OP_CONCAT },
    { "sum", ERG_OP_ADD },                  { "shuffle", ERG_OP_COPY },
    { "resampling", ERG_OP_RESIZE },        { "reduction", ERG_OP_REDUCE },
    { "prelu", ERG_OP_RELU },
};

/* `alg:` of eltwise, binary, pooling: what the primitive's own name does not say. */
static const struct { const char *word; erg_op_kind op; } algorithms[] = {
    { "eltwise_relu", ERG_OP_RELU },        { "eltwise_tanh", ERG_OP_TANH },
    { "eltwise_gelu_tanh", ERG_OP_GELU_TANH }, { "eltwise_gelu_erf", ERG_OP_GELU },
    { "eltwise_gelu", ERG_OP_GELU_TANH },   { "eltwise_swish", ERG_OP_SILU },
    { "eltwise_logistic", ERG_OP_SIGMOID }, { "eltwise_exp", ERG_OP_EXP },
    { "eltwise_log", ERG_OP_LOG },          { "eltwise_sqrt", ERG_OP_SQRT },
    { "eltwise_abs", ERG_OP_ABS },          { "eltwise_clip", ERG_OP_CLIP },
    { "eltwise_clip_v2", ERG_OP_CLIP },     { "eltwise_bounded_relu", ERG_OP_CLIP },
    { "eltwise_hardswish", ERG_OP_HARD_SWISH },
    { "eltwise_hardsigmoid", ERG_OP_HARD_SIGMOID },
    { "eltwise_pow", ERG_OP_POW },          { "eltwise_linear", ERG_OP_MUL },
    { "eltwise_square", ERG_OP_MUL },
    { "binary_add", ERG_OP_ADD },           { "binary_sub", ERG_OP_SUB },
    { "binary_mul", ERG_OP_MUL },           { "binary_div", ERG_OP_DIV },
    { "binary_max", ERG_OP_MAX },           { "binary_min", ERG_OP_MIN },
    { "binary_ge", ERG_OP_COMPARE },        { "binary_gt", ERG_OP_COMPARE },
    { "binary_le", ERG_OP_COMPARE },        { "binary_lt", ERG_OP_COMPARE },
    { "binary_eq", ERG_OP_COMPARE },        { "binary_ne", ERG_OP_COMPARE },
    { "pooling_max", ERG_OP_MAX_POOL },     { "pooling_avg", ERG_OP_AVERAGE_POOL },
    { "pooling_avg_include_padding", ERG_OP_AVERAGE_POOL },
    { "pooling_avg_exclude_padding", ERG_OP_AVERAGE_POOL },
};

static erg_op_kind op_of(const erg_dnn_line *line)
{
    erg_field algorithm = erg_dnn_word(line->fields[ERG_DNN_AUXILIARY], "alg:");

    for (size_t i = 0; i < ERG_COUNT(primitives); i++)
        if (erg_field_is(line->fields[ERG_DNN_PRIMITIVE], primitives[i].word))
            return primitives[i].op;
    for (size_t i = 0; i < ERG_COUNT(algorithms); i++)
        if (erg_field_is(algorithm, algorithms[i].word)) return algorithms[i].op;
    return ERG_OP_UNKNOWN;
}

/* ---- memory descriptors -------------------------------------------------------------- */

static erg_field part_of(erg_field *rest)
{
    const char *colon = memchr(rest->text, ':', rest->count);
    erg_field part = { rest->text, colon ? (size_t)(colon - rest->text) : rest->count };
    size_t taken = part.count + (colon != NULL);

    rest->text += taken;
    rest->count -= taken;
    return part;
}

/* "src_f32" (2.x) or "src" with the type behind a colon (3.x). */
static void take_role(erg_field *rest, erg_dnn_memory *to)
{
    erg_field role = part_of(rest), type = { "", 0 };
    const char *mask = memmem(role.text, role.count, "_mask", 5);
    if (mask) role.count = (size_t)(mask - role.text);     /* "bia_f32_mask2" */
    size_t at = role.count;
    while (at > 0 && role.text[at - 1] != '_') at--;
    const erg_field last = { role.text + at, role.count - at };
    erg_precision unused;
    bool has_type = at > 0 && (erg_plan_precision(last.text, last.count, &unused)
                               || erg_field_is(last, "undef") || erg_field_is(last, "s32"));

    if (has_type) {
        type = last;
        role.count = at - 1;
    } else
        type = part_of(rest);
    size_t length = role.count < sizeof to->role - 1 ? role.count : sizeof to->role - 1;
    memcpy(to->role, role.text, length);
    to->role[length] = '\0';
    to->is_there = !erg_field_is(type, "undef") && type.count > 0;
    to->precision = ERG_FP32;       /* s32, as wide */
    erg_plan_precision(type.text, type.count, &to->precision);
}

/* role, type, properties, kind, tag: "blocked" is all that we keep. */
static void take_memory(erg_field text, erg_dnn_memory *to)
{
    take_role(&text, to);
    part_of(&text);
    erg_field kind = part_of(&text), tag = part_of(&text);
    bool fits = erg_field_is(kind, "blocked") && tag.count < sizeof to->tag;
    for (size_t i = 0; i < tag.count; i++) fits = fits
        && isalnum((unsigned char)tag.text[i]);

    to->tag[0] = '\0';
    if (!fits) return;
    memcpy(to->tag, tag.text, tag.count);
    to->tag[tag.count] = '\0';
}

static void take_memories(erg_field text, erg_dnn_tensors *to)
{
    to->count = 0;
    while (text.count > 0 && to->count < ERG_DNN_MEMORIES) {
        const char *space = memchr(text.text, ' ', text.count);
        size_t count = space ? (size_t)(space - text.text) : text.count;
        if (count > 0) take_memory((erg_field){ text.text, count }, &to->list[to->count++]);
        size_t taken = count + (space != NULL);
        text.text += taken;
        text.count -= taken;
    }
}

/* ---- counts -------------------------------------------------------------------------- */

static bool bytes_of(const erg_signature_tensor *tensor, int64_t *to)
{
    int64_t elements = 1;

    for (int32_t i = 0; i < tensor->rank; i++)
        if (__builtin_mul_overflow(elements, tensor->dims[i], &elements)) return false;
    return !__builtin_mul_overflow(elements,
                                   erg_precision_bits(tensor->precision), &elements)
        && !__builtin_add_overflow(*to, (elements + 7) / 8, to);
}

static bool count_bytes(erg_signature *s)
{
    s->in_bytes = s->out_bytes = 0;
    for (int32_t i = 0; i < s->input_count + s->output_count; i++)
        if (!bytes_of(&s->tensors[i], i < s->input_count ? &s->in_bytes : &s->out_bytes))
            return false;
    return true;
}

void erg_plan_onednn_shapes(const erg_dnn_line *line, erg_replay_kernel *kernel)
{
    erg_signature *s = &kernel->signature;
    const erg_signature none = *s;
    erg_dnn_tensors memory;

    s->op = op_of(line);
    take_memories(line->fields[ERG_DNN_MEMORY], &memory);
    s->shape_known = s->op != ERG_OP_UNKNOWN && erg_plan_onednn_problem(line, &memory, s)
        && count_bytes(s);
    if (s->shape_known) return;
    erg_op_kind op = s->op;
    *s = none;      /* half a shape is none */
    s->op = op;
}
