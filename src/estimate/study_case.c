/* SPDX-License-Identifier: Apache-2.0 */
/* One row of a study: priced, judged, and how a table begins its rows. */
#include <math.h>
#include "estimate/run.h"
#include "estimate/study.h"

const char *erg_case_hardware(const erg_desk *desk, const erg_case *one)
{
    return desk->devices[one->setting.device].hardware->name;
}

bool erg_case_plan(const erg_desk *desk, erg_case *one)
{
    const erg_hardware *hardware = desk->devices[one->setting.device].hardware;
    const erg_memory_options options = {
        .by_memory = desk->study->by_memory || one->by_memory, .units = hardware->units,
        .plain_attention = desk->study->graph.attention == ERG_ATTENTION_PLAIN,
    };

    one->memory = erg_memory_plan(one->estimation->partition, &options, &one->why);
    if (one->memory)
        one->estimation->peak_memory_bytes = (double)one->memory->peak_bytes;
    return one->memory != NULL;
}

static bool add_concurrency(const erg_desk *desk, erg_case *one)
{
    const erg_estimation *done = one->estimation;
    size_t count = (size_t)done->partition->subgraph_count;
    double *latency_s = erg_arena_take(desk->arena, (count + 1) * sizeof(*latency_s),
                                       &one->why);

    if (!latency_s)
        return false;
    for (size_t i = 0; i < count; i++)
        latency_s[i] = done->latency[i].total_s;
    return erg_concurrency_of(done->partition, latency_s,
                              desk->devices[one->setting.device].hardware->units,
                              &one->concurrency, &one->why);
}

/* What compat mode calls energy per inference is the energy of the batch. */
static void add_ratios(erg_case *one)
{
    const erg_estimation *done = one->estimation;
    double count = done->compat ? 1 : (double)one->setting.batch;

    one->energy_per_j = done->total.total_j / count;
    one->throughput = (double)one->setting.batch / done->latency_s;
    one->edp_js = done->total.total_j * done->latency_s;
}

bool erg_case_price_of(erg_desk *desk, const erg_variant *setting, erg_study_graph *found,
                       erg_case *out)
{
    const erg_study_device *device = &desk->devices[setting->device];

    out->graph = found->graph;
    bool is_compat = setting->options.mode == ERG_COMPAT;
    const erg_partition *cut = is_compat
        ? NULL : erg_desk_cut(found, erg_fusion_of(setting->options.fusion,
                                                   setting->options.runtime), &out->why);
    if (!is_compat && !cut)
        return false;
    out->estimation = is_compat
        ? erg_estimate_run(out->graph, device->hardware, NULL, &setting->options, &out->why)
        : erg_estimate_cut(cut, device->hardware, device->profile, &setting->options,
                           &out->why);
    if (!out->estimation)
        return false;
    add_ratios(out);
    return true;
}

bool erg_case_price(erg_desk *desk, const erg_variant *setting, erg_case *out)
{
    *out = (erg_case){ .setting = *setting, .energy_per_j = NAN, .throughput = NAN,
                       .edp_js = NAN };
    erg_study_graph *found = erg_desk_find(desk, setting, &out->why);

    return found && erg_case_price_of(desk, setting, found, out);
}

bool erg_case_run(erg_desk *desk, const erg_variant *setting, erg_case *out)
{
    if (!erg_case_price(desk, setting, out))
        return false;
    if (out->estimation->compat || (erg_case_plan(desk, out) && add_concurrency(desk, out)))
        return true;
    erg_case_end(out);
    return false;
}

void erg_case_end(erg_case *one)
{
    erg_memory_free(one->memory);
    erg_estimation_free(one->estimation);
    one->memory = NULL;
    one->estimation = NULL;
}

double erg_case_confidence(const erg_case *one)
{
    static const struct { double low, high; } ranges[ERG_GRADES] = {
        [ERG_CALIBRATED] = { 0.85, 1 }, [ERG_INTERPOLATED] = { 0.6, 0.85 },
        [ERG_THEORETICAL] = { 0.3, 0.6 }, [ERG_GRADE_UNKNOWN] = { NAN, NAN },
    };
    const erg_estimate *total = &one->estimation->total;
    erg_grade grade = one->estimation->grade;
    double q = 0.5 * log(total->high_j / total->low_j);

    return ranges[grade].low + (ranges[grade].high - ranges[grade].low) * exp(-2 * q);
}

bool erg_case_fits(const erg_case *one)
{
    double most = ERG_MEMORY_USABLE * one->estimation->hardware->memory_bytes;
    return !(one->estimation->peak_memory_bytes > most);
}

bool erg_case_keeps(const erg_desk *desk, const erg_case *one)
{
    const erg_limits *limits = &desk->study->limits;
    const erg_estimation *done = one->estimation;

    return (limits->latency_s <= 0 || done->latency_s <= limits->latency_s)
        && (limits->energy_j <= 0 || one->energy_per_j <= limits->energy_j)
        && (limits->power_w <= 0 || done->mean_w <= limits->power_w)
        && (limits->memory_bytes <= 0 || done->peak_memory_bytes <= limits->memory_bytes)
        && erg_case_fits(one);
}

/* ---- in tables ------------------------------------------------------------------ */

bool erg_put_case(const erg_desk *desk, erg_table *table, const erg_case *one)
{
    erg_error *err = desk->err;

    return erg_table_row(table, err)
        && erg_table_text(table, "hardware", erg_case_hardware(desk, one), err)
        && erg_table_text(table, "precision", erg_precision_name(one->setting.precision),
                          err)
        && erg_table_integer(table, "batch", one->setting.batch, err);
}

bool erg_put_cases(erg_desk *desk, const char *name, const erg_column columns[],
                   size_t count, erg_case_put *put)
{
    erg_table *table = erg_result_add(desk->result, name, columns, count, desk->err);
    bool ok = table != NULL;

    for (size_t i = 0; i < desk->case_count && ok; i++)
        ok = !desk->cases[i].estimation || put(desk, table, &desk->cases[i]);
    return ok;
}
