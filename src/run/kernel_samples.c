/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns as NVIDIA's aiconfigurator names them. A row is a decode where it has a step:
 * the tokens that are in the cache already; the model counts the new one with them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "format/csv.h"
#include "run/kernel_samples.h"

enum { FILE_MOST = 1 << 28, ROWS_LEAST = 100 };
enum { PRODUCT_TYPE, M, N, K, BATCH, TOKENS, STEP, HEADS, KV_HEADS, HEAD_DIM,
       CACHE_TYPE, WINDOW, LATENCY, POWER, COLUMNS };

static const char *const columns[COLUMNS] = {
    "gemm_dtype", "m", "n", "k", "batch_size", "isl", "step", "num_heads",
    "num_key_value_heads", "head_dim", "kv_cache_dtype", "window_size",
    "latency_ms", "power_w",
};
static const struct { const char *name; erg_kernel_type type; } types[] = {
    { "bfloat16", ERG_KERNEL_BF16 }, { "bf16", ERG_KERNEL_BF16 }, { "fp8", ERG_KERNEL_FP8 },
    { "fp8_block", ERG_KERNEL_FP8 }, { "nvfp4", ERG_KERNEL_FP4 }, { "fp4", ERG_KERNEL_FP4 },
};

typedef struct reading {
    erg_kernel_samples *to;
    int at[COLUMNS];                /* field of each column, -1: none */
    bool has_header;
} reading;

static bool read_header(reading *in, const erg_csv_row *row, erg_error *err)
{
    for (size_t c = 0; c < COLUMNS; c++)
        in->at[c] = erg_csv_column(row, columns[c]);
    in->has_header = true;
    return (in->at[LATENCY] >= 0 && (in->at[PRODUCT_TYPE] >= 0 || in->at[CACHE_TYPE] >= 0))
        || erg_fail(err, ERG_BAD_INPUT,
                    "%s has no column latency_ms, or neither gemm_dtype nor "
                    "kv_cache_dtype: see docs/formats.md", in->to->path);
}

static erg_field field_of(const reading *in, const erg_csv_row *row, int column)
{
    if (in->at[column] < 0 || (size_t)in->at[column] >= row->count)
        return (erg_field){ "", 0 };
    return erg_field_trim(row->fields[in->at[column]]);
}

static double number_of(const reading *in, const erg_csv_row *row, int column)
{
    erg_field field = field_of(in, row, column);
    double value;

    return erg_number_parse(field.text, field.count, '.', &value) ? value : NAN;
}

/* 0 where there is none or no whole number: the check of the shape refuses that. */
static int64_t size_of(const reading *in, const erg_csv_row *row, int column)
{
    double value = number_of(in, row, column);

    return value >= 0 && value < 1e9 ? (int64_t)value : 0;
}

static bool type_of(erg_field field, erg_kernel_type *to)
{
    for (size_t i = 0; i < ERG_COUNT(types); i++)
        if (erg_field_is(field, types[i].name)) {
            *to = types[i].type;
            return true;
        }
    return false;
}

static erg_kernel_shape shape_of(const reading *in, const erg_csv_row *row)
{
    int64_t step = size_of(in, row, STEP), tokens = size_of(in, row, TOKENS);

    if (in->at[PRODUCT_TYPE] >= 0)
        return (erg_kernel_shape){ .kind = ERG_KERNEL_GEMM, .m = size_of(in, row, M),
                                   .n = size_of(in, row, N), .k = size_of(in, row, K) };
    return (erg_kernel_shape){
        .kind = step > 0 ? ERG_KERNEL_DECODE : ERG_KERNEL_PREFILL,
        .batch = size_of(in, row, BATCH), .seq = tokens + step,
        .heads = size_of(in, row, HEADS), .kv_heads = size_of(in, row, KV_HEADS),
        .head_dim = size_of(in, row, HEAD_DIM), .window = size_of(in, row, WINDOW),
    };
}

/* splitmix64 of the pair: the same folds whatever the order of rows. */
static int fold_of(const erg_kernel_shape *shape)
{
    bool is_product = shape->kind == ERG_KERNEL_GEMM;
    uint64_t x = (uint64_t)(is_product ? shape->n : shape->heads) << 32
               | (uint64_t)(is_product ? shape->k : shape->kv_heads);

    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (int)((x ^ (x >> 31)) % ERG_KERNEL_FOLDS);
}

static bool read_row(reading *in, const erg_csv_row *row, erg_error *err)
{
    erg_kernel_samples *to = in->to;
    erg_kernel_sample made = { .shape = shape_of(in, row),
                               .latency_s = 1e-3 * number_of(in, row, LATENCY),
                               .power_w = number_of(in, row, POWER) };
    int type = in->at[PRODUCT_TYPE] >= 0 ? PRODUCT_TYPE : CACHE_TYPE;
    erg_error why = { 0 };

    if (!type_of(field_of(in, row, type), &made.shape.type)
        || !erg_kernel_shape_check(&made.shape, &why) || !(made.latency_s > 0))
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s, line %zu: a type, a size or a latency that is "
                        "none", to->path, row->line);
    if (to->count && made.shape.kind != to->rows[0].shape.kind)
        return erg_fail(err, ERG_BAD_INPUT, "%s, line %zu: a file holds one kind of kernel",
                        to->path, row->line);
    made.fold = fold_of(&made.shape);
    to->has_power = to->has_power && made.power_w > 0;
    if (!erg_grow((void **)&to->rows, &to->capacity, to->count, sizeof(*to->rows), err))
        return false;
    to->rows[to->count++] = made;
    return true;
}

static bool on_row(void *self, const erg_csv_row *row, erg_error *err)
{
    reading *in = self;

    return in->has_header ? read_row(in, row, err) : read_header(in, row, err);
}

bool erg_kernel_samples_load(erg_kernel_samples *to, const char *path, erg_error *err)
{
    size_t size;
    char *text = erg_file_read(path, FILE_MOST, &size, err);
    reading in = { .to = to };

    *to = (erg_kernel_samples){ .path = path, .has_power = true };
    if (!text)
        return false;
    bool good = erg_csv_read(&(erg_csv){ .name = path, .separator = ',', .keep_last = true,
                                         .row = on_row, .self = &in }, text, size,
                             NULL, err);
    free(text);
    if (good && to->count < ROWS_LEAST)
        good = erg_fail(err, ERG_BAD_INPUT, "%s has %zu rows: %d or more are needed to "
                        "learn from", path, to->count, ROWS_LEAST);
    if (!good)
        erg_kernel_samples_free(to);
    return good;
}

void erg_kernel_samples_free(erg_kernel_samples *samples)
{
    free(samples->rows);
    *samples = (erg_kernel_samples){ 0 };
}
