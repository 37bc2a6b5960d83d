/* SPDX-License-Identifier: Apache-2.0 */
/*
 * End-to-end fp32 times of transformers (NeuSight, transformers_fp32.csv).
 *
 * The a100 of these rows reaches 13 to 15 TFLOP/s where a board of 250 W stops at
 * 11.5, the v100 more than its quoted peak: other boards than their names say. They
 * are judged with the cap of their record and with that lifted. Rows of mi210 whose forward
 * pass is slower than its backward pass were measured cold and are left out.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "accuracy.h"
#include "estimate/time_fit.h"

static const struct { const char *name; double budget; bool lifted; } devices[] = {
    { "a100-pcie-40gb", 0.08, true },  { "v100-pcie-32gb", 0.08, true },
    { "p100-pcie-16gb", 0.08, false }, { "t4", 0.15, false },
    { "p4", NAN, false },              { "mi100", NAN, false },
    { "mi210", NAN, false },
};

#define CAP_LIFTED_W 1000

typedef struct case_row {
    char model[32];
    bool train, fused;
    erg_graph *graph;
    erg_partition *partition;
    double measured_s;
} case_row;

typedef struct cases {
    erg_hardware *hardware;
    erg_profile *profile;           /* datasheet only */
    case_row rows[64];
    size_t count;
} cases;

static bool is_cold(const sheet *rows, size_t i)
{
    return strcmp(sheet_text(rows, i, "mode"), "train") == 0
        && sheet_number(rows, i, "forward_ms") > sheet_number(rows, i, "backward_ms");
}

static bool load_case(const evidence *court, const sheet *rows, size_t i, case_row *to,
                      erg_error *err)
{
    char path[ERG_PATH_MOST];

    snprintf(to->model, sizeof(to->model), "%s", sheet_text(rows, i, "model"));
    snprintf(path, sizeof(path), "%s/latency/models/%s.json", court->data, to->model);
    to->train = strcmp(sheet_text(rows, i, "mode"), "train") == 0;
    to->fused = strcmp(sheet_text(rows, i, "variant"), "fusion") == 0;
    to->measured_s = 1e-3 * sheet_number(rows, i, "latency_ms");
    to->graph = erg_graph_load(path, &(erg_graph_options){
        .batch = (int64_t)sheet_number(rows, i, "batch"),
        .seq = (int64_t)sheet_number(rows, i, "seq_len"),
        .phase = to->train ? ERG_TRAIN : ERG_PREFILL,
        .runtime = to->fused ? ERG_FUSED : ERG_EAGER }, err);
    to->partition = to->graph ? erg_graph_partition(
        to->graph, to->fused ? ERG_FUSION_RUNTIME : ERG_FUSION_NONE, err) : NULL;
    return to->partition != NULL;
}

static void cases_free(cases *all)
{
    for (size_t i = 0; i < all->count; i++) {
        erg_partition_free(all->rows[i].partition);
        erg_graph_free(all->rows[i].graph);
    }
    erg_profile_free(all->profile);
    erg_hardware_free(all->hardware);
    *all = (cases){ 0 };
}

static bool cases_load(const evidence *court, const char *device, cases *all,
                       erg_error *err)
{
    sheet rows;
    bool good = sheet_load(&rows, court->data, "latency/transformers_fp32.csv", err);

    *all = (cases){ 0 };
    all->hardware = good ? erg_hardware_load(NULL, &court->catalog, device, err) : NULL;
    all->profile = all->hardware ? erg_profile_load(NULL, all->hardware, NULL, err) : NULL;
    good = all->profile != NULL;
    for (size_t i = 0; good && i < rows.count; i++) {
        if (strcmp(sheet_text(&rows, i, "gpu"), device) != 0 || is_cold(&rows, i))
            continue;
        good = load_case(court, &rows, i, &all->rows[all->count++], err);
    }
    sheet_free(&rows);
    return good;
}

typedef struct answer { double time_s, half_width; } answer;

static answer estimated(const cases *all, const case_row *row, const erg_profile *profile,
                        double cap_w)
{
    erg_estimate_options options = { .runtime = row->fused ? ERG_FUSED : ERG_EAGER,
                                     .power_cap_w = cap_w };
    erg_estimation *run = erg_estimate_run(row->graph, all->hardware, profile,
                                           &options, NULL);
    answer got = { NAN, NAN };

    if (run)
        got = (answer){ run->latency_s,
                        verdict_half_width(run->latency_s, run->latency_high_s) };
    erg_estimation_free(run);
    return got;
}

static void detail(const evidence *court, const cases *all, const case_row *row,
                   double time_s)
{
    if (court->details)
        printf("  %s %s %s seq %lld batch %lld: %.1f ms, predicted %.1f, %+.1f %%\n",
               all->hardware->name, row->model, row->fused ? "fused" : "eager",
               (long long)row->graph->seq, (long long)row->graph->batch,
               1e3 * row->measured_s, 1e3 * time_s, 100 * (time_s / row->measured_s - 1));
}

static erg_unit_class fp32_unit(const erg_hardware *hardware)
{
    return hardware->peak_flop_per_s[ERG_UNIT_TENSOR][ERG_FP32] > 0 ? ERG_UNIT_TENSOR
                                                                    : ERG_UNIT_VECTOR;
}

/* What the constants shared by all devices were taken from. */
static const char *seen_by(const erg_hardware *hardware, double cap_w)
{
    if (fp32_unit(hardware) == ERG_UNIT_TENSOR)
        return "the share of AMD's units: these rows, mi100 and mi210";
    return cap_w > 0 ? "single operators; its cap lifted" : "single operators";
}

/* With the interval that the estimate itself states. */
static void add_stated(verdict *to, const case_row *row, answer got)
{
    verdict_add(to, (verdict_row){ .model = row->model, .predicted = got.time_s,
                                   .measured = row->measured_s,
                                   .half_width = got.half_width });
}

static void judge_datasheet(const evidence *court, const cases *all, double cap_w,
                            double budget)
{
    verdict v = { .judge = "fp32 time, datasheet only", .device = all->hardware->name,
                  .budget = budget,
                  .calibrated_on = seen_by(all->hardware, cap_w) };

    for (size_t i = 0; i < all->count; i++) {
        const case_row *row = &all->rows[i];
        if (row->train || row->fused)
            continue;
        answer got = estimated(all, row, all->profile, cap_w);
        detail(court, all, row, got.time_s);
        add_stated(&v, row, got);
    }
    verdict_print(&v);
}

bool judge_fp32_datasheet(const evidence *court, erg_error *err)
{
    for (size_t i = 0; i < ERG_COUNT(devices); i++) {
        cases all;
        if (!cases_load(court, devices[i].name, &all, err))
            return false;
        judge_datasheet(court, &all, 0, devices[i].lifted ? NAN : devices[i].budget);
        if (devices[i].lifted)
            judge_datasheet(court, &all, CAP_LIFTED_W, devices[i].budget);
        cases_free(&all);
    }
    return true;
}

/* What a user gets from the shipped profiles: how the fit holds on its own rows. */
bool judge_fp32_shipped(const evidence *court, erg_error *err)
{
    for (size_t i = 0; i < ERG_COUNT(devices); i++) {
        cases all;
        verdict v = { .judge = "fp32 time, as shipped", .device = devices[i].name,
                      .budget = NAN,
                      .calibrated_on = "these rows, where it has a profile" };
        if (!cases_load(court, devices[i].name, &all, err))
            return false;
        erg_profile *profile = erg_profile_load(&court->catalog, all.hardware, NULL, err);
        for (size_t j = 0; profile && j < all.count; j++)
            if (!all.rows[j].train && !all.rows[j].fused)
                add_stated(&v, &all.rows[j], estimated(&all, &all.rows[j], profile, 0));
        verdict_print(&v);
        erg_profile_free(profile);
        cases_free(&all);
    }
    return true;
}

/* ---- a model left out ------------------------------------------------------------- */

typedef struct known_rows {         /* eager inference rows of all models but one */
    erg_timed_row rows[64];
    size_t count;
    double sheet_loss;              /* mean |ln| of the data sheet with its cap */
    bool of_one_model;
} known_rows;

static known_rows known_without(const cases *all, const char *model)
{
    known_rows known = { .of_one_model = true };
    const char *first = NULL;
    double sum = 0;

    for (size_t i = 0; i < all->count; i++) {
        const case_row *row = &all->rows[i];
        if (row->train || row->fused || strcmp(row->model, model) == 0)
            continue;
        known.rows[known.count++] = (erg_timed_row){ row->partition, ERG_EAGER, 0,
                                                     row->measured_s };
        sum += fabs(log(estimated(all, row, all->profile, 0).time_s / row->measured_s));
        first = first ? first : row->model;
        known.of_one_model = known.of_one_model && strcmp(first, row->model) == 0;
    }
    known.sheet_loss = sum / (double)known.count;
    return known;
}

/* The share of the peak from known rows into terms; false: the data sheet with its cap
 * tells more. A share that lies far from the sheet's, where any other board's lies within
 * a tenth, stands for something else, a cap: its distance in logarithms, squared, counts
 * as error. Some share fits any one model. AMD's sheet was taken from these rows. */
static bool fit_share(const cases *all, const known_rows *known,
                      erg_time_terms terms[ERG_UNIT_CLASSES])
{
    erg_unit_class unit = fp32_unit(all->hardware);
    erg_time_fit fit = { all->hardware, known->rows, known->count, unit, ERG_FREE_SHARE };

    terms[0] = all->profile->time[0];
    terms[1] = all->profile->time[1];
    double by_sheet = terms[unit].share;
    erg_time_fit_terms(&fit, terms, NULL);
    double apart = log(terms[unit].share / by_sheet);
    return unit == ERG_UNIT_TENSOR
        || (!known->of_one_model
            && erg_time_loss(&fit, terms) + apart * apart <= known->sheet_loss);
}

static double time_without(const evidence *court, const cases *all, const case_row *row)
{
    erg_time_terms terms[ERG_UNIT_CLASSES];
    erg_timed_row timed = { row->partition, ERG_EAGER, 0, row->measured_s };
    known_rows known = known_without(all, row->model);
    double time_s = fit_share(all, &known, terms)
        ? erg_time_of_row(&timed, all->hardware, terms)
        : estimated(all, row, all->profile, 0).time_s;

    detail(court, all, row, time_s);
    return time_s;
}

static void print_share(const cases *all)
{
    erg_time_terms terms[ERG_UNIT_CLASSES];
    known_rows known = known_without(all, "");
    bool is_fitted = fit_share(all, &known, terms);

    printf("  %s share on all rows %.3f%s\n", all->hardware->name,
           terms[fp32_unit(all->hardware)].share,
           is_fitted ? "" : ", but the data sheet tells more");
}

static bool left_out(const evidence *court, bool train, erg_error *err)
{
    for (size_t i = 0; i < ERG_COUNT(devices); i++) {
        cases all;
        verdict v = { .judge = train ? "fp32 training step" : "fp32 time, model left out",
                      .device = devices[i].name, .budget = train ? NAN : devices[i].budget,
                      .calibrated_on = "its other models: a share, or that the cap rules" };
        if (!cases_load(court, devices[i].name, &all, err))
            return false;
        for (size_t j = 0; j < all.count; j++) {
            const case_row *row = &all.rows[j];
            if (row->train == train && !row->fused)
                verdict_add(&v, (verdict_row){ .model = row->model,
                    .predicted = time_without(court, &all, row),
                    .measured = row->measured_s });
        }
        if (court->details && all.count)
            print_share(&all);
        verdict_print(&v);
        cases_free(&all);
    }
    return true;
}

bool judge_fp32_left_out(const evidence *court, erg_error *err)
{
    return left_out(court, false, err);
}

bool judge_fp32_training(const evidence *court, erg_error *err)
{
    return left_out(court, true, err);
}

/* ---- its own operators ------------------------------------------------------------- */

/* Each launch by the terms of its family. */
static double time_by_own(const cases *all, const case_row *row, const own_terms *own)
{
    size_t count = (size_t)row->partition->subgraph_count + 1;
    erg_latency *parts = malloc(count * sizeof(*parts));
    double sum_s = parts ? 0 : NAN;

    for (int family = 0; parts && family < FAMILIES; family++) {
        const erg_timing timing = { .partition = row->partition, .hardware = all->hardware,
                                    .terms = own->of[family] };
        bool host_bound;
        erg_latency_graph(&timing, parts, &host_bound);
        for (int32_t i = 0; i < row->partition->subgraph_count; i++) {
            int32_t first = row->partition->subgraphs[i].operators[0];
            if (own_family_of(row->graph->operators[first].kind) == (own_family)family)
                sum_s += parts[i].total_s;
        }
    }
    free(parts);
    return sum_s;
}

bool judge_fp32_own_operators(const evidence *court, erg_error *err)
{
    for (size_t i = 0; i < ERG_COUNT(devices); i++) {
        cases all;
        own_terms own;
        erg_error why = { 0 };
        verdict v = { .judge = "fp32 time, own operators", .device = devices[i].name,
                      .budget = NAN, .calibrated_on = "its single operators, no network" };
        if (!own_terms_fit(court, devices[i].name, &own, &why)) {
            if (why.code == ERG_NO_DATA)
                continue;
            return erg_fail(err, why.code, "%s", why.text);
        }
        if (!cases_load(court, devices[i].name, &all, err))
            return false;
        for (size_t j = 0; j < all.count; j++) {
            const case_row *row = &all.rows[j];
            if (row->train || row->fused)
                continue;
            double time_s = time_by_own(&all, row, &own);
            detail(court, &all, row, time_s);
            verdict_add(&v, (verdict_row){ .model = row->model, .predicted = time_s,
                                           .measured = row->measured_s });
        }
        verdict_print(&v);
        cases_free(&all);
    }
    return true;
}

/* The eager row of the same work. */
static const case_row *eager_of(const cases *all, const case_row *fused)
{
    for (size_t i = 0; i < all->count; i++) {
        const case_row *row = &all->rows[i];
        if (!row->fused && !row->train && row->graph->batch == fused->graph->batch
            && row->graph->seq == fused->graph->seq && !strcmp(row->model, fused->model))
            return row;
    }
    return NULL;
}

bool judge_fp32_fusion(const evidence *court, erg_error *err)
{
    cases all;
    verdict v = { .judge = "fp32 fused over eager", .device = "a100-pcie-40gb",
                  .budget = 0.05, .calibrated_on = "single operators" };

    if (!cases_load(court, v.device, &all, err))
        return false;
    for (size_t i = 0; i < all.count; i++) {
        const case_row *eager = all.rows[i].fused ? eager_of(&all, &all.rows[i]) : NULL;
        if (!eager)
            continue;
        double ratio = estimated(&all, &all.rows[i], all.profile, CAP_LIFTED_W).time_s
            / estimated(&all, eager, all.profile, CAP_LIFTED_W).time_s;
        double measured = all.rows[i].measured_s / eager->measured_s;
        if (court->details)
            printf("  %s: ratio %.3f, predicted %.3f\n", eager->model, measured, ratio);
        verdict_add(&v, (verdict_row){ .predicted = ratio, .measured = measured,
                                       .half_width = NAN });
    }
    verdict_print(&v);
    cases_free(&all);
    return true;
}
