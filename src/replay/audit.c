/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>
#include "replay/audit.h"
#include "replay/files.h"
#include "replay/meter.h"

const erg_audit_check erg_audit_checks[ERG_AUDIT_CHECKS] = {
    { "RUNS_MISMATCH", true, erg_audit_runs },
    { "COUNT_UNIT", true, erg_audit_count_unit },
    { "SHAPES_LOST", true, erg_audit_shapes },
    { "OVER_PEAK", true, erg_audit_over_peak },
    { "LAUNCH_BOUND", false, erg_audit_launch_bound },
    { "POWER_UNLIKE", false, erg_audit_power_unlike },
    { "NO_IDLE", false, erg_audit_no_idle },
    { "SELECTION", false, erg_audit_selection },
    { "METER_SILENT", true, erg_audit_meter_silent },
    { "TOO_SHORT", false, erg_audit_too_short },
    { "COLD_CLOCKS", false, erg_audit_cold },
    { "LOCAL_TIME", false, erg_audit_local_time },
    { "STALE_RESULT", true, erg_audit_stale },
    { "NOISY", false, erg_audit_noisy },
    { "LEGACY_SUM", false, erg_audit_legacy },
    { "CLOCK_OFFSET", true, erg_audit_clock_offset },
};

/* ---- making them -------------------------------------------------------- */

/* A meter that is refused leaves no energies: the checks of energies then say so. */
static bool meter(erg_replay *replay, bool *is_metered, erg_error *err)
{
    erg_error why = { 0 };

    erg_replay_repair_runs(replay);
    *is_metered = replay->trace && replay->channel >= 0 && erg_replay_meter(replay, &why);
    return *is_metered || why.code == ERG_OK || erg_can_do_without(&why, err);
}

/* Nothing passes by the readings of a meter that does not see this machine, or sees it at
 * other times. */
static void doubt_power(erg_finding findings[ERG_AUDIT_CHECKS])
{
    const char *why = NULL;

    for (size_t i = 0; i < ERG_AUDIT_CHECKS; i++) {
        if (findings[i].state != ERG_AUDIT_FAILED)
            continue;
        if (erg_audit_checks[i].look == erg_audit_meter_silent)
            why = "the meter does not follow the load";
        if (erg_audit_checks[i].look == erg_audit_clock_offset)
            why = "the clock of the log is off";
    }
    for (size_t i = 0; why && i < ERG_AUDIT_CHECKS; i++)
        if (findings[i].state == ERG_AUDIT_PASSED
            && (erg_audit_checks[i].look == erg_audit_power_unlike
                || erg_audit_checks[i].look == erg_audit_cold))
            erg_audit_cannot(&findings[i], "%s", why);
}

bool erg_audit_run(erg_replay *replay, const erg_replay_audit_options *options,
                   erg_finding findings[ERG_AUDIT_CHECKS], erg_error *err)
{
    static const erg_replay_audit_options unset;
    erg_audit_subject subject = { .replay = replay, .options = options ? options : &unset };

    if (!meter(replay, &subject.is_metered, err))
        return false;
    for (size_t i = 0; i < ERG_AUDIT_CHECKS; i++) {
        findings[i] = (erg_finding){ ERG_AUDIT_NOT_ASSESSABLE, "", "" };
        erg_audit_checks[i].look(&subject, &findings[i]);
    }
    doubt_power(findings);
    return true;
}

void erg_audit_refusing(const erg_finding findings[ERG_AUDIT_CHECKS], char *to, size_t size)
{
    erg_text_put(to, size, "");
    for (size_t i = 0; i < ERG_AUDIT_CHECKS; i++) {
        size_t count = strlen(to);
        if (findings[i].state == ERG_AUDIT_FAILED && erg_audit_checks[i].refuses)
            snprintf(to + count, size - count, "%s%s", count ? ", " : "",
                     erg_audit_checks[i].code);
    }
}

static const char *const state_names[] = { "not assessable", "passed", "failed" };

json_t *erg_audit_json(const erg_finding findings[ERG_AUDIT_CHECKS])
{
    json_t *all = json_array();
    bool ok = all != NULL;

    for (size_t i = 0; i < ERG_AUDIT_CHECKS && ok; i++)
        ok = json_array_append_new(all, json_pack("{s:s, s:s}", "check",
                                                  erg_audit_checks[i].code, "state",
                                                  state_names[findings[i].state]))
             == 0;
    if (ok)
        return all;
    json_decref(all);
    return NULL;
}

/* ---- table findings ----------------------------------------------------- */

static const erg_column columns[] = {
    { "check", ERG_TEXT, "code of the check" },
    { "severity", ERG_TEXT,
      "of one that failed: refuse, flag; else passed, not assessable" },
    { "what", ERG_TEXT, "what was found; why it could not be looked at" },
    { "evidence", ERG_TEXT, "the figures" },
    { "state", ERG_TEXT, "passed, failed, not assessable" },
};

static bool add_row(erg_table *table, const erg_audit_check *check,
                    const erg_finding *finding, erg_error *err)
{
    const char *severity = finding->state != ERG_AUDIT_FAILED ? state_names[finding->state]
                           : check->refuses                   ? "refuse"
                                                              : "flag";
    return erg_table_row(table, err) && erg_table_text(table, "check", check->code, err)
           && erg_table_text(table, "severity", severity, err)
           && erg_table_text(table, "what", finding->what, err)
           && erg_table_text(table, "evidence",
                             finding->evidence[0] ? finding->evidence : NULL, err)
           && erg_table_text(table, "state", state_names[finding->state], err);
}

/* That none failed says little where few could be made. */
static bool note_blind(erg_result *result, const erg_finding findings[ERG_AUDIT_CHECKS],
                       erg_error *err)
{
    size_t blind = 0;

    for (size_t i = 0; i < ERG_AUDIT_CHECKS; i++)
        blind += findings[i].state == ERG_AUDIT_NOT_ASSESSABLE;
    return blind == 0
        || erg_result_note(result, err,
                           "%zu of %d checks could not be made; each says what it lacks.",
                           blind, (int)ERG_AUDIT_CHECKS);
}

static bool note(erg_result *result, const erg_finding findings[ERG_AUDIT_CHECKS],
                 size_t failed, erg_error *err)
{
    char refusing[200];

    erg_audit_refusing(findings, refusing, sizeof(refusing));
    if (refusing[0])
        return erg_result_note(result, err,
                               "No verdict on the sum of the kernels can be given: %s.",
                               refusing);
    if (failed)
        return erg_result_note(result, err,
                               "%zu checks failed; none of them refuses a verdict.",
                               failed);
    return erg_result_note(result, err, "No check failed.")
        && note_blind(result, findings, err);
}

erg_result *erg_replay_audit(erg_replay *replay, const erg_replay_audit_options *options,
                             size_t *failed, erg_error *err)
{
    erg_finding findings[ERG_AUDIT_CHECKS];
    erg_result *result = erg_audit_run(replay, options, findings, err)
                             ? erg_result_new("replay", err)
                             : NULL;
    erg_table *table =
        result ? erg_result_add(result, "findings", columns, ERG_COUNT(columns), err)
               : NULL;
    bool ok = table != NULL;

    *failed = 0;
    for (size_t i = 0; i < ERG_AUDIT_CHECKS && ok; i++) {
        ok = add_row(table, &erg_audit_checks[i], &findings[i], err);
        *failed += findings[i].state == ERG_AUDIT_FAILED;
    }
    if (ok && note(result, findings, *failed, err)
        && erg_replay_put_notes(replay, result, err))
        return result;
    erg_result_free(result);
    return NULL;
}
