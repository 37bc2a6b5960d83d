/* SPDX-License-Identifier: Apache-2.0 */
/* What kernels cost, as a table, with the bounds beside each figure. */
#include <inttypes.h>
#include "estimate/kernel.h"

static const erg_column columns[] = {
    { "hardware", ERG_TEXT, "device of the model" },
    { "kernel", ERG_TEXT, "kind, type of the numbers, sizes" },
    { "latency_s", ERG_REAL, "time of one launch" },
    { "latency_low_s", ERG_REAL, "of its 95 % interval" },
    { "latency_high_s", ERG_REAL, "of its 95 % interval" },
    { "power_w", ERG_REAL, "mean of the board, as the campaign read it" },
    { "power_low_w", ERG_REAL, "of its 95 % interval" },
    { "power_high_w", ERG_REAL, "of its 95 % interval" },
    { "energy_j", ERG_REAL, "of one launch: power times latency" },
    { "energy_low_j", ERG_REAL, "of its 95 % interval" },
    { "energy_high_j", ERG_REAL, "of its 95 % interval" },
    { "flop", ERG_REAL, "twice the multiply-adds" },
    { "bytes", ERG_REAL, "each operand once" },
    { "roofline_s", ERG_REAL, "least time by peak and bandwidth" },
    { "beyond", ERG_TRUTH, "outside of the measured sizes: the interval is a guess" },
};

static void name_of(const erg_kernel_shape *s, char *to, size_t size)
{
    const char *kind = erg_kernel_kind_name(s->kind), *type = erg_kernel_type_name(s->type);

    if (s->kind == ERG_KERNEL_GEMM)
        snprintf(to, size, "%s:%s:%" PRId64 ",%" PRId64 ",%" PRId64, kind, type, s->m, s->n,
                 s->k);
    else
        snprintf(to, size, "%s:%s:%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64
                 ",%" PRId64, kind, type, s->batch, s->seq, s->heads, s->kv_heads,
                 s->head_dim, s->window);
}

static bool put_figure(erg_table *table, const char *const names[3],
                       const erg_kernel_figure *figure, erg_error *err)
{
    return erg_table_real(table, names[0], figure->value, err)
        && erg_table_real(table, names[1], figure->low, err)
        && erg_table_real(table, names[2], figure->high, err);
}

static bool add_row(erg_table *table, const erg_kernels *model,
                    const erg_kernel_shape *shape, erg_error *err)
{
    static const char *const latency[] = { "latency_s", "latency_low_s", "latency_high_s" };
    static const char *const power[] = { "power_w", "power_low_w", "power_high_w" };
    static const char *const energy[] = { "energy_j", "energy_low_j", "energy_high_j" };
    char name[192];
    erg_kernel_cost cost;

    name_of(shape, name, sizeof(name));
    return erg_kernels_cost(model, shape, &cost, err) && erg_table_row(table, err)
        && erg_table_text(table, "hardware", model->hardware, err)
        && erg_table_text(table, "kernel", name, err)
        && put_figure(table, latency, &cost.latency_s, err)
        && put_figure(table, power, &cost.power_w, err)
        && put_figure(table, energy, &cost.energy_j, err)
        && erg_table_real(table, "flop", cost.flop, err)
        && erg_table_real(table, "bytes", cost.bytes, err)
        && erg_table_real(table, "roofline_s", cost.roofline_s, err)
        && erg_table_truth(table, "beyond", cost.beyond, err);
}

static bool add_rows(erg_result *result, erg_table *table, const erg_kernels *model,
                     const erg_kernel_shape shapes[], size_t count, erg_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (!add_row(table, model, &shapes[i], err))
            return false;
    return erg_result_note(result, err, "%s: learnt from %s, %s", model->hardware,
                           model->source, model->date);
}

erg_result *erg_kernels_table(const erg_kernels *const models[], size_t model_count,
                              const erg_kernel_shape shapes[], size_t shape_count,
                              erg_error *err)
{
    erg_result *result = erg_result_new("estimate", err);
    erg_table *table = result
        ? erg_result_add(result, "kernels", columns, ERG_COUNT(columns),
                         err) : NULL;
    bool good = table != NULL;

    for (size_t i = 0; good && i < model_count; i++)
        good = add_rows(result, table, models[i], shapes, shape_count, err);
    if (good)
        return result;
    erg_result_free(result);
    return NULL;
}
