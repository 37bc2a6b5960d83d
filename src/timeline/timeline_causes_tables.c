/* SPDX-License-Identifier: Apache-2.0 */
/* The tables spikes and causes. */
#include <math.h>
#include <stdlib.h>
#include "timeline/timeline_causes.h"

enum { NAMED = 5 };

static bool begins_near(const erg_causes *own, const erg_cause *of, int64_t t_ns)
{
    return erg_cover_holds(&of->begins, t_ns - own->reach.span.begin_ns);
}

/* Names of the first candidates; *first: the one that is named the cause. */
static void name_candidates(const erg_causes *own, int64_t t_ns, const erg_cause **first,
                            erg_text *names)
{
    const erg_cause *rows = own->rows.items;
    int named = 0;

    for (size_t i = 0; i < own->rows.count && i < ERG_CAUSES_TRIED && named < NAMED; i++) {
        bool is_candidate = rows[i].lift.near > 0 && rows[i].lift.lift > 1
                         && begins_near(own, &rows[i], t_ns);
        if (!is_candidate)
            continue;
        if (!*first && rows[i].is_sure && rows[i].lift.lift >= ERG_CAUSE_TWICE)
            *first = &rows[i];
        erg_text_add(names, "%s%s", named++ ? ", " : "", rows[i].name);
    }
}

static bool put_spike(const erg_causes *own, erg_table *table, const erg_spike *spike,
                      const erg_aftermath *after)
{
    erg_error *err = own->all->err;
    const erg_cause *first = NULL;
    erg_text text = { 0 };

    name_candidates(own, spike->begin_ns, &first, &text);
    char *names = text.count ? erg_text_take(&text) : NULL;
    bool ok = erg_table_row(table, err)
        && erg_table_real(table, "time_s", erg_timeline_s(own->all, spike->begin_ns), err)
        && erg_table_real(table, "peak_w", spike->peak_w, err)
        && erg_table_real(table, "rise_w_per_s", spike->rise_w_per_s, err)
        && erg_table_text(table, "cause", first ? first->name : NULL, err)
        && erg_table_real(table, "lift", first ? first->lift.lift : NAN, err)
        && erg_table_real(table, "p_value", first ? first->lift.p_value : NAN, err)
        && erg_table_real(table, "duration_s",
                          erg_s_from_ns(spike->end_ns - spike->begin_ns), err)
        && erg_table_text(table, "candidates", names, err)
        && erg_table_text(table, "throttle", after->throttle, err)
        && erg_table_real(table, "clock_drop_hz", after->clock_drop_hz, err);
    free(names);
    erg_text_free(&text);
    return ok;
}

static bool put_cause(const erg_causes *own, erg_table *table, const erg_cause *of,
                      const erg_aftermath after[])
{
    erg_error *err = own->all->err;
    const erg_spike *spikes = own->all->spikes.items;
    double near = 0, held = 0, drop_hz = 0, drops = 0;

    for (size_t i = 0; i < own->all->spikes.count; i++) {
        if (!begins_near(own, of, spikes[i].begin_ns))
            continue;
        near++;
        held += after[i].throttle != NULL;
        drops += !isnan(after[i].clock_drop_hz);
        drop_hz += isnan(after[i].clock_drop_hz) ? 0 : after[i].clock_drop_hz;
    }
    return erg_table_row(table, err)
        && erg_table_text(table, "cause", of->name, err)
        && erg_table_text(table, "kind", of->kind, err)
        && erg_table_integer(table, "begins", (int64_t)of->tally.begins, err)
        && erg_table_integer(table, "spikes", (int64_t)near, err)
        && erg_table_real(table, "lift", of->lift.lift, err)
        && erg_table_real(table, "p_value", of->lift.p_value, err)
        && erg_table_real(table, "throttled", near > 0 ? held / near : NAN, err)
        && erg_table_real(table, "clock_drop_hz", drops > 0 ? drop_hz / drops : NAN, err);
}

static bool note(const erg_causes *own)
{
    const erg_timeline_case *all = own->all;

    if (all->spikes.count == 0)
        return erg_result_note(all->result, all->err, "no spikes");
    if (own->tried == 0)
        return erg_result_note(all->result, all->err,
                               "nothing begins in this recording that "
                               "could cause a spike: regions, marks or a "
                               "profiler's trace would");
    return erg_result_note(all->result, all->err,
                           "a cause is named at a lift of at least %g "
                           "and p of at most %g: of %zu that were tried up "
                           "to %.2g by chance, which is the same begins shifted "
                           "in a circle %d times", ERG_CAUSE_TWICE, ERG_CAUSE_SURE,
                           own->tried, ERG_CAUSE_SURE * (double)own->tried, ERG_SHIFTS);
}


bool erg_causes_put(const erg_causes *own, const erg_aftermath after[])
{
    erg_timeline_case *all = own->all;
    const erg_cause *rows = own->rows.items;
    const erg_spike *spikes = all->spikes.items;
    bool ok = true;

    for (size_t i = 0; ok && i < all->spikes.count; i++)
        ok = put_spike(own, all->tables.spikes, &spikes[i], &after[i]);
    for (size_t i = 0; ok && i < own->rows.count && i < ERG_CAUSES_TRIED; i++)
        if (rows[i].tally.begins && rows[i].lift.near)
            ok = put_cause(own, all->tables.causes, &rows[i], after);
    return ok && note(own);
}
