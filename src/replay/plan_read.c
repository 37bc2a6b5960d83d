/* SPDX-License-Identifier: Apache-2.0 */
/* What all readers of plans need: words for types, options, copies, names of files. */
#include <string.h>
#include "replay/plan_read.h"

/* What frameworks and their profilers call them. */
static const struct { const char *word; erg_precision precision; } types[] = {
    { "fp16", ERG_FP16 }, { "half", ERG_FP16 }, { "float16", ERG_FP16 },
    { "f16", ERG_FP16 }, { "bf16", ERG_BF16 }, { "bfloat16", ERG_BF16 },
    { "fp32", ERG_FP32 }, { "float", ERG_FP32 }, { "float32", ERG_FP32 },
    { "f32", ERG_FP32 }, { "fp64", ERG_FP64 }, { "double", ERG_FP64 },
    { "float64", ERG_FP64 }, { "f64", ERG_FP64 }, { "tf32", ERG_TF32 }, { "fp8", ERG_FP8 },
    { "f8_e4m3", ERG_FP8 }, { "f8_e5m2", ERG_FP8 }, { "int8", ERG_INT8 },
    { "s8", ERG_INT8 }, { "u8", ERG_INT8 }, { "int4", ERG_INT4 }, { "s4", ERG_INT4 },
    { "u4", ERG_INT4 },
};

bool erg_plan_precision(const char *word, size_t count, erg_precision *out)
{
    for (size_t i = 0; i < ERG_COUNT(types); i++)
        if (strlen(types[i].word) == count && strncmp(types[i].word, word, count) == 0) {
            *out = types[i].precision;
            return true;
        }
    return false;
}

/* Copies and fills: `bytes` is all of their shape. What is filled is not read. */
void erg_plan_move(erg_replay_kernel *kernel, int64_t bytes)
{
    erg_signature *s = &kernel->signature;
    bool fills = strstr(kernel->name, "emset") != NULL;
    const erg_signature_tensor part = { .rank = 1, .dims = { bytes },
                                        .precision = ERG_INT8 };

    s->op = fills ? ERG_OP_FILL : ERG_OP_COPY;
    s->shape_known = true;
    s->precision = ERG_INT8;
    s->input_count = fills ? 0 : 1;
    s->output_count = 1;
    s->tensors[0] = s->tensors[1] = part;
    if (fills) s->tensors[1] = (erg_signature_tensor){ 0 };
    s->in_bytes = fills ? 0 : bytes;
    s->out_bytes = bytes;
    s->flop = 0;
}

/* So many that they cannot be counted stay as many as can. */
void erg_plan_leave_out(erg_replay_plan *plan, int64_t count)
{
    if (__builtin_add_overflow(plan->left_out, count, &plan->left_out))
        plan->left_out = INT64_MAX;
}

bool erg_plan_takes(const erg_replay_plan_options *options, erg_replay_plan *plan,
                    erg_replay_kernel *kernel, const char *device)
{
    bool is_other = options->device && device && strcmp(device, options->device) != 0;
    bool is_dropped = options->drop_collectives
        && (kernel->tier == ERG_TIER_COLLECTIVE || erg_name_is_collective(kernel->name));

    if (!options->keep_stream) kernel->stream = -1;
    if (is_other || is_dropped) erg_plan_leave_out(plan, kernel->count);
    return !is_other && !is_dropped;
}

const char *erg_plan_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}
