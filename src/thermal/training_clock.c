/* SPDX-License-Identifier: Apache-2.0 */
/* A training log from the marks of a run file, and onto the clock of another. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "thermal/joint_inside.h"
#include "thermal/training_inside.h"

static int value_of_mark(const char *name)
{
    for (int i = 0; i < ERG_TRAINING_VALUES; i++)
        if (strcmp(erg_training_value_name((erg_training_value)i), name) == 0)
            return i;
    return strcmp(name, "learning_rate") == 0 ? ERG_TRAINING_LR : -1;
}

/* Marks of one record come one after the other, much closer than two records: the median
 * distance of marks of the most frequent name. */
static double record_s(const erg_trace *trace, double *scratch)
{
    double closest = INFINITY;

    for (int value = 0; value < ERG_TRAINING_VALUES; value++) {
        size_t n = 0;
        int64_t last_ns = INT64_MIN;
        for (size_t i = 0; i < erg_trace_mark_count(trace); i++) {
            const erg_mark_row *mark = erg_trace_mark(trace, i);
            if (value_of_mark(mark->name) != value)
                continue;
            if (last_ns != INT64_MIN)
                scratch[n++] = erg_s_from_ns(mark->t_ns - last_ns);
            last_ns = mark->t_ns;
        }
        if (n > 0)
            closest = fmin(closest, erg_median(scratch, n));
    }
    return closest;
}

static bool take_marks(erg_training_draft *draft, const erg_trace *trace, double apart_s,
                       erg_error *err)
{
    erg_training_record *record = NULL;
    int64_t begin_ns = 0;

    for (size_t i = 0; i < erg_trace_mark_count(trace); i++) {
        const erg_mark_row *mark = erg_trace_mark(trace, i);
        int value = value_of_mark(mark->name);
        if (value < 0)
            continue;
        if (!record || !isnan(record->row.value[value])
            || erg_s_from_ns(mark->t_ns - begin_ns) > apart_s / 4) {
            record = erg_training_begin(draft, err);
            if (!record)
                return false;
            begin_ns = mark->t_ns;
            record->times[0] = (erg_training_time){
                true, ERG_TRAINING_UTC, erg_joint_stamp_ns(trace, mark->t_ns)
            };
        }
        record->row.value[value] = isfinite(mark->value) ? mark->value : NAN;
    }
    return draft->count > 0
           || erg_fail(err, ERG_NO_DATA,
                       "the run file holds no marks step, loss, grad_norm or lr: "
                       "a training program leaves them by erg_mark; else give its "
                       "log, --log FILE");
}

erg_training *erg_training_of_trace(const erg_trace *trace, erg_error *err)
{
    erg_training_draft draft = { .name = "the run file" };
    double *scratch = calloc(erg_trace_mark_count(trace) + 1, sizeof(*scratch));
    erg_training *made = NULL;

    if (!scratch)
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
    else if (take_marks(&draft, trace, record_s(trace, scratch), err))
        made = erg_training_finish(&draft, err);
    free(draft.records);
    free(scratch);
    return made;
}

void erg_training_shift(erg_training *training, int64_t by_ns)
{
    for (size_t i = 0; i < training->count; i++)
        training->rows[i].t_ns += by_ns;
}

bool erg_zone_quarters(erg_span log, erg_span run, int64_t *by_ns)
{
    const int64_t quarter_ns = 900 * ERG_NS_PER_S, near_ns = 300 * ERG_NS_PER_S;
    double off_ns = (double)(run.begin_ns - log.begin_ns);
    double end_off_ns = (double)(run.end_ns - log.end_ns);
    double quarters = round((off_ns + end_off_ns) / 2 / (double)quarter_ns);

    *by_ns = fabs(quarters) > 56 ? 0 : (int64_t)quarters * quarter_ns;
    return fabs(quarters) <= 56
        && fabs(off_ns - quarters * (double)quarter_ns) <= (double)near_ns
        && fabs(end_off_ns - quarters * (double)quarter_ns) <= (double)near_ns;
}

bool erg_training_guess_zone(erg_training *training, erg_span run, int64_t *by_ns)
{
    const erg_span log = { training->rows[0].t_ns,
                           training->rows[training->count - 1].t_ns };

    if (training->clock != ERG_TRAINING_LOCAL || !erg_zone_quarters(log, run, by_ns))
        return false;
    erg_training_shift(training, *by_ns);
    training->clock = ERG_TRAINING_UTC;
    return true;
}
