/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A study from begin to end: devices and profiles, one case a combination, then
 * every table that was asked for.
 */
#include <math.h>
#include <string.h>
#include "estimate/compat.h"
#include "estimate/run.h"
#include "estimate/study.h"

static const int64_t one_batch[] = { 1 };
static const erg_precision one_precision[] = { ERG_FP32 };

bool erg_goal_parse(const char *word, erg_goal *out)
{
    static const struct { const char *word; erg_goal goal; } goals[] = {
        { "latency", ERG_GOAL_LATENCY }, { "throughput", ERG_GOAL_THROUGHPUT },
        { "energy", ERG_GOAL_ENERGY },   { "edp", ERG_GOAL_EDP },
    };
    for (size_t i = 0; i < ERG_COUNT(goals); i++)
        if (strcmp(word, goals[i].word) == 0) {
            *out = goals[i].goal;
            return true;
        }
    return false;
}

/* ---- devices ------------------------------------------------------------------ */

static bool load_devices(erg_desk *desk)
{
    const erg_study *study = desk->study;
    size_t bytes = (study->hardware_count + 1) * sizeof(*desk->devices);

    desk->devices = erg_arena_take(desk->arena, bytes, desk->err);
    for (size_t i = 0; desk->devices && i < study->hardware_count; i++) {
        erg_study_device *device = &desk->devices[i];
        device->hardware = erg_hardware_load(desk->env, desk->catalog, study->hardware[i],
                                             desk->err);
        if (!device->hardware)
            return false;
        if (study->estimate.mode == ERG_COMPAT)
            continue;
        device->profile = erg_profile_load(desk->catalog, device->hardware,
                                           study->profile_path, desk->err);
        if (!device->profile)
            return false;
    }
    return desk->devices != NULL;
}

/* ---- cases -------------------------------------------------------------------- */

static bool run_cases(erg_desk *desk)
{
    const erg_study *study = desk->study;
    size_t batches = study->batch_count ? study->batch_count : 1;
    size_t precisions = study->precision_count ? study->precision_count : 1;
    const int64_t *batch = study->batch_count ? study->batches : one_batch;
    const erg_precision *precision = study->precision_count
        ? study->precisions : one_precision;
    size_t all = study->hardware_count * batches * precisions, good = 0;

    desk->cases = erg_arena_take(desk->arena, (all + 1) * sizeof(*desk->cases), desk->err);
    if (!desk->cases)
        return false;
    for (size_t i = 0; i < all; i++) {
        erg_variant setting = { .device = i / (batches * precisions),
            .precision = precision[i / batches % precisions], .batch = batch[i % batches],
            .options = study->estimate };
        if (study->fusion_count)
            setting.options.fusion = study->fusions[0];
        desk->case_count++;
        good += erg_case_run(desk, &setting, &desk->cases[i]);
    }
    if (!good && desk->err)
        *desk->err = desk->cases[0].why;
    return good > 0;
}

/* ---- order ---------------------------------------------------------------------- */

typedef struct sort_key { const char *name; double (*of)(const erg_case *one); } sort_key;

static double by_energy(const erg_case *one) { return one->estimation->total.total_j; }
static double by_per(const erg_case *one) { return one->energy_per_j; }
static double by_latency(const erg_case *one) { return one->estimation->latency_s; }
static double by_power(const erg_case *one) { return one->estimation->mean_w; }
static double by_edp(const erg_case *one) { return one->edp_js; }
static double by_throughput(const erg_case *one) { return -one->throughput; }
static double by_memory(const erg_case *one) { return one->estimation->peak_memory_bytes; }

/* Least first; of throughput the most. */
static const sort_key sort_keys[] = {
    { "energy_j", by_energy }, { "energy_per_inference_j", by_per },
    { "latency_s", by_latency }, { "mean_w", by_power }, { "edp_js", by_edp },
    { "throughput", by_throughput }, { "peak_memory_bytes", by_memory },
};

/* Stable, and what failed goes last; a study has few rows. */
static bool sort_cases(erg_desk *desk)
{
    const sort_key *key = NULL;

    for (size_t i = 0; i < ERG_COUNT(sort_keys) && desk->study->sort; i++)
        if (strcmp(sort_keys[i].name, desk->study->sort) == 0)
            key = &sort_keys[i];
    if (desk->study->sort && !key)
        return erg_fail(desk->err, ERG_BAD_INPUT, "--sort %s: take energy_j, "
                        "energy_per_inference_j, latency_s, mean_w, edp_js, throughput or "
                        "peak_memory_bytes", desk->study->sort);
    for (size_t i = 1; i < desk->case_count && key; i++) {
        erg_case one = desk->cases[i];
        double value = one.estimation ? key->of(&one) : INFINITY;
        size_t at = i;
        for (; at > 0; at--) {
            const erg_case *before = &desk->cases[at - 1];
            if ((before->estimation ? key->of(before) : INFINITY) <= value)
                break;
            desk->cases[at] = *before;
        }
        desk->cases[at] = one;
    }
    return true;
}

/* ---- the whole ------------------------------------------------------------------ */

/* Parts of a network that is larger go to and fro, which nothing here counts. */
static bool note_size(erg_desk *desk, const erg_case *one)
{
    const double gb = 1e-9;

    return erg_case_fits(one)
        || erg_result_note(desk->result, desk->err, "%s, %s, batch %lld: its peak of %.3g "
                           "GB does not fit the %.3g GB of the device; the figures are as "
                           "if it did.", erg_case_hardware(desk, one),
                           erg_precision_name(one->setting.precision),
                           (long long)one->setting.batch,
                           (double)one->estimation->peak_memory_bytes * gb,
                           one->estimation->hardware->memory_bytes * gb);
}

static bool add_notes(erg_desk *desk)
{
    bool ok = true;

    for (size_t i = 0; i < desk->case_count && ok; i++) {
        const erg_case *one = &desk->cases[i];
        if (!one->estimation) {
            ok = erg_result_note(desk->result, desk->err, "%s, %s, batch %lld: %s",
                                 erg_case_hardware(desk, one),
                                 erg_precision_name(one->setting.precision),
                                 (long long)one->setting.batch, one->why.text);
            continue;
        }
        ok = note_size(desk, one);
        for (size_t n = 0; n < one->estimation->note_count && ok; n++)
            ok = erg_result_note(desk->result, desk->err, "%s", one->estimation->notes[n]);
        for (int32_t n = 0; n < one->graph->note_count && ok; n++)
            ok = erg_result_note(desk->result, desk->err, "%s", one->graph->notes[n]);
    }
    return ok;
}

typedef bool (*table_maker)(erg_desk *desk);

/* In the order in which they are read. */
static const table_maker makers[] = {
    erg_tables_summary, erg_tables_subgraphs, erg_tables_consumers, erg_tables_roofline,
    erg_tables_memory, erg_tables_timeline, erg_tables_concurrency, erg_advise_hints,
    erg_tables_comparison, erg_tables_strategies, erg_advise_batches, erg_advise_front,
    erg_advise_explain, erg_tables_checks, erg_tables_compat, add_notes,
};

static bool begin(erg_desk *desk)
{
    if (!desk->study->workload || !desk->study->hardware_count)
        return erg_fail(desk->err, ERG_BAD_INPUT,
                        "an estimate needs a workload and hardware");
    desk->arena = erg_arena_new(desk->err);
    return desk->arena && load_devices(desk) && run_cases(desk) && sort_cases(desk)
        && erg_desk_accuracy(desk);
}

static void end(erg_desk *desk)
{
    for (size_t i = 0; i < desk->case_count; i++)
        erg_case_end(&desk->cases[i]);
    erg_desk_end(desk);
    for (size_t i = 0; desk->devices && i < desk->study->hardware_count; i++) {
        erg_profile_free(desk->devices[i].profile);
        erg_hardware_free(desk->devices[i].hardware);
    }
    erg_arena_free(desk->arena);
}

erg_result *erg_study_run(const erg_env *env, const erg_catalog *catalog,
                          const erg_study *study, bool *passed, erg_error *err)
{
    erg_desk desk = { .study = study, .env = env, .catalog = catalog, .passed = true,
                      .err = err };
    bool ok = begin(&desk);

    desk.result = ok ? erg_result_new("estimate", err) : NULL;
    ok = desk.result != NULL;
    for (size_t i = 0; i < ERG_COUNT(makers) && ok; i++)
        ok = makers[i](&desk);
    end(&desk);
    *passed = desk.passed;
    if (ok)
        return desk.result;
    erg_result_free(desk.result);
    return NULL;
}

char *erg_study_dot(const erg_env *env, const erg_catalog *catalog, const erg_study *study,
                    erg_error *err)
{
    erg_desk desk = { .study = study, .env = env, .catalog = catalog, .err = err };
    char *text = NULL;

    if (begin(&desk)) {
        size_t first = 0;
        while (!desk.cases[first].estimation)
            first++;
        text = erg_dot_of(&desk.cases[first]);
        if (!text)
            erg_fail(err, ERG_NO_MEMORY, "out of memory");
    }
    end(&desk);
    return text;
}
