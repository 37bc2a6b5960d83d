/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A training log as rows of one clock. A log may hold several columns of time: the one with
 * the best clock is used for every record, never one for some and another for others.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "thermal/training_inside.h"

/* ---- fields ----------------------------------------------------------------- */

static const char *const time_names[ERG_TRAINING_TIMES] = {
    "timestamp_shared", "timestamp", "time", "t", "timestamp_iso",
};

static const char *const value_names[ERG_TRAINING_VALUES] = {
    "step", "step_counter", "loss", "grad_norm", "lr", "epoch", "tokens", "step_s",
};

const char *erg_training_value_name(erg_training_value value) { return value_names[value]; }

static int find_name(const char *const names[], size_t count, erg_field name)
{
    for (size_t i = 0; i < count; i++)
        if (erg_field_is(name, names[i]))
            return (int)i;
    return -1;
}

static int find_value(erg_field name)
{
    return erg_field_is(name, "learning_rate")
               ? ERG_TRAINING_LR
               : find_name(value_names, ERG_COUNT(value_names), name);
}

bool erg_training_is_value(erg_field name) { return find_value(name) >= 0; }

static bool is_unknown(erg_field text)
{
    static const char *const words[] = { "", "nan", "-nan", "inf", "-inf", "infinity",
                                         "-infinity", "null", "none", "n/a" };
    for (size_t i = 0; i < ERG_COUNT(words); i++)
        if (strlen(words[i]) == text.count
            && strncasecmp(words[i], text.text, text.count) == 0)
            return true;
    return false;
}

static bool number_of(erg_training_cell cell, double *out)
{
    erg_field text = erg_field_trim(cell.text);

    *out = cell.is_number ? cell.number : NAN;
    if (cell.is_number)
        return true;
    return is_unknown(text) || erg_number_parse(text.text, text.count, '.', out);
}

/* A number since 1970 names its unit by its size; a small one counts from some start. */
static bool time_of_number(double number, erg_training_time *out)
{
    static const struct { double below, ns; } units[] = {
        { 1e11, 1e9 }, { 1e14, 1e6 }, { 1e17, 1e3 }, { 4e18, 1 },
    };

    for (size_t i = 0; i < ERG_COUNT(units); i++)
        if (fabs(number) < units[i].below) {
            double whole = floor(number);
            if (fabs(whole) * units[i].ns > 4e18)
                return false;
            out->clock = fabs(number) < 1e8 ? ERG_TRAINING_SINCE_START : ERG_TRAINING_UTC;
            out->t_ns = (int64_t)whole * (int64_t)units[i].ns
                      + (int64_t)((number - whole) * units[i].ns + 0.5);
            return out->is_there = true;
        }
    return isnan(number);
}

static bool time_of(const erg_zone *zone, erg_training_cell cell, erg_training_time *out)
{
    const erg_stamp_style style = { .zone = zone };
    erg_field text = erg_field_trim(cell.text);
    erg_stamp at;
    double number;

    if (number_of(cell, &number))
        return time_of_number(number, out);
    if (!erg_stamp_parse(text.text, text.count, &style, &at))
        return false;
    *out = (erg_training_time){ true,
                                at.has_zone || zone ? ERG_TRAINING_UTC : ERG_TRAINING_LOCAL,
                                at.utc_ns };
    return true;
}

bool erg_training_set(const erg_training_draft *draft, erg_training_record *record,
                      erg_field name, erg_training_cell cell)
{
    int time = find_name(time_names, ERG_COUNT(time_names), name), value = find_value(name);

    if (time >= 0)
        return time_of(draft->zone, cell, &record->times[time]);
    return value < 0 || number_of(cell, &record->row.value[value]);
}

/* ---- records ---------------------------------------------------------------- */

erg_training_record *erg_training_begin(erg_training_draft *draft, erg_error *err)
{
    if (!erg_grow((void **)&draft->records, &draft->capacity, draft->count,
                  sizeof(*draft->records), err))
        return NULL;
    erg_training_record *record = &draft->records[draft->count++];
    *record = (erg_training_record){ .row.record = ++draft->seen };
    for (size_t i = 0; i < ERG_TRAINING_VALUES; i++)
        record->row.value[i] = NAN;
    return record;
}

void erg_training_drop(erg_training_draft *draft)
{
    draft->count--;
    draft->torn++;
}

/* The column of time to use: -1 where there is none. */
static int best_time(const erg_training_draft *draft, erg_training_clock *clock)
{
    int best = -1;

    for (int t = 0; t < ERG_TRAINING_TIMES; t++)
        for (size_t i = 0; i < draft->count; i++) {
            const erg_training_time *one = &draft->records[i].times[t];
            if (!one->is_there)
                continue;
            if (best < 0 || one->clock < *clock) {
                best = t;
                *clock = one->clock;
            }
            break;
        }
    return best;
}

static int by_time(const void *a, const void *b)
{
    const erg_training_row *one = a, *other = b;

    if (one->t_ns != other->t_ns)
        return one->t_ns < other->t_ns ? -1 : 1;
    return (one->record > other->record) - (one->record < other->record);
}

static void derive_step_s(erg_training *to)
{
    for (size_t i = 0; i < to->count; i++)
        if (!isnan(to->rows[i].value[ERG_TRAINING_STEP_S]))
            return;
    to->derived_step_s = true;
    for (size_t i = 1; i < to->count; i++) {
        double steps = to->rows[i].value[ERG_TRAINING_STEP]
                     - to->rows[i - 1].value[ERG_TRAINING_STEP];
        if (isnan(steps) || steps > 0)
            to->rows[i].value[ERG_TRAINING_STEP_S] =
                erg_s_from_ns(to->rows[i].t_ns - to->rows[i - 1].t_ns)
                / (isnan(steps) ? 1 : steps);
    }
}

static bool says_nothing(const erg_training *of)
{
    for (size_t i = 0; i < of->count; i++)
        for (int v = 0; v < ERG_TRAINING_VALUES; v++)
            if (v != ERG_TRAINING_STEP_S && !isnan(of->rows[i].value[v]))
                return false;
    return of->derived_step_s;
}

void erg_training_forget_steps(erg_training *training)
{
    if (!says_nothing(training))
        return;
    for (size_t i = 0; i < training->count; i++)
        training->rows[i].value[ERG_TRAINING_STEP_S] = NAN;
    training->derived_step_s = false;
}

static void take_rows(erg_training *to, const erg_training_draft *draft, int time)
{
    for (size_t i = 0; i < draft->count; i++) {
        const erg_training_time *at = &draft->records[i].times[time];
        if (at->is_there && at->clock == to->clock) {
            to->rows[to->count] = draft->records[i].row;
            to->rows[to->count++].t_ns = at->t_ns;
        } else {
            to->torn++;
        }
    }
    qsort(to->rows, to->count, sizeof(*to->rows), by_time);
    derive_step_s(to);
}

erg_training *erg_training_finish(erg_training_draft *draft, erg_error *err)
{
    erg_training_clock clock = ERG_TRAINING_UTC;
    int time = best_time(draft, &clock);

    if (time < 0) {
        erg_fail(
            err, ERG_BAD_INPUT,
            "%s: no record of it has a time (timestamp_shared, "
            "timestamp, time, t or timestamp_iso): steps are never spread over a run; log "
            "the Unix time of each step",
            draft->name);
        return NULL;
    }
    erg_training *made = calloc(1, sizeof(*made));
    if (made)
        made->rows = calloc(draft->count, sizeof(*made->rows));
    if (!made || !made->rows) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
        free(made);
        return NULL;
    }
    made->clock = clock;
    made->torn = draft->torn;
    take_rows(made, draft, time);
    return made;
}

/* ---- the whole -------------------------------------------------------------- */

void erg_training_free(erg_training *training)
{
    if (!training)
        return;
    free(training->rows);
    free(training);
}

const erg_training_row *erg_training_rows(const erg_training *training, size_t *count)
{
    *count = training->count;
    return training->rows;
}

erg_training_clock erg_training_clock_of(const erg_training *training)
{
    return training->clock;
}

bool erg_training_has_derived_step_s(const erg_training *training)
{
    return training->derived_step_s;
}

size_t erg_training_torn(const erg_training *training) { return training->torn; }
