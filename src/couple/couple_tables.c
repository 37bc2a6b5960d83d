/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a coupling study. */
#include <math.h>
#include <string.h>
#include "erg/version.h"
#include "format/cells.h"
#include "couple/couple_inside.h"

static const erg_column verdict_columns[] = {
    { "x", ERG_TEXT, "first of the pair" },
    { "y", ERG_TEXT, "second of the pair" },
    { "lag_s", ERG_REAL, "of the greatest |r| of the residuals; above 0: x leads y" },
    { "r", ERG_REAL, "correlation of the residuals at that lag" },
    { "r_low", ERG_REAL, "simultaneous 95 % interval over all lags" },
    { "r_high", ERG_REAL, "simultaneous 95 % interval over all lags" },
    { "p_value", ERG_REAL, "of the greatest |r| over all lags, by permutation" },
    { "q_value", ERG_REAL, "corrected for all pairs of this call" },
    { "n", ERG_INTEGER, "values of the grid within the run" },
    { "n_eff", ERG_REAL, "worth so many independent ones (Bartlett)" },
    { "min_detectable_r", ERG_REAL, "least |r| that is found with 80 % power" },
    { "verdict", ERG_TEXT, "shown, associated, none, or cannot be decided and why" },
    { "evidence", ERG_TEXT, "one run, repeated or caused" },
    { "device", ERG_TEXT, "as the log names it" },
    { "r_zero", ERG_REAL, "of the series as they are at lag 0: description only" },
    { "t_p_value", ERG_REAL, "of r_zero with n_eff: description only" },
    { "driven_p_value", ERG_REAL, "of the test without what use, clock and rate explain" },
    { "u_lag_s", ERG_REAL, "lags up to it tell no direction" },
};

static const erg_column ccf_columns[] = {
    { "x", ERG_TEXT, "first of the pair" },
    { "y", ERG_TEXT, "second of the pair" },
    { "lag_s", ERG_REAL, "above 0: x leads y" },
    { "r", ERG_REAL, "of the series as they are" },
    { "r_detrended", ERG_REAL, "of the series less their trends" },
    { "r_residual", ERG_REAL, "of what each series' own past leaves" },
    { "band", ERG_REAL, "of |r_residual|: noise stays inside at all lags" },
    { "r_differenced", ERG_REAL, "of first differences" },
    { "device", ERG_TEXT, "as the log names it" },
};

const erg_column erg_placebo_columns[ERG_PLACEBO_COLUMNS] = {
    { "x", ERG_TEXT, "first of the pair" },
    { "y", ERG_TEXT, "second of the pair" },
    { "shift_s", ERG_REAL, "the sensor's values are so much later; empty: the run itself" },
    { "r", ERG_REAL, "of the series as they are" },
    { "p_value", ERG_REAL, "of the test; empty: not tested" },
    { "device", ERG_TEXT, "as the log names it" },
    { "y_session", ERG_TEXT, "whose y, by the time since its start; empty: its own" },
    { "note", ERG_TEXT, "why it does not count" },
};

static const erg_column granger_columns[] = {
    { "x", ERG_TEXT, "whose past is asked" },
    { "y", ERG_TEXT, "what it would foretell" },
    { "order", ERG_INTEGER, "of the model, by BIC" },
    { "f", ERG_REAL, "F statistic" },
    { "p_naive", ERG_REAL, "of the F distribution: finds too much" },
    { "p_value", ERG_REAL, "by sieve bootstrap; never decides" },
    { "size_naive", ERG_REAL, "share p_naive finds at 0.05 in such pairs without a tie" },
    { "size", ERG_REAL, "share p_value finds at 0.05 in such pairs without a tie" },
    { "device", ERG_TEXT, "as the log names it" },
    { "driven_p_value", ERG_REAL,
      "beside use, clock, rate and power; empty: none is known" },
    { "x_shift_s", ERG_REAL, "taken off the stamps of x: known of its sensor" },
    { "y_shift_s", ERG_REAL, "taken off the stamps of y: known of its sensor" },
    { "note", ERG_TEXT, "why it was not asked" },
    { "driven_size", ERG_REAL, "share driven_p_value finds at 0.05 in such pairs without "
                               "a tie" },
};

static const erg_column check_columns[] = {
    { "check", ERG_TEXT, "code" },
    { "device", ERG_TEXT, "as the log names it" },
    { "value", ERG_REAL, "that was found" },
    { "limit", ERG_REAL, "that it is held against" },
    { "state", ERG_TEXT, "ok, refused, flag, or unknown" },
    { "advice", ERG_TEXT, "what to do" },
    { "pair", ERG_TEXT, "that it is about; empty: all of the device" },
    { "what", ERG_TEXT, "in words" },
};

typedef struct out {
    const erg_joint *joint;
    erg_table *table;
    erg_error *err;
} out;

static bool begin_row(const out *to, const char *x, const char *y, int device)
{
    return erg_table_row(to->table, to->err) && erg_table_text(to->table, "x", x, to->err)
        && erg_table_text(to->table, "y", y, to->err)
        && (device < 0 || erg_table_text(to->table, "device",
                                         to->joint->devices[device].log->name, to->err));
}

static bool begin_pair(const out *to, const erg_joint_pair *pair)
{
    return begin_row(to, to->joint->channels[pair->x].name,
                     to->joint->channels[pair->y].name, pair->device);
}

bool erg_joint_begin_row(const erg_joint *joint, const erg_joint_pair *pair,
                         erg_table *table, erg_error *err)
{
    return begin_pair(&(out){ joint, table, err }, pair);
}

static bool put_verdict(const out *to, const erg_joint_pair *pair)
{
    const erg_pair *test = &pair->test;
    bool is = pair->is_tested;
    const erg_real cells[] = {
        { "lag_s", is ? test->lag * to->joint->dt_s : NAN }, { "r", is ? test->r : NAN },
        { "r_low", is ? test->low : NAN }, { "r_high", is ? test->high : NAN },
        { "p_value", is ? test->p_value : NAN }, { "q_value", pair->q_value },
        { "n_eff", is ? test->n_eff : NAN },
        { "min_detectable_r", is ? test->detectable_r : NAN },
        { "r_zero", is ? test->r_zero : NAN }, { "t_p_value", is ? test->t_p_value : NAN },
        { "driven_p_value", pair->driven_p }, { "u_lag_s", pair->u_lag_s },
    };

    return begin_pair(to, pair)
           && erg_put_reals(to->table, cells, ERG_COUNT(cells), to->err)
           && erg_table_integer(to->table, "n", is ? (int64_t)test->n_both : ERG_NONE,
                                to->err)
           && erg_table_text(to->table, "verdict", pair->verdict, to->err)
           && erg_table_text(to->table, "evidence", "one run", to->err);
}

static bool put_ccf(const out *to, const erg_joint_pair *pair)
{
    const erg_pair *test = &pair->test;

    for (size_t i = 0; pair->is_tested && i < 2 * test->lags + 1; i++) {
        const erg_real cells[] = {
            { "lag_s", ((double)i - (double)test->lags) * to->joint->dt_s },
            { "r", test->ccf[i] }, { "r_detrended", test->ccf_detrended[i] },
            { "r_residual", test->ccf_residual[i] }, { "band", test->band },
            { "r_differenced", test->ccf_differenced[i] },
        };
        if (!begin_pair(to, pair)
            || !erg_put_reals(to->table, cells, ERG_COUNT(cells), to->err))
            return false;
    }
    return true;
}

bool erg_joint_put_placebo(const erg_joint *joint, const erg_joint_pair *pair, size_t index,
                           erg_table *table, erg_error *err)
{
    const erg_placebo real = { .shift_s = NAN, .r = pair->test.r_zero,
                               .p_value = pair->test.p_value };
    const erg_placebo *one = index ? &pair->placebos[index - 1] : &real;
    const erg_real cells[] = { { "shift_s", one->shift_s }, { "r", one->r },
                               { "p_value", one->p_value } };

    return erg_joint_begin_row(joint, pair, table, err)
        && erg_put_reals(table, cells, ERG_COUNT(cells), err)
        && (!one->session || erg_table_text(table, "y_session", one->session, err))
        && (!one->is_same_x
            || erg_table_text(table, "note", "x is the same in both: no placebo", err));
}

static bool put_placebos(const out *to, const erg_joint_pair *pair)
{
    bool ok = true;

    for (size_t i = 0; ok && pair->is_tested && i <= pair->placebo_count; i++)
        ok = erg_joint_put_placebo(to->joint, pair, i, to->table, to->err);
    return ok;
}

static bool put_way(const out *to, const erg_joint_pair *pair, bool forth)
{
    const char *x = to->joint->channels[pair->x].name,
               *y = to->joint->channels[pair->y].name;
    const erg_granger_way *way = forth ? &pair->granger.x_to_y : &pair->granger.y_to_x;
    const erg_granger_way *beside =
        forth ? &pair->granger_driven.x_to_y : &pair->granger_driven.y_to_x;
    const erg_real cells[] = { { "f", way->f }, { "p_naive", way->p_naive },
                               { "p_value", way->p_value },
                               { "size_naive", way->size_naive }, { "size", way->size },
                               { "driven_p_value",
                                 pair->has_granger_driven ? beside->p_value : NAN },
                               { "driven_size",
                                 pair->has_granger_driven ? beside->size : NAN },
                               { "x_shift_s", pair->granger_shift_s[forth ? 0 : 1] },
                               { "y_shift_s", pair->granger_shift_s[forth ? 1 : 0] } };

    return begin_row(to, forth ? x : y, forth ? y : x, pair->device)
        && erg_table_integer(to->table, "order", (int64_t)pair->granger.order, to->err)
        && erg_put_reals(to->table, cells, ERG_COUNT(cells), to->err);
}

static bool put_granger(const out *to, const erg_joint_pair *pair)
{
    if (pair->has_granger)
        return put_way(to, pair, true) && put_way(to, pair, false);
    return !pair->granger_why[0]
        || (begin_pair(to, pair)
            && erg_table_text(to->table, "note", pair->granger_why, to->err));
}

static const char *state_name(const erg_check *check)
{
    if (check->state == ERG_CHECK_HIT)
        return erg_check_refuses(check->code) ? "refused" : "flag";
    return check->state == ERG_CHECK_OK ? "ok" : "unknown";
}

static bool put_check(const out *to, const erg_check *check)
{
    const erg_check_info *info = erg_check_describe(check->code);
    const struct { const char *column, *text;
    } texts[] = {
        { "check", info->name },
        { "state", state_name(check) },
        { "device", check->device },
        { "pair", check->pair },
        { "what", check->what },
        { "advice", check->state != ERG_CHECK_HIT ? ""
                  : check->cure[0] ? check->cure : info->advice },
    };
    const erg_real cells[] = { { "value", check->value }, { "limit", check->limit } };

    if (!erg_table_row(to->table, to->err)
        || !erg_put_reals(to->table, cells, ERG_COUNT(cells), to->err))
        return false;
    for (size_t i = 0; i < ERG_COUNT(texts); i++)
        if (texts[i].text[0]
            && !erg_table_text(to->table, texts[i].column, texts[i].text, to->err))
            return false;
    return true;
}

static const struct {
    const char *name;
    const erg_column *columns;
    size_t count;
    bool (*put)(const out *to, const erg_joint_pair *pair);
} pair_tables[] = {
    { "verdict", verdict_columns, ERG_COUNT(verdict_columns), put_verdict },
    { "ccf", ccf_columns, ERG_COUNT(ccf_columns), put_ccf },
    { "placebo", erg_placebo_columns, ERG_PLACEBO_COLUMNS, put_placebos },
    { "granger", granger_columns, ERG_COUNT(granger_columns), put_granger },
};

/* Refusals first, then flags, then what is in order. */
static bool put_checks(out *to)
{
    static const erg_check_state order[] = { ERG_CHECK_HIT, ERG_CHECK_UNKNOWN,
                                             ERG_CHECK_OK };
    const erg_joint *joint = to->joint;

    to->table = erg_result_add(joint->result, "checks", check_columns,
                               ERG_COUNT(check_columns), to->err);
    bool ok = to->table != NULL;
    for (size_t s = 0; ok && s < ERG_COUNT(order); s++)
        for (int code = 0; ok && code < ERG_CHECK_CODES; code++)
            for (size_t i = 0; ok && i < joint->check_count; i++)
                if (joint->checks[i].state == order[s]
                    && (int)joint->checks[i].code == code)
                    ok = put_check(to, &joint->checks[i]);
    return ok;
}

bool erg_joint_notes(const erg_joint *joint, erg_error *err)
{
    bool ok = erg_monitor_notes(joint->monitor, joint->result, err)
           && erg_result_note(joint->result, err,
                              "grid: %zu bins of %g s from %.3f s after the "
                              "first record; chance by key %llu; erg %s",
                              erg_joint_n(joint), joint->dt_s,
                              erg_joint_s(joint, joint->run_begin),
                              (unsigned long long)joint->options->key, erg_version());

    if (ok && joint->has_edges)
        ok = erg_result_note(joint->result, err,
                             "clock: the log lies %+.2f s from the edges of "
                             "%s, good to %.2f s",
                             joint->offset_s, joint->devices[joint->edge_device].log->name,
                             joint->half_width_s);
    if (ok && joint->is_alone)
        ok = erg_result_note(joint->result, err,
                             "there is no training log: the sensors alone are studied, and "
                             "the whole record is taken for the run");
    return ok
           && erg_result_note(joint->result, err,
                              "a verdict on one run says what goes "
                              "together, not what makes what: only an intervention does");
}

bool erg_joint_tables(erg_joint *joint, erg_error *err)
{
    out to = { .joint = joint, .err = err };

    for (size_t k = 0; k < ERG_COUNT(pair_tables); k++) {
        to.table = erg_result_add(joint->result, pair_tables[k].name,
                                  pair_tables[k].columns, pair_tables[k].count, err);
        bool ok = to.table != NULL;
        for (size_t i = 0; ok && i < joint->pair_count; i++)
            ok = pair_tables[k].put(&to, &joint->pairs[i]);
        if (!ok)
            return false;
    }
    return put_checks(&to);
}
