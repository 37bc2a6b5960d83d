/* SPDX-License-Identifier: Apache-2.0 */
/* Every policy of a list over one scenario, as tables:
 * policies, explain, wave, spectrum. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "govern/shape_rows.h"
#include "shape/psu.h"

enum { ROWS_MOST = 64 };
#define SAMPLES_KEPT 1.5e8      /* of all waves together: 1.2 GB */

typedef struct study {
    const erg_scenario *scenario;
    const erg_shape_options *options;
    erg_policy_chain chains[ROWS_MOST];
    erg_shaped rows[ROWS_MOST], base;
    size_t count;
    erg_shape_tables tables;
    bool any_accepted, any_rejected;
    bool is_usual;              /* nobody named these policies */
    erg_error unplayed[ROWS_MOST];      /* what this load forbids of the usual ones */
    size_t unplayed_count;
    erg_error *err;
} study;

static bool parse_list(study *of, const char *text)
{
    while (*text) {
        size_t count = strcspn(text, ",\n");
        while (count && *text == ' ')
            text++, count--;
        if (of->count == ROWS_MOST)
            return erg_fail(of->err, ERG_BAD_INPUT, "at most %d policies at once",
                            ROWS_MOST);
        if (!erg_policy_parse(text, count, &of->chains[of->count++], of->err))
            return false;
        text += count + (text[count] != '\0');
    }
    return of->count > 0 || erg_fail(of->err, ERG_BAD_INPUT, "--policy names none");
}

/* Levels of a load that states no policies of its own. No exponent: its + would join two
 * policies. */
static void usual_list(const erg_scenario *scenario, char *to, size_t size)
{
    static const double shares[] = { 0.7, 0.8, 0.85 };
    char levels[ERG_COUNT(shares)][32];

    for (size_t i = 0; i < ERG_COUNT(shares); i++) {
        double level_w = shares[i] * scenario->peak_w;
        snprintf(levels[i], sizeof(levels[i]), "%.*gW", level_w < 1e6 ? 6 : 10, level_w);
    }
    snprintf(to, size,
             "none,jitter=1ms:5ms,jitter=10ms:50ms,scatter=4,stagger=4,limit=%s,"
             "bucket=%s:20ms,bucket=%s:150ms,floor=%s,limit=%s+floor=%s,storage=5s",
             levels[2], levels[2], levels[2], levels[1], levels[2], levels[0]);
}

static bool make_list(study *of)
{
    const char *typed = of->options->policies;
    char usual[ERG_POLICY_LIST];

    if (typed && strcmp(typed, "all") != 0)
        return parse_list(of, typed);
    if (of->scenario->policies[0])
        return parse_list(of, of->scenario->policies);
    of->is_usual = true;
    usual_list(of->scenario, usual, sizeof(usual));
    return parse_list(of, usual);
}

static bool check_room(const study *of)
{
    const erg_scenario *scenario = of->scenario;
    double samples = scenario->duration_s / scenario->sample_s;
    double kept = samples * (double)(of->count + 1);

    return kept <= SAMPLES_KEPT
        || erg_fail(of->err, ERG_BAD_INPUT, "%s: %zu policies and their base of %.3g "
                    "samples each take %.2g GB: name fewer with --policy, or state a "
                    "shorter length or a longer sample", scenario->name, of->count, samples,
                    kept * sizeof(double) * 1e-9);
}

/* As a bucket of a load that never rests: that is no fault of the others. */
static void leave_out(study *of, size_t number, const erg_error *why)
{
    of->unplayed[of->unplayed_count++] = *why;
    of->count--;
    memmove(&of->chains[number], &of->chains[number + 1],
            (of->count - number) * sizeof(*of->chains));
}

static bool simulate_all(study *of)
{
    const erg_policy_chain none = { .text = "none" };
    uint64_t key = of->options->rng_key;

    if (!check_room(of)
        || !erg_shape_simulate(of->scenario, &none, key, &of->base, of->err))
        return false;
    for (size_t i = 0; i < of->count;) {
        erg_error why = { 0 };
        if (erg_shape_simulate(of->scenario, &of->chains[i], key, &of->rows[i], &why))
            i++;
        else if (of->is_usual && why.code == ERG_BAD_INPUT)
            leave_out(of, i, &why);
        else
            return erg_fail(of->err, why.code, "%s", why.text);
    }
    return true;
}

/* ---- rows ---------------------------------------------------------------------------- */

static double loss_of(const erg_shaped *base, const erg_shaped *row)
{
    double loss = isnan(row->work_s) ? 1 - row->steps_per_s / base->steps_per_s
                                     : 1 - base->work_s / row->work_s;

    /* Rounding of nanoseconds is no loss. */
    return fabs(loss) < 1e-7 ? 0 : loss;
}

static erg_gate_side side_of(const erg_shaped *base, const erg_shaped *row,
                             const erg_policy_chain *chain)
{
    bool burns = false;

    for (size_t i = 0; chain && i < chain->count; i++)
        burns |= chain->policies[i]->burns;
    return (erg_gate_side){
        .peak_10ms_w = row->metrics.peak_mean_w[0],
        .ramp_w_per_s = row->metrics.ramp_w_per_s[0],
        .band_rms = row->metrics.band_rms, .throughput_loss = loss_of(base, row),
        .energy_per_step_j = row->energy_per_step_j,
        .collective_p99_s = row->collective_p99_s,
        .throttled_s = NAN, .timeouts = NAN, .burns = burns,
        .has_tripped = row->has_tripped,
    };
}

static bool put_row(study *of, size_t number)
{
    const erg_policy_chain *chain = &of->chains[number];
    const erg_shaped *shaped = &of->rows[number];
    const erg_shape_row row = {
        .policy = chain->text, .shaped = shaped, .loss = loss_of(&of->base, shaped),
        .is_base = chain->count == 0, .is_open = of->scenario->open_loop,
        .base = side_of(&of->base, &of->base, NULL),
        .new = side_of(&of->base, shaped, chain),
    };
    erg_verdict verdict;

    if (!erg_shape_tables_add(&of->tables, &row, &verdict, of->err)
        || !erg_shape_details_add(&of->tables, row.policy, shaped, of->err))
        return false;
    of->any_accepted |= !row.is_base && verdict == ERG_ACCEPTED;
    of->any_rejected |= !row.is_base && verdict == ERG_REJECTED;
    return true;
}

/* ---- notes, waves -------------------------------------------------------------------- */

static bool put_notes(const study *of)
{
    const erg_scenario *scenario = of->scenario;
    erg_result *result = of->tables.result;
    bool was_split = false, burns = false;
    int unseen = of->base.psu_unseen;

    for (size_t i = 0; i < of->unplayed_count; i++)
        if (!erg_result_note(result, of->err, "left out: %s", of->unplayed[i].text))
            return false;
    for (size_t i = 0; i < of->count; i++)
        was_split |= of->rows[i].was_split, burns |= of->rows[i].burned_j > 0;
    return erg_result_note(result, of->err, "simulated: no figure here was measured")
        && (!scenario->note[0] || erg_result_note(result, of->err, "%s", scenario->note))
        && (!scenario->open_loop
            || erg_result_note(result, of->err,
                               "open loop: a record has no barriers, so that "
                               "steps a second are a bound"))
        && (!was_split
            || erg_result_note(result, of->err,
                               "stagger, interleave, scatter and lock take each group "
                               "for a job of its own: within one synchronous job only "
                               "slack is free"))
        && (!unseen
            || erg_result_note(result, of->err,
                               "psu_violations: %d of %d limits are shorter "
                               "than a sample and were not checked", unseen, ERG_PSU_ROWS))
        && (!burns || erg_result_note(result, of->err, "a floor burns energy: burned_j"))
        && (!of->base.metrics.short_record
            || erg_result_note(result, of->err,
                               "the record is shorter than 20 s: lines of its "
                               "spectrum are broad"));
}

static bool put_waves(const study *of)
{
    erg_shape_wave waves[ROWS_MOST];

    for (size_t i = 0; i < of->count; i++)
        waves[i] = (erg_shape_wave){ of->chains[i].text, &of->rows[i] };
    return erg_shape_waves_add(&of->tables, waves, of->count, of->err);
}

static bool put_all(study *of)
{
    if (!erg_shape_tables_begin(&of->tables, of->options, of->err))
        return false;
    for (size_t i = 0; i < of->count; i++)
        if (!put_row(of, i))
            return false;
    return put_waves(of) && put_notes(of);
}

erg_result *erg_shape_run(const erg_scenario *scenario, const erg_shape_options *options,
                          erg_verdict *verdict, erg_error *err)
{
    study *of = calloc(1, sizeof(*of));

    if (!of) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory for policies");
        return NULL;
    }
    *of = (study){ .scenario = scenario, .options = options, .err = err };
    bool ok = make_list(of) && simulate_all(of) && put_all(of);
    if (verdict)
        *verdict = of->any_accepted ? ERG_ACCEPTED
                 : of->any_rejected ? ERG_REJECTED : ERG_NOT_ASSESSABLE;
    for (size_t i = 0; i < of->count; i++)
        erg_shaped_free(&of->rows[i]);
    erg_shaped_free(&of->base);
    erg_result *result = of->tables.result;
    free(of);
    if (ok)
        return result;
    erg_result_free(result);
    return NULL;
}

/* ---- list ---------------------------------------------------------------------------- */

static const erg_column list_columns[] = {
    { "name", ERG_TEXT, "for --policy; joined by + they act together" },
    { "arguments", ERG_TEXT, "in brackets: may be left out" },
    { "about", ERG_TEXT, "what it does" },
};

static void put_arguments(const erg_policy *policy, char *to, size_t size)
{
    size_t used = 0;

    to[0] = '\0';
    for (size_t i = 0; i < ERG_POLICY_VALUES && policy->forms[i].name; i++) {
        const erg_policy_form *form = &policy->forms[i];
        int wrote = snprintf(to + used, size - used, "%s%s%s%s%s%s%s",
                             form->needed ? "" : "[",
                             i ? ":" : "=", form->name, *form->unit ? " (" : "", form->unit,
                             *form->unit ? ")" : "", form->needed ? "" : "]");
        used += wrote > 0 && (size_t)wrote < size - used ? (size_t)wrote : 0;
    }
}

erg_result *erg_shape_list(erg_error *err)
{
    erg_result *result = erg_result_new("shape", err);
    erg_table *table = result ? erg_result_add(result, "list", list_columns,
                                               ERG_COUNT(list_columns), err) : NULL;
    bool ok = table != NULL;

    for (const erg_policy *const *at = erg_policies; ok && *at; at++) {
        char arguments[160];
        put_arguments(*at, arguments, sizeof(arguments));
        ok = erg_table_row(table, err) && erg_table_text(table, "name", (*at)->name, err)
            && erg_table_text(table, "arguments", arguments, err)
            && erg_table_text(table, "about", (*at)->about, err);
    }
    if (ok)
        return result;
    erg_result_free(result);
    return NULL;
}
