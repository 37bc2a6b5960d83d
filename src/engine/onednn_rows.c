/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of a table picked by number, which oneDNN has no primitive for: copied one by one,
 * as frameworks do. This file is the only movement that is not the library's.
 */
#include <stdlib.h>
#include <string.h>
#include "engine/onednn_inside.h"
#include "math/random.h"

struct dnn_rows {
    size_t bytes, count; /* of one row; rows picked */
    int out;             /* tensor of the result */
    uint64_t from[];     /* numbers of rows: what was asked for is not in a signature */
};

bool erg_dnn_is_rows(erg_op_kind op)
{
    return op == ERG_OP_EMBEDDING || op == ERG_OP_GATHER;
}

dnn_rows *erg_dnn_rows_new(const erg_signature *signature, erg_error *err)
{
    const erg_signature_tensor *table = &signature->tensors[0];
    const erg_signature_tensor *out = erg_dnn_output(signature);
    int64_t height = table->rank > 0 ? table->dims[0] : 0, all = erg_dnn_elements(table);
    int64_t width = height > 0 ? all / height : 0, picked = erg_dnn_elements(out);

    if (width < 1 || picked % width != 0) {
        erg_fail(err, ERG_UNSUPPORTED, "no whole rows of its table are picked by this %s",
                 erg_op_kinds[signature->op].name);
        return NULL;
    }
    size_t count = (size_t)(picked / width);
    dnn_rows *rows = malloc(sizeof(*rows) + count * sizeof(rows->from[0]));
    if (!rows) {
        erg_fail(err, ERG_NO_MEMORY, "no memory for %zu row numbers", count);
        return NULL;
    }
    erg_random random = { 1 };
    *rows = (dnn_rows){ (size_t)width * (size_t)erg_precision_bits(table->precision) / 8,
                        count, signature->input_count };
    for (size_t i = 0; i < count; i++)
        rows->from[i] = erg_random_below(&random, (uint64_t)height);
    return rows;
}

void erg_dnn_rows_copy(const dnn_rows *rows, void *const memory[])
{
    const char *table = memory[0];
    char *out = memory[rows->out];

    for (size_t i = 0; i < rows->count; i++)
        memcpy(out + i * rows->bytes, table + rows->from[i] * rows->bytes, rows->bytes);
}

void erg_dnn_rows_free(dnn_rows *rows) { free(rows); }
