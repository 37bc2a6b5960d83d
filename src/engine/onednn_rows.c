/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Movement that oneDNN has no primitive for, as frameworks do it: rows picked by number are
 * copied one by one (gather, embedding), put by number into a copy of the whole (scatter),
 * or set (fill). This file is the only movement that is not the library's, and a kernel of
 * it says so: "rows by memcpy", "memset".
 *
 *   Unknown  Which rows are asked for is not in a signature: they are drawn by chance.
 */
#include <stdlib.h>
#include <string.h>
#include "engine/onednn_inside.h"
#include "math/random.h"

struct dnn_rows {
    erg_op_kind op;
    size_t bytes, count; /* of one row; rows moved */
    size_t whole;        /* bytes that are copied or set before */
    int out, from;       /* tensors: of the result; of what is moved */
    uint64_t at[];       /* numbers of rows */
};

bool erg_dnn_is_rows(erg_op_kind op)
{
    return op == ERG_OP_EMBEDDING || op == ERG_OP_GATHER || op == ERG_OP_SCATTER
        || op == ERG_OP_FILL;
}

static size_t bytes_of(const erg_signature_tensor *tensor, int64_t elements)
{
    return (size_t)elements * (size_t)erg_precision_bits(tensor->precision) / 8;
}

static int64_t behind(const erg_signature_tensor *tensor, int axis)
{
    int64_t count = 1;

    for (int i = axis + 1; i < tensor->rank; i++)
        count *= tensor->dims[i];
    return count;
}

/* Elements that lie together in the table and in what is picked: behind the axis, or behind
 * the first; one, where whole rows are not picked. */
static int64_t picked_width(const erg_signature *is)
{
    const erg_signature_tensor *table = &is->tensors[0];
    int64_t width = behind(table, is->axis > 0 ? is->axis : 0);

    return width > 0 && erg_dnn_elements(erg_dnn_output(is)) % width == 0 ? width : 1;
}

/* Axes that the updates and the whole have alike, from the last one. */
static int64_t put_width(const erg_signature_tensor *updates,
                         const erg_signature_tensor *whole)
{
    int64_t width = 1;

    for (int i = 1; i < updates->rank && i < whole->rank; i++) {
        int64_t of = updates->dims[updates->rank - i];
        if (of != whole->dims[whole->rank - i])
            break;
        width *= of;
    }
    return width;
}

/* All but the numbers of rows. False: such a one is not moved in rows. */
static bool plan_rows(const erg_signature *is, dnn_rows *to)
{
    const erg_signature_tensor *out = erg_dnn_output(is);
    int64_t all = erg_dnn_elements(out), width = 1, moved = 0;

    *to = (dnn_rows){ .op = is->op, .out = is->input_count };
    if (is->output_count != 1 || all < 1 || !is->shape_known)
        return false;
    if (is->op == ERG_OP_FILL) {
        to->whole = bytes_of(out, all);
        return true;
    }
    if (is->input_count < (is->op == ERG_OP_SCATTER ? 2 : 1))
        return false;
    to->from = is->op == ERG_OP_SCATTER ? is->input_count - 1 : 0;
    to->whole = is->op == ERG_OP_SCATTER ? bytes_of(out, all) : 0;
    moved = is->op == ERG_OP_SCATTER ? erg_dnn_elements(&is->tensors[to->from]) : all;
    width = is->op == ERG_OP_SCATTER ? put_width(&is->tensors[to->from], out)
                                     : picked_width(is);
    to->bytes = bytes_of(&is->tensors[to->from], width);
    to->count = (size_t)(moved / width);
    return to->bytes > 0 && erg_dnn_elements(&is->tensors[0]) >= width
        && (is->op != ERG_OP_SCATTER || erg_dnn_elements(&is->tensors[0]) == all);
}

dnn_rows *erg_dnn_rows_new(const erg_signature *signature, erg_error *err)
{
    dnn_rows plan;

    if (!plan_rows(signature, &plan)) {
        erg_fail(err, ERG_UNSUPPORTED, "no rows are moved by a %s of such tensors",
                 erg_op_kinds[signature->op].name);
        return NULL;
    }
    dnn_rows *rows = malloc(sizeof(*rows) + plan.count * sizeof(rows->at[0]));
    if (!rows) {
        erg_fail(err, ERG_NO_MEMORY, "no memory for %zu row numbers", plan.count);
        return NULL;
    }
    const erg_signature_tensor *first = &signature->tensors[0];
    size_t height = plan.count ? bytes_of(first, erg_dnn_elements(first)) / plan.bytes : 0;
    erg_random random = { 1 };
    *rows = plan;
    for (size_t i = 0; i < plan.count; i++)
        rows->at[i] = erg_random_below(&random, height);
    return rows;
}

void erg_dnn_rows_move(const dnn_rows *rows, void *const memory[])
{
    char *out = memory[rows->out];
    const char *from = memory[rows->from];
    bool is_put = rows->op == ERG_OP_SCATTER;

    if (rows->op == ERG_OP_FILL)
        memset(out, 0, rows->whole);
    else if (is_put)
        memcpy(out, memory[0], rows->whole);
    for (size_t i = 0; i < rows->count; i++)
        memcpy(out + (is_put ? rows->at[i] : i) * rows->bytes,
               from + (is_put ? i : rows->at[i]) * rows->bytes, rows->bytes);
}

const char *erg_dnn_rows_name(const dnn_rows *rows)
{
    return rows->op == ERG_OP_FILL ? "memset" : "rows by memcpy";
}

void erg_dnn_rows_free(dnn_rows *rows) { free(rows); }
