/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Advice about the tensors of a graph: which the compiler should keep on chip, and which
 * a training step should compute again. Operators, launches, joules and times are those of
 * erg estimate; the joules of a byte and of an operation those of the device's profile.
 */
#include <math.h>
#include <stdlib.h>
#include "advise/advise.h"
#include "erg/estimate.h"
#include "format/cells.h"
#include "advise/advise_in_place.h"

enum { TOP = 20 };

typedef struct bench {
    const erg_advise_device *on;
    erg_hardware *hardware;
    erg_profile *profile;
    erg_graph *graph;
    erg_energy_costs costs;
    erg_precision precision;
    char source[160];
    size_t top;
    erg_error *err;
} bench;

static double or_else(double given, double found) { return given > 0 ? given : found; }

/* What was given comes before what the device's profile says. */
static bool open_device(bench *to)
{
    const erg_advise_device *on = to->on;

    to->costs = (erg_energy_costs){ on->flop_j, on->byte_j, on->static_w };
    snprintf(to->source, sizeof(to->source), "given");
    if (on->precision && !erg_precision_parse(on->precision, &to->precision))
        return erg_fail(to->err, ERG_BAD_INPUT, "--precision: there is no '%s'",
                        on->precision);
    if (!on->hardware)
        return true;
    to->hardware = erg_hardware_load(on->env, on->catalog, on->hardware, to->err);
    to->profile =
        to->hardware ? erg_profile_load(on->catalog, to->hardware, NULL, to->err) : NULL;
    if (!to->profile)
        return false;
    const erg_energy_terms *terms = &to->profile->energy;
    double tensor_j = terms->op_j_per_flop[ERG_UNIT_TENSOR][to->precision];
    double flop_j =
        tensor_j > 0 ? tensor_j : terms->op_j_per_flop[ERG_UNIT_VECTOR][to->precision];
    to->costs.flop_j = or_else(on->flop_j, flop_j);
    to->costs.byte_j = or_else(on->byte_j, terms->byte_j + terms->far_byte_j);
    to->costs.static_w = or_else(on->static_w, isnan(terms->static_w) ? to->hardware->idle_w
                                                                      : terms->static_w);
    snprintf(to->source, sizeof(to->source), "profile of %s, %s", to->hardware->name,
             terms->rows > 0 ? "calibrated" : "by its process node");
    return true;
}

static bool check_costs(const bench *of)
{
    if (of->costs.byte_j > 0 && of->costs.flop_j > 0)
        return true;
    return erg_fail(of->err, ERG_BAD_INPUT,
                    "the joules of a byte and of an operation are not "
                    "known: --on HARDWARE, or --byte-energy and --flop-energy");
}

static bool open_graph(bench *to, const char *workload, erg_phase phase)
{
    const erg_graph_options options = { .batch = to->on->batch,
                                        .seq = to->on->seq,
                                        .precision = to->precision,
                                        .phase = phase };

    if (!to->hardware)
        return erg_fail(to->err, ERG_BAD_INPUT, "a graph needs --on HARDWARE");
    to->graph = erg_graph_load(workload, &options, to->err);
    return to->graph != NULL;
}

static void close_all(bench *of)
{
    erg_graph_free(of->graph);
    erg_profile_free(of->profile);
    erg_hardware_free(of->hardware);
}

/* ---- recompute ---------------------------------------------------------------------- */

/* Does the way back read what this tensor holds? */
static bool *find_saved(const erg_graph *graph)
{
    bool *saved = calloc((size_t)graph->tensor_count + 1, sizeof(*saved));

    for (int32_t i = graph->forward_count; saved && i < graph->operator_count; i++)
        for (int32_t k = 0; k < graph->operators[i].input_count; k++)
            saved[graph->tensors[graph->operators[i].inputs[k]].storage] = true;
    return saved;
}

/* Joules as the estimate has them; of a launch of one operator. */
static erg_recompute_item item_of(const bench *of, const erg_estimation *estimate,
                                  int32_t launch, const erg_tensor *tensor)
{
    const erg_operator *op = &of->graph->operators[tensor->producer];
    erg_recompute_item item = { .flop = (double)op->flop,
                                .bytes = (double)tensor->bytes,
                                .time_s = estimate->latency[launch].total_s,
                                .input_bytes =
                                    (double)op->in_bytes + (double)op->weight_bytes };

    erg_text_put(item.name, sizeof(item.name), tensor->name);
    erg_recompute_judge(&item, &of->costs);
    item.recompute_j =
        estimate->energy[launch].compute_j + estimate->energy[launch].static_j;
    return item;
}

/* What a launch has made on the way forth and the way back reads. */
static size_t list_of_launch(const bench *of, const erg_estimation *estimate,
                             int32_t launch, const bool saved[], erg_recompute_item items[])
{
    const erg_subgraph *is = &estimate->partition->subgraphs[launch];
    size_t count = 0;

    for (int32_t i = 0; i < is->operator_count; i++) {
        const erg_operator *op = &of->graph->operators[is->operators[i]];
        if (is->operators[i] >= of->graph->forward_count)
            continue;
        for (int32_t k = 0; k < op->output_count; k++) {
            const erg_tensor *tensor = &of->graph->tensors[op->outputs[k]];
            bool is_own = tensor->storage == op->outputs[k];
            if (is_own && saved[op->outputs[k]] && tensor->role == ERG_ACTIVATION)
                items[count++] = item_of(of, estimate, launch, tensor);
        }
    }
    return count;
}

static size_t list_items(const bench *of, const erg_estimation *estimate,
                         const bool saved[], erg_recompute_item items[])
{
    size_t count = 0;

    for (int32_t s = 0; s < estimate->partition->subgraph_count; s++)
        count += list_of_launch(of, estimate, s, saved, items + count);
    return count;
}

static erg_result *judge_graph(bench *of, const char *workload)
{
    const erg_estimate_options options = { .runtime = ERG_EAGER };
    erg_result *result = NULL;

    if (!open_graph(of, workload, ERG_TRAIN))
        return NULL;
    erg_estimation *estimate =
        erg_estimate_run(of->graph, of->hardware, of->profile, &options, of->err);
    bool *saved = find_saved(of->graph);
    erg_recompute_item *items = calloc((size_t)of->graph->tensor_count + 1, sizeof(*items));
    if (!saved || !items)
        erg_fail(of->err, ERG_NO_MEMORY, "no memory for the tensors of %s", workload);
    else if (estimate)
        result = erg_recompute_result(items, list_items(of, estimate, saved, items),
                                      of->top, of->source, of->err);
    free(items);
    free(saved);
    erg_estimation_free(estimate);
    return result;
}

static erg_result *judge_csv(bench *of, const char *path)
{
    size_t count;
    erg_recompute_item *items = erg_rows_read(&erg_recompute_layout, path, &count, of->err);
    erg_result *result = NULL;

    for (size_t i = 0; items && i < count; i++)
        erg_recompute_judge(&items[i], &of->costs);
    if (items)
        result = erg_recompute_result(items, count, of->top, of->source, of->err);
    free(items);
    return result;
}

erg_result *erg_advise_recompute(const char *path, const erg_advise_device *on,
                                 erg_error *err)
{
    bench of = { .on = on, .err = err, .top = on->top > 0 ? (size_t)on->top : TOP };
    bool is_csv = erg_text_ends(path, ".csv");
    erg_result *result = NULL;

    if (open_device(&of) && check_costs(&of))
        result = is_csv ? judge_csv(&of, path) : judge_graph(&of, path);
    close_all(&of);
    return result;
}

/* ---- fusion ------------------------------------------------------------------------- */

static const erg_column fusion_columns[] = {
    { "tensor", ERG_TEXT, "that need not go to memory" },
    { "energy_j", ERG_REAL, "of writing it and reading it back" },
    { "bytes", ERG_REAL, "of it" },
    { "launch", ERG_TEXT, "operators that fuse" },
    { "source", ERG_TEXT, "of the joules of a byte" },
    { "method", ERG_TEXT, "model" },
};

typedef struct kept {
    const erg_tensor *tensor;
    const char *launch;
} kept;

static int by_bytes(const void *a, const void *b)
{
    const kept *x = a, *y = b;

    if (x->tensor->bytes != y->tensor->bytes)
        return x->tensor->bytes < y->tensor->bytes ? 1 : -1;
    return (x->tensor > y->tensor) - (x->tensor < y->tensor);
}

/* leaves[storage]: an operator of another launch reads it. */
static bool *find_leaving(const erg_partition *cut, const int32_t launch_of[])
{
    const erg_graph *graph = cut->graph;
    bool *leaves = calloc((size_t)graph->tensor_count + 1, sizeof(*leaves));

    for (int32_t i = 0; leaves && i < graph->operator_count; i++)
        for (int32_t k = 0; k < graph->operators[i].input_count; k++) {
            int32_t storage = graph->tensors[graph->operators[i].inputs[k]].storage;
            int32_t made = graph->tensors[storage].producer;
            leaves[storage] |= made < 0 || launch_of[made] != launch_of[i];
        }
    for (int32_t t = 0; leaves && t < graph->tensor_count; t++)
        leaves[graph->tensors[t].storage] |= graph->tensors[t].is_output;
    return leaves;
}

static size_t list_kept(const erg_partition *cut, const bool leaves[], kept list[])
{
    size_t count = 0;

    for (int32_t s = 0; s < cut->subgraph_count; s++)
        for (int32_t i = 0; i < cut->subgraphs[s].operator_count - 1; i++) {
            const erg_operator *op = &cut->graph->operators[cut->subgraphs[s].operators[i]];
            for (int32_t k = 0; k < op->output_count; k++) {
                const erg_tensor *tensor = &cut->graph->tensors[op->outputs[k]];
                if (tensor->storage == op->outputs[k] && !leaves[op->outputs[k]])
                    list[count++] = (kept){ tensor, cut->subgraphs[s].pattern };
            }
        }
    return count;
}

static bool put_kept(const bench *of, erg_table *table, const kept *one)
{
    double bytes = (double)one->tensor->bytes;

    return erg_table_row(table, of->err)
           && erg_table_text(table, "tensor", one->tensor->name, of->err)
           && erg_table_real(table, "energy_j", 2 * bytes * of->costs.byte_j, of->err)
           && erg_table_real(table, "bytes", bytes, of->err)
           && erg_table_text(table, "launch", one->launch, of->err)
           && erg_table_text(table, "source", of->source, of->err)
           && erg_table_text(table, "method", "model", of->err);
}

static erg_result *tables_of(const bench *of, const kept list[], size_t count)
{
    erg_result *result = erg_result_new("advise", of->err);
    erg_table *table = result ? erg_result_add(result, "fusion", fusion_columns,
                                               ERG_COUNT(fusion_columns), of->err)
                              : NULL;
    bool ok = table != NULL;
    double bytes = 0;

    for (size_t i = 0; ok && i < count; i++) {
        bytes += (double)list[i].tensor->bytes;
        ok = i >= of->top || put_kept(of, table, &list[i]);
    }
    if (ok
        && erg_result_note(result, of->err,
                           "%zu tensors of %.4g bytes need not go to memory: %.4g "
                           "J; what a compiler that fuses saves in all: erg estimate",
                           count, bytes, 2 * bytes * of->costs.byte_j))
        return result;
    erg_result_free(result);
    return NULL;
}

static erg_result *list_fusion(const bench *of, const erg_partition *cut)
{
    size_t count = (size_t)cut->graph->operator_count,
           tensors = (size_t)cut->graph->tensor_count;
    int32_t *launch_of = malloc((count + 1) * sizeof(*launch_of));
    kept *list = calloc(tensors + 1, sizeof(*list));
    bool *leaves = NULL;
    erg_result *result = NULL;

    for (size_t i = 0; launch_of && i < count; i++)
        launch_of[i] = -1 - (int32_t)i; /* in no launch: apart from all */
    for (int32_t s = 0; launch_of && s < cut->subgraph_count; s++)
        for (int32_t i = 0; i < cut->subgraphs[s].operator_count; i++)
            launch_of[cut->subgraphs[s].operators[i]] = s;
    if (launch_of && list)
        leaves = find_leaving(cut, launch_of);
    if (leaves) {
        size_t found = list_kept(cut, leaves, list);
        qsort(list, found, sizeof(*list), by_bytes);
        result = tables_of(of, list, found);
    } else {
        erg_fail(of->err, ERG_NO_MEMORY, "no memory for %zu tensors", tensors);
    }
    free(launch_of);
    free(list);
    free(leaves);
    return result;
}

erg_result *erg_advise_fusion(const char *workload, const erg_advise_device *on,
                              erg_error *err)
{
    bench of = { .on = on, .err = err, .top = on->top > 0 ? (size_t)on->top : TOP };
    erg_result *result = NULL;

    if (open_device(&of) && check_costs(&of) && open_graph(&of, workload, ERG_PREFILL)) {
        erg_partition *cut = erg_graph_partition(of.graph, ERG_FUSION_RUNTIME, err);
        result = cut ? list_fusion(&of, cut) : NULL;
        erg_partition_free(cut);
        if (result && !erg_advise_in_place(of.graph, of.top, result, err)) {
            erg_result_free(result);
            result = NULL;
        }
    }
    close_all(&of);
    return result;
}
