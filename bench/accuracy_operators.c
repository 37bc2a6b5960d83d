/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single fp32 operators (NeuSight, operators_fp32.csv) by what limits them, in folds by
 * shape: a shape that is judged was fitted on no operator of its device.
 *
 * The operators ran again and again on the same buffers: what fits in the last cache
 * was there. The host launched each: none was timed below its 33 us or so, however
 * little the work.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "accuracy.h"
#include "estimate/time_fit.h"
#include "workload/build.h"

enum { FOLDS = 4, FITTED_MOST = 300 };

typedef enum regime { ALU, CACHE, DRAM, LAUNCH, REGIMES } regime;

static const struct { const char *name; double budget; } regimes[REGIMES] = {
    [ALU] = { "one operator, ALU", 0.10 },
    [CACHE] = { "one operator, cache", 0.20 },
    [DRAM] = { "one operator, DRAM", 0.25 },
    [LAUNCH] = { "one operator, launch", 0.30 },
};

static const char *const devices[] = { "p4", "p100-pcie-16gb", "t4", "v100-pcie-32gb",
                                       "a100-pcie-40gb" };

/* u: by a scalar, one operand is read. */
static const struct { const char *name; erg_op_kind kind; int operands; } passes[] = {
    { "add", ERG_OP_ADD, 2 },   { "addu", ERG_OP_ADD, 1 },   { "mul", ERG_OP_MUL, 2 },
    { "mulu", ERG_OP_MUL, 1 },  { "div", ERG_OP_DIV, 2 },    { "divu", ERG_OP_DIV, 1 },
    { "pow", ERG_OP_POW, 2 },   { "powu", ERG_OP_POW, 1 },   { "relu", ERG_OP_RELU, 1 },
    { "gelu", ERG_OP_GELU, 1 }, { "tanh", ERG_OP_TANH, 1 },
    { "softmax", ERG_OP_SOFTMAX, 1 },
};

typedef struct single {
    erg_graph *graph;
    own_family family;
    erg_timed_row timed;
    unsigned fold;
} single;

typedef struct singles { single *rows; size_t count; erg_hardware *hardware; } singles;

/* Two launches in the program that was timed, moments and then the norm: on all five
 * devices it reaches 2/3 of the bandwidth of an elementwise pass, and none was faster than
 * twice the host's time of a launch. */
static int32_t put_norm(erg_builder *b, int32_t x, int64_t rows)
{
    const int64_t one[] = { rows, 1 };
    int32_t moments = erg_build_tensor(b, ERG_ACTIVATION, NULL, 2, one, 0);

    erg_build_operator(b, &(erg_op_spec){ .kind = ERG_OP_REDUCE, .name = "moments",
        .precision = ERG_PRECISIONS, .inputs = &x, .input_count = 1,
        .outputs = &moments, .output_count = 1 });
    return erg_build_map(b, ERG_OP_MUL, "ln", x, moments);
}

static int32_t put_pass(erg_builder *b, const char *op, int32_t x, int32_t y, int64_t rows)
{
    if (strcmp(op, "ln") == 0)
        return put_norm(b, x, rows);
    for (size_t i = 0; i < ERG_COUNT(passes); i++)
        if (strcmp(op, passes[i].name) == 0)
            return erg_build_map(b, passes[i].kind, op, x, passes[i].operands > 1 ? y : -1);
    return erg_build_refuse(b, "no operator %s", op);
}

/* Products are m x n by n x k, as the program that timed them made them (NeuSight,
 * collect.py: bmm of (b, m, n) and (b, n, k), Linear(n, k)). The rows bear it out: tiles
 * of 128 show in m and k, filling shows in n (docs/time.md). */
static int32_t put_operator(erg_builder *b, const char *op, const int64_t size[4])
{
    const int64_t left[] = { size[0], size[1], size[2] },
                  right[] = { size[0], size[2], size[3] };
    const int64_t rows[] = { size[0] * size[1], size[2] }, flat[] = { size[0], size[1] };

    if (strcmp(op, "bmm") == 0)
        return erg_build_matmul(b, op, erg_build_tensor(b, ERG_INPUT, NULL, 3, left, 0),
                                erg_build_tensor(b, ERG_INPUT, NULL, 3, right, 0));
    if (strcmp(op, "linear") == 0)
        return erg_build_linear(b, op, erg_build_tensor(b, ERG_INPUT, NULL, 2, rows, 0),
                                size[3], true);
    return put_pass(b, op, erg_build_tensor(b, ERG_INPUT, NULL, 2, flat, 0),
                    erg_build_tensor(b, ERG_INPUT, NULL, 2, flat, 0), size[0]);
}

own_family own_family_of(erg_op_kind kind)
{
    return kind == ERG_OP_LINEAR ? LINEAR : kind == ERG_OP_MATMUL ? BMM : PASS;
}

static bool single_load(const sheet *from, size_t row, single *to, erg_error *err)
{
    static const char *const columns[] = { "b", "m", "n", "k" };
    int64_t size[4];
    unsigned hash = 2166136261u;    /* FNV-1a */

    for (int i = 0; i < 4; i++) {
        double value = sheet_number(from, row, columns[i]);
        size[i] = isnan(value) ? 1 : (int64_t)value;
        hash = (hash ^ (unsigned)size[i]) * 16777619u;
    }
    erg_builder *builder = erg_build_begin("operator", "test", NULL, err);
    if (!builder)
        return false;
    erg_build_output(builder, put_operator(builder, sheet_text(from, row, "op"), size));
    to->graph = erg_build_end(builder, err);
    to->family = to->graph ? own_family_of(to->graph->operators[0].kind) : PASS;
    to->fold = hash / 7 % FOLDS;
    to->timed.measured_s = 1e-3 * sheet_number(from, row, "latency_ms");
    to->timed.partition = to->graph
        ? erg_graph_partition(to->graph, ERG_FUSION_NONE, err) : NULL;
    return to->timed.partition != NULL;
}

static bool singles_load(const evidence *court, const sheet *from, const char *device,
                         singles *all, erg_error *err)
{
    *all = (singles){ .rows = calloc(from->count + 1, sizeof(*all->rows)),
                      .hardware = erg_hardware_load(NULL, &court->catalog, device, err) };
    bool good = all->rows && all->hardware;

    for (size_t i = 0; good && i < from->count; i++)
        if (strcmp(sheet_text(from, i, "gpu"), device) == 0)
            good = single_load(from, i, &all->rows[all->count++], err);
    return good;
}

static void singles_free(singles *all)
{
    for (size_t i = 0; i < all->count; i++) {
        erg_partition_free((erg_partition *)all->rows[i].timed.partition);
        erg_graph_free(all->rows[i].graph);
    }
    free(all->rows);
    erg_hardware_free(all->hardware);
}

/* Every so many of the other folds' rows of the family: enough, and the search is short. */
static void fit_without(const singles *all, unsigned fold, own_family of,
                        erg_time_terms *terms)
{
    erg_timed_row rows[FITTED_MOST];
    erg_time_fit fit = { all->hardware, rows, 0, ERG_UNIT_VECTOR, ERG_FREE_TILES };
    size_t known = 0, seen = 0;

    for (size_t i = 0; i < all->count; i++)
        known += all->rows[i].fold != fold && all->rows[i].family == of;
    for (size_t i = 0; i < all->count && fit.count < FITTED_MOST; i++)
        if (all->rows[i].fold != fold && all->rows[i].family == of
            && seen++ % (known / FITTED_MOST + 1) == 0)
            rows[fit.count++] = all->rows[i].timed;
    for (int class = 0; class < ERG_UNIT_CLASSES; class++)
        terms[class] = erg_time_shared(all->hardware, (erg_unit_class)class);
    erg_time_fit_terms(&fit, terms, NULL);
}

enum { LAUNCHES_MOST = 2 };

/* By what its launches take together; bytes: of what the last one reads and writes. */
static regime regime_of(const erg_latency parts[], const erg_partition *cut,
                        double cache_bytes)
{
    const erg_subgraph *s = &cut->subgraphs[cut->subgraph_count - 1];
    double bytes = (double)s->in_bytes + (double)s->out_bytes + (double)s->weight_bytes;
    double compute_s = 0, memory_s = 0, overhead_s = 0;

    for (int32_t i = 0; i < cut->subgraph_count; i++) {
        compute_s += parts[i].compute_s;
        memory_s += parts[i].memory_s;
        overhead_s += parts[i].overhead_s;
    }
    if (overhead_s > fmax(compute_s, memory_s))
        return LAUNCH;
    if (compute_s > memory_s)
        return ALU;
    return bytes <= cache_bytes ? CACHE : DRAM;
}

static void detail(const singles *all, const single *row, regime of, double time_s)
{
    const erg_operator *op = &row->graph->operators[0];

    printf("  %s %s %s %lld x %lld x %lld x %lld (batch, m, n, k), %.0f bytes: %.4f ms, "
           "predicted %.4f, %+.1f %%\n", all->hardware->name,
           erg_op_kinds[op->kind].name, regimes[of].name + strlen("one operator, "),
           (long long)op->batch, (long long)op->m, (long long)op->n, (long long)op->k,
           (double)(op->in_bytes + op->out_bytes + op->weight_bytes),
           1e3 * row->timed.measured_s, 1e3 * time_s,
           100 * (time_s / row->timed.measured_s - 1));
}

static void judge_fold(const singles *all, unsigned fold, own_family which,
                       bool has_details, verdict verdicts[REGIMES])
{
    erg_time_terms terms[ERG_UNIT_CLASSES];

    fit_without(all, fold, which, terms);
    for (size_t i = 0; i < all->count; i++) {
        const erg_timed_row *row = &all->rows[i].timed;
        const erg_timing timing = { .partition = row->partition, .hardware = all->hardware,
                                    .terms = terms };
        if (all->rows[i].fold != fold || all->rows[i].family != which)
            continue;
        erg_latency parts[LAUNCHES_MOST];
        for (int32_t part = 0; part < row->partition->subgraph_count; part++)
            parts[part] = erg_latency_subgraph(&timing, part);
        regime of = regime_of(parts, row->partition, all->hardware->l2_bytes);
        double time_s = erg_time_of_row(row, all->hardware, terms);
        if (has_details)
            detail(all, &all->rows[i], of, time_s);
        verdict_add(&verdicts[of], (verdict_row){ .fold = fold, .family = which,
            .predicted = time_s, .measured = row->measured_s });
    }
}

/* Rows of a product: of a batch all of its matrices have the same. */
static double load_of(const single *row)
{
    const erg_operator *op = &row->graph->operators[0];

    return (double)op->batch * (row->family == LINEAR ? (double)op->m : 1);
}

static bool are_alike(const single *a, const single *b)
{
    const erg_operator *x = &a->graph->operators[0], *y = &b->graph->operators[0];

    return a->family == b->family && x->n == y->n && x->k == y->k
        && (a->family == LINEAR || x->m == y->m);
}

/* Products that differ by a third of their rows at most run at one rate, but for edges of
 * tiles. mean |ln of the ratio of their rates| / sqrt(2): what one timing is off by. */
static double scatter_of(const singles *all, own_family family)
{
    double sum = 0, pairs = 0;

    for (size_t i = 0; i < all->count; i++) {
        const single *row = &all->rows[i], *next = NULL;
        for (size_t k = 0; row->family == family && k < all->count; k++) {
            const single *other = &all->rows[k];
            if (are_alike(row, other) && load_of(other) > load_of(row)
                && (!next || load_of(other) < load_of(next)))
                next = other;
        }
        if (!next || load_of(next) > 1.34 * load_of(row))
            continue;
        sum += fabs(log(next->timed.measured_s / load_of(next) * load_of(row)
                        / row->timed.measured_s)) / sqrt(2);
        pairs++;
    }
    return pairs >= 100 ? sum / pairs : NAN;
}

/* Of all products; 0: too few have such a neighbour. */
static double products_floor(const singles *all)
{
    double sum = 0, rows = 0;

    for (int family = LINEAR; family < FAMILIES; family++) {
        double scatter = scatter_of(all, (own_family)family), count = 0;
        for (size_t i = 0; i < all->count; i++)
            count += all->rows[i].family == (own_family)family;
        if (isnan(scatter))
            continue;
        sum += count * scatter;
        rows += count;
    }
    return rows > 0 ? sum / rows : 0;
}

bool judge_operators(const evidence *court, erg_error *err)
{
    static verdict verdicts[REGIMES];
    sheet from;
    bool good = sheet_load(&from, court->data, "latency/operators_fp32.csv", err);

    for (size_t d = 0; good && d < ERG_COUNT(devices); d++) {
        singles all;
        good = singles_load(court, &from, devices[d], &all, err);
        for (int r = 0; r < REGIMES; r++)
            verdicts[r] = (verdict){ .judge = regimes[r].name, .device = devices[d],
                                     .budget = regimes[r].budget,
                                     .calibrated_on = "other shapes of the operator" };
        verdicts[ALU].floor = good ? products_floor(&all) : 0;
        for (unsigned fold = 0; good && fold < FOLDS * FAMILIES; fold++)
            judge_fold(&all, fold % FOLDS, fold / FOLDS, court->details, verdicts);
        for (int r = 0; r < REGIMES; r++)
            verdict_print(&verdicts[r]);
        singles_free(&all);
    }
    sheet_free(&from);
    return good;
}

bool own_terms_fit(const evidence *court, const char *device, own_terms *to, erg_error *err)
{
    sheet from;
    singles all = { 0 };
    bool good = sheet_load(&from, court->data, "latency/operators_fp32.csv", err)
        && singles_load(court, &from, device, &all, err);

    if (good && !all.count)
        good = erg_fail(err, ERG_NO_DATA, "no single operators of %s", device);
    for (int family = 0; good && family < FAMILIES; family++) {
        fit_without(&all, FOLDS, (own_family)family, to->of[family]);
        for (int class = 0; class < ERG_UNIT_CLASSES; class++)
            to->of[family][class].host_s = 0;
    }
    singles_free(&all);
    sheet_free(&from);
    return good;
}
