/* SPDX-License-Identifier: Apache-2.0 */
/* What a reader of the sums has to be told beside them. */
#include <math.h>
#include "replay/recompose.h"

/* What the method cannot know, beside what the tiers drew where that is known. */
static bool note_time_share(const erg_recomposed *r, erg_result *result, erg_error *err)
{
    erg_text drawn = { 0 };

    for (int i = 0; i < ERG_TIERS; i++)
        if (r->tiers[i].window_s > 0)
            erg_text_add(&drawn, "%s%s %.1f W",
                         drawn.count ? ", " : "; replayed they drew ",
                         erg_tier_name((erg_tier)i),
                         r->tiers[i].window_j / r->tiers[i].window_s);
    bool ok = drawn.failed ? erg_fail(err, ERG_NO_MEMORY, "no memory for a note")
        : erg_result_note(result, err,
                          "Warning: time_share gives each tier joules of the whole by its "
                          "time alone, as if all tiers drew the same power%s. --method sum "
                          "and --by-tier measure.", drawn.count ? drawn.data : "");
    erg_text_free(&drawn);
    return ok;
}

bool erg_recompose_notes(const erg_replay *replay, const erg_recomposed *r,
                         const erg_recompose_told *told, erg_result *result,
                         erg_error *err)
{
    bool ok = true;

    if (told->refused_by[0])
        ok = erg_result_note(result, err,
                             "No verdict: %s. The figures stand as they were computed; "
                             "erg replay audit says what is wrong.",
                             told->refused_by);
    if (ok && told->repaired)
        ok = erg_result_note(
            result, err,
            "%zu of the kernels cannot have run as often as stated: energy is "
            "divided by what their windows show (column runs).",
            told->repaired);
    if (ok && r->all.metered_launches > 0 && isnan(replay->base_w) && !told->by_time)
        ok = erg_result_note(
            result, err,
            "No idle power is known, so the energy of a pass cannot be put together: "
            "the sum of gross energies leaves out the base power of the gaps. "
            "Give --base WATTS.");
    if (ok && r->all.silent_launches + r->all.estimated_launches > 0)
        ok = erg_result_note(
            result, err,
            "%.1f %% of the launches have no measured energy; they are in no sum%s.",
            100 * (1 - r->all.metered_launches / r->all.launches),
            r->all.silent_launches > 0 ? "" : ", which holds the share energy_measured");
    if (ok && r->all.below_base)
        ok = erg_result_note(
            result, err,
            "%zu of the kernels drew less than the base power of %.4g W: that idle is of "
            "another state than they ran in. Name it with --base, or replay again.",
            r->all.below_base, replay->base_w);
    return ok && (!told->by_time || note_time_share(r, result, err))
        && erg_replay_put_notes(replay, result, err);
}
