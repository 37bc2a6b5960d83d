/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Movement that oneDNN has no primitive for, as frameworks do it: rows picked by number are
 * copied one by one (gather, embedding), put by number into a copy of the whole (scatter),
 * or set (fill). This file is the only movement that is not the library's, and a kernel of
 * it says so: "rows by memcpy", "memset".
 *
 *   Unknown  Which rows are asked for is not in a signature: they are drawn by chance, one
 *            in the first half of each of as many equal parts of the table: what is asked
 *            for a few rows further on is then in no cache yet.
 *   Speed    Copies go in pieces. Above some 2 KiB glibc takes `rep movsb`, which on Zen 3
 *            has two speeds, 7.4 and 21 us for 128 rows of 3 KiB in the cache, and keeps
 *            either for seconds. Pieces have the quick one.
 */
#include <stdlib.h>
#include <string.h>
#include "engine/onednn_inside.h"
#include "math/random.h"

struct dnn_rows {
    erg_op_kind op;
    size_t bytes, count; /* of one row; rows moved */
    size_t whole;        /* bytes that are copied or set before */
    size_t parts, step;  /* of the table, without a row in common, so many rows apart */
    int out, from;       /* tensors: of the result; of what is moved */
    uint64_t at[];       /* numbers of rows */
};

enum { PIECE = 2048, APART = 256 }; /* bytes; no cache fetches so far ahead */

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

/* Rows by chance, none near another. Where the table has too few any will do. */
static void draw(dnn_rows *rows, size_t height)
{
    erg_random random = { 1 };
    size_t part = height / rows->count;

    for (size_t i = 0; i < rows->count; i++)
        rows->at[i] = part < 2 ? erg_random_below(&random, height)
                               : i * part + erg_random_below(&random, part / 2);
    for (size_t i = rows->count; part >= 2 && i-- > 1;) {
        size_t other = erg_random_below(&random, i + 1);
        uint64_t kept = rows->at[i];
        rows->at[i] = rows->at[other];
        rows->at[other] = kept;
    }
    rows->step = (APART + rows->bytes - 1) / rows->bytes;
    rows->parts = part / 2 > rows->step ? part / 2 / rows->step : 1;
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
    *rows = plan;
    rows->parts = rows->step = 1;
    if (plan.count > 0)
        draw(rows, height);
    return rows;
}

static void copy(char *to, const char *from, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += PIECE)
        memcpy(to + at, from + at, bytes - at < PIECE ? bytes - at : PIECE);
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
        copy(out + (is_put ? rows->at[i] : i) * rows->bytes,
             from + (is_put ? i : rows->at[i]) * rows->bytes, rows->bytes);
}

/* A scatter has its rows in the result, all of which is copied first. */
erg_engine_parts erg_dnn_rows_parts(const dnn_rows *rows)
{
    bool picks = rows->op == ERG_OP_EMBEDDING || rows->op == ERG_OP_GATHER;

    return (erg_engine_parts){ .count = picks ? rows->parts : 1,
                               .step_bytes = rows->step * rows->bytes,
                               .bytes = rows->count * rows->bytes };
}

const char *erg_dnn_rows_name(const dnn_rows *rows)
{
    return rows->op == ERG_OP_FILL ? "memset" : "rows by memcpy";
}

void erg_dnn_rows_free(dnn_rows *rows) { free(rows); }
