/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators that oneDNN has no primitive for and that are several of its own: a split is a
 * copy for each result, a tile copies what it has copied; what computes is in
 * onednn_folds.c and onednn_groups.c.
 * Every part is a job of the engine on a view of the operator's tensors.
 *
 *   Unknown  Where a pad begins is not in a signature: all of it is put at the ends.
 */
#include <stdlib.h>
#include <string.h>
#include "engine/onednn_parts.h"

extern const erg_engine erg_engine_onednn;

enum { PARTS_MOST = 64, ALIGNMENT = 64 };

typedef struct part {
    erg_engine_job *job;
    dnn_place at[DNN_PLACES];
} part;

struct dnn_parts {
    part list[PARTS_MOST];
    int count;
    void *own; /* zeros of a pad, scores of attention */
    char name[48];
};

/* ---- views ----------------------------------------------------------------------- */

/* A box inside of a dense tensor. */
typedef struct box {
    erg_signature_tensor view;
    dnn_place at;
} box;

static box box_of(const erg_signature_tensor *whole, int tensor, const int64_t from[],
                  const int64_t dims[])
{
    box b = { .view = *whole, .at = { .tensor = tensor } };
    int64_t stride = 1, begin = 0;

    for (int i = whole->rank - 1; i >= 0; i--) {
        b.view.strides[i] = stride;
        b.view.dims[i] = dims[i];
        begin += from[i] * stride;
        stride *= whole->dims[i];
    }
    b.at.bytes = (size_t)(begin * erg_precision_bits(whole->precision)) / 8;
    return b;
}

bool erg_dnn_own_memory(dnn_making *to, int64_t elements, erg_precision precision)
{
    size_t bytes = (size_t)(elements * erg_precision_bits(precision)) / 8;

    bytes = (bytes + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
    to->to->own = aligned_alloc(ALIGNMENT, bytes);
    if (!to->to->own)
        return erg_fail(to->err, ERG_NO_MEMORY, "no memory for %zu bytes in between",
                        bytes);
    memset(to->to->own, 0, bytes);
    return true;
}

void *erg_dnn_own(const dnn_parts *parts) { return parts->own; }

bool erg_dnn_add_part(dnn_making *to, const erg_signature *signature,
                      const dnn_place at[DNN_PLACES])
{
    dnn_parts *parts = to->to;

    if (parts->count == PARTS_MOST)
        return erg_fail(to->err, ERG_UNSUPPORTED, "oneDNN: a %s of more than %d parts",
                        erg_op_kinds[to->whole->op].name, PARTS_MOST);
    part *own = &parts->list[parts->count];
    memcpy(own->at, at, sizeof(own->at));
    own->job = erg_engine_onednn.prepare(to->session, signature, to->err);
    if (!own->job)
        return false;
    parts->count++;
    return true;
}

static bool add_copy(dnn_making *to, const box *from, const box *into)
{
    const erg_signature copy = {
        .op = ERG_OP_COPY,
        .shape_known = true,
        .input_count = 1,
        .output_count = 1,
        .axis = -1,
        .precision = to->whole->precision,
        .tensors = { from->view, into->view },
    };

    return erg_dnn_add_part(to, &copy, (dnn_place[DNN_PLACES]){ from->at, into->at });
}

static box all_of(const erg_signature_tensor *tensor, int number)
{
    static const int64_t begin[ERG_SIGNATURE_RANK];

    return box_of(tensor, number, begin, tensor->dims);
}

/* ---- splits, tiles, pads --------------------------------------------------------- */

static int axis_of_split(const erg_signature *is)
{
    const erg_signature_tensor *x = &is->tensors[0], *y = erg_dnn_output(is);

    for (int i = 0; i < x->rank; i++)
        if (x->dims[i] != y->dims[i])
            return i;
    return 0;
}

static bool split(dnn_making *to)
{
    const erg_signature *is = to->whole;
    const erg_signature_tensor *x = &is->tensors[0];
    int axis = axis_of_split(is);
    int64_t from[ERG_SIGNATURE_RANK] = { 0 };

    for (int i = 0; i < is->output_count; i++) {
        const erg_signature_tensor *y = &is->tensors[is->input_count + i];

        for (int k = 0; k < x->rank; k++)
            if (y->rank != x->rank || (k != axis && y->dims[k] != x->dims[k]))
                return erg_fail(to->err, ERG_UNSUPPORTED,
                                "oneDNN: no split of these shapes");
        if (from[axis] + y->dims[axis] > x->dims[axis])
            return erg_fail(to->err, ERG_UNSUPPORTED,
                            "oneDNN: a split into more than there is");
        box source = box_of(x, 0, from, y->dims), target = all_of(y, is->input_count + i);
        if (!add_copy(to, &source, &target))
            return false;
        from[axis] += y->dims[axis];
    }
    return is->output_count > 0;
}

/* Axis by axis, the last first: what is there is copied behind itself, twice as much each
 * time. Missing leading axes are 1. */
static bool tile(dnn_making *to)
{
    const erg_signature *is = to->whole;
    const erg_signature_tensor *y = erg_dnn_output(is);
    erg_signature_tensor x = is->tensors[0];
    int64_t filled[ERG_SIGNATURE_RANK] = { 0 }, from[ERG_SIGNATURE_RANK] = { 0 };
    const int ahead = y->rank - x.rank, out = is->input_count;

    for (int i = 0; i < y->rank; i++) {
        filled[i] = i < ahead ? 1 : is->tensors[0].dims[i - ahead];
        if (ahead < 0 || filled[i] < 1 || y->dims[i] % filled[i])
            return erg_fail(to->err, ERG_UNSUPPORTED, "oneDNN: no tile of these shapes");
    }
    x.rank = y->rank;
    memcpy(x.dims, filled, sizeof(x.dims));
    memset(x.strides, 0, sizeof(x.strides));
    box source = all_of(&x, 0), target = box_of(y, out, from, filled);
    if (!add_copy(to, &source, &target))
        return false;
    for (int i = y->rank - 1; i >= 0; i--)
        while (filled[i] < y->dims[i]) {
            int64_t left = y->dims[i] - filled[i], had = filled[i];

            filled[i] = left < had ? left : had;
            source = box_of(y, out, from, filled);
            from[i] = had;
            target = box_of(y, out, from, filled);
            from[i] = 0;
            if (!add_copy(to, &source, &target))
                return false;
            filled[i] += had;
        }
    return true;
}

/* The operand at the origin; behind it, axis by axis, zeros. */
static bool pad(dnn_making *to)
{
    const erg_signature *is = to->whole;
    const erg_signature_tensor *x = &is->tensors[0], *y = erg_dnn_output(is);
    int64_t dims[ERG_SIGNATURE_RANK], from[ERG_SIGNATURE_RANK] = { 0 };

    for (int i = 0; i < x->rank; i++)
        if (y->rank != x->rank || y->dims[i] < x->dims[i])
            return erg_fail(to->err, ERG_UNSUPPORTED, "oneDNN: no pad of these shapes");
    box source = all_of(x, 0), target = box_of(y, is->input_count, from, x->dims);
    if (!erg_dnn_own_memory(to, erg_dnn_elements(y), y->precision)
        || !add_copy(to, &source, &target))
        return false;
    for (int i = 0; i < x->rank; i++) {
        memcpy(dims, y->dims, sizeof(dims));
        memcpy(dims, x->dims, (size_t)i * sizeof(dims[0]));
        dims[i] -= from[i] = x->dims[i];
        erg_signature_tensor zeros = *y;
        memcpy(zeros.dims, dims, sizeof(dims));
        source = all_of(&zeros, DNN_OWN);
        target = box_of(y, is->input_count, from, dims);
        if (dims[i] > 0 && !add_copy(to, &source, &target))
            return false;
        from[i] = 0;
    }
    return true;
}

/* ---- the table ------------------------------------------------------------------- */

static const struct {
    erg_op_kind op;
    bool (*make)(dnn_making *to);
} rows[] = {
    { ERG_OP_SPLIT, split },
    { ERG_OP_TILE, tile },
    { ERG_OP_PAD, pad },
    { ERG_OP_ATTENTION, erg_dnn_attention },
    { ERG_OP_RMS_NORM, erg_dnn_rms_norm },
    { ERG_OP_ROTARY, erg_dnn_rotary },
    { ERG_OP_GROUP_NORM, erg_dnn_group_norm },
    { ERG_OP_INSTANCE_NORM, erg_dnn_group_norm },
};

bool erg_dnn_has_parts(erg_op_kind op)
{
    for (size_t i = 0; i < ERG_COUNT(rows); i++)
        if (rows[i].op == op)
            return true;
    return false;
}

static bool make(dnn_making *to)
{
    for (size_t i = 0; i < ERG_COUNT(rows); i++)
        if (rows[i].op == to->whole->op)
            return rows[i].make(to);
    return false;
}

dnn_parts *erg_dnn_parts_new(erg_engine_session *session, const erg_signature *signature,
                             erg_error *err)
{
    dnn_parts *parts = calloc(1, sizeof(*parts));
    dnn_making to = { session, signature, parts, err };

    if (!parts) {
        erg_fail(err, ERG_NO_MEMORY, "no memory for a job");
        return NULL;
    }
    bool good = signature->shape_known
                    ? make(&to)
                    : erg_fail(err, ERG_UNSUPPORTED, "oneDNN has no %s of unknown shape",
                               erg_op_kinds[signature->op].name);
    if (good) {
        snprintf(parts->name, sizeof(parts->name), "%d parts: %.32s", parts->count,
                 erg_engine_onednn.implementation(parts->list[0].job));
        return parts;
    }
    erg_dnn_parts_free(parts);
    return NULL;
}

const char *erg_dnn_parts_name(const dnn_parts *parts) { return parts->name; }

bool erg_dnn_parts_launch(const dnn_parts *parts, void *const memory[], erg_error *err)
{
    for (int i = 0; i < parts->count; i++) {
        void *own[ERG_SIGNATURE_TENSORS] = { NULL };

        for (int k = 0; k < DNN_PLACES; k++) {
            const dnn_place *at = &parts->list[i].at[k];

            own[k] =
                (char *)(at->tensor == DNN_OWN ? parts->own : memory[at->tensor])
                + at->bytes;
        }
        if (!erg_engine_onednn.launch(parts->list[i].job, own, err))
            return false;
    }
    return true;
}

void erg_dnn_parts_free(dnn_parts *parts)
{
    if (!parts)
        return;
    for (int i = 0; i < parts->count; i++)
        erg_engine_onednn.free(parts->list[i].job);
    free(parts->own);
    free(parts);
}
