/* SPDX-License-Identifier: Apache-2.0 */
/* The two ways to joules of kernels, from what was loaded to tables and reports. */
#include <math.h>
#include "replay/audit.h"
#include "replay/files.h"
#include "replay/meter.h"
#include "replay/recompose.h"
#include "replay/regress.h"

enum { REFUSED_MOST = 256 };

static void set_base(erg_replay *replay, const erg_recompose_options *options)
{
    if (!(options->base_w > 0))
        return;
    replay->base_w = options->base_w;
    replay->base_u_w = NAN;     /* nobody says */
    erg_text_put(replay->base_policy, sizeof(replay->base_policy),
                 options->base_policy ? options->base_policy : "stated");
}

/* The guide's report sums gross energies; ours has the base of the gaps too. */
static void keep_energy(const erg_recomposed *r, erg_kernel_energies *to)
{
    if (isnan(r->predicted_j))
        return;
    to->predicted_j = to->compared_j = r->predicted_j;
    to->error_j = fabs(r->predicted_j - to->whole_j);
    to->error = to->error_j / to->whole_j;
    to->ratio = r->predicted_j / to->whole_j;
}

/* What the guide's report holds of a verdict: beside the bare per cent, never without. */
static bool keep_sums(erg_replay *replay, erg_error *err)
{
    erg_replay_state state = erg_recompose_has(replay, ERG_STATE_HOT) ? ERG_STATE_HOT
                             : erg_recompose_has(replay, ERG_STATE_COLD)
                                 ? ERG_STATE_COLD
                                 : ERG_STATE_UNKNOWN;
    erg_recomposed r;

    if (!erg_recompose(replay, state, &r, err) || !erg_comparison_of(replay, err))
        return false;
    replay->comparison->e_n = r.agreement_en;
    replay->comparison->low_s = r.predicted_s - 2 * r.predicted_u_s;
    replay->comparison->high_s = r.predicted_s + 2 * r.predicted_u_s;
    if (isnan(r.measured_j) && !(r.all.metered_launches > 0))
        return true;
    if (!erg_kernel_energies_of(replay, err))
        return false;
    keep_energy(&r, replay->energies);
    return true;
}

static bool keep_audit(erg_replay *replay, const erg_finding findings[], erg_error *err)
{
    replay->comparison->audit = erg_audit_json(findings);
    return replay->comparison->audit
           || erg_fail(err, ERG_NO_MEMORY, "no memory for a report");
}

/* The audit counts runs and meters on its way, so it comes first; what it refuses is still
 * computed, but has no verdict. */
erg_result *erg_replay_recompose(erg_replay *replay, const erg_recompose_options *options,
                                 bool *agrees, erg_error *err)
{
    erg_finding findings[ERG_AUDIT_CHECKS];
    char refused_by[REFUSED_MOST];
    erg_result *result = erg_result_new("replay", err);

    set_base(replay, options);
    bool ok = result && erg_audit_run(replay, options->audit, findings, err);
    if (ok && options->by_tier && !replay->has_tiers)
        ok = erg_fail(err, ERG_BAD_INPUT,
                      "no tier was metered by itself: record one with erg "
                      "replay run --by-tier");
    if (ok)
        erg_audit_refusing(findings, refused_by, sizeof(refused_by));
    erg_recompose_told told = { .refused_by = refused_by, .top = options->top,
                                .repaired = erg_replay_repair_runs(replay),
                                .by_time = options->time_share };
    ok = ok && erg_recompose_tables(replay, &told, result, agrees, err)
        && (!options->data_set || erg_recompose_data_set(replay, result, err))
        && keep_sums(replay, err) && keep_audit(replay, findings, err);
    if (ok)
        return result;
    erg_result_free(result);
    return NULL;
}

/* Shapes stand in the plan: without it, timings of a folder could not be told apart. */
static bool save_plan(const erg_replay *replay, const char *folder, erg_error *err)
{
    erg_aside aside;
    char path[ERG_PATH_MOST];

    if (!replay->plan)
        return true;
    if (snprintf(path, sizeof(path), "%s/plan.jsonl", folder) >= (int)sizeof(path))
        return erg_fail(err, ERG_BAD_INPUT, "path too long: %.80s...", folder);
    if (!erg_aside_begin(&aside, path, err))
        return false;
    bool ok = erg_replay_plan_save(replay->plan, aside.stream, err);
    return erg_aside_end(&aside, ok, ok ? err : NULL) && ok;
}

bool erg_replay_save(const erg_replay *replay, const char *folder, erg_error *err)
{
    return erg_folder_make(folder, err) && erg_replay_files_write(replay, folder, err)
           && save_plan(replay, folder, err);
}

/* ---- regression ------------------------------------------------------------------- */

static erg_regress_set *windows_of(const char *path, erg_error *err)
{
    if (!erg_text_ends(path, ".erg"))
        return erg_regress_read(path, err);
    erg_trace *trace = erg_trace_load(path, err);
    erg_regress_set *set = trace ? erg_regress_of_trace(trace, -1, err) : NULL;
    erg_trace_free(trace);
    return set;
}

static bool meter_alone(erg_replay *replay, const erg_recompose_options *options,
                        erg_error *err)
{
    set_base(replay, options);
    erg_replay_repair_runs(replay);
    return erg_replay_meter(replay, err);
}

erg_result *erg_replay_regress(const char *path, erg_replay *replay,
                               const erg_recompose_options *options, bool *agrees,
                               erg_error *err)
{
    erg_result *result = erg_result_new("replay", err);
    erg_regress_set *set = result ? windows_of(path, err) : NULL;
    bool ok = set && (!replay || meter_alone(replay, options, err));
    size_t apart = 0;

    if (ok)
        set->base_w = options->base_w > 0 ? options->base_w : replay ? replay->base_w : NAN;
    ok = ok && erg_regress_solve(set, err);
    if (ok && replay)
        apart = erg_regress_compare(set, replay);
    ok = ok && erg_regress_tables(set, apart, result, err);
    *agrees = apart == 0;
    erg_regress_set_free(set);
    if (ok)
        return result;
    erg_result_free(result);
    return NULL;
}
