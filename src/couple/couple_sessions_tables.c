/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of erg couple --sessions, with the published score beside the test. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "format/cells.h"
#include "math/stats.h"
#include "couple/compat_inside.h"
#include "couple/repeat_inside.h"

enum { KEY_DIGITS = 12, LAG_COLUMNS_MOST = 64, NAME_SIZE = 24 };

#define STEADY_CV 0.05
#define STEADY_COLLAPSE 0.05

static const erg_column session_columns[] = {
    { "session", ERG_TEXT, "the folder's or the file's name" },
    { "key", ERG_TEXT, "SHA-256 of the values of x: equal keys are one realisation" },
    { "n", ERG_INTEGER, "values of the grid within the run" },
    { "r", ERG_REAL, "correlation of the residuals at lag_s" },
    { "lag_s", ERG_REAL, "of the greatest |r|; above 0: x leads y" },
    { "p_value", ERG_REAL, "of the greatest |r| over all lags, by permutation" },
    { "verdict", ERG_TEXT, "of this session alone" },
    { "x", ERG_TEXT, "first of the pair" },
    { "y", ERG_TEXT, "second of the pair" },
    { "device", ERG_TEXT, "as the log names it" },
    { "counts", ERG_TRUTH, "it is a run of its own that no check refuses" },
};

static const erg_column whole_columns[] = {
    { "x", ERG_TEXT, "first of the pair" },
    { "y", ERG_TEXT, "second of the pair" },
    { "runs", ERG_INTEGER, "sessions in which the pair was tested" },
    { "effective_runs", ERG_INTEGER, "runs with one x count once" },
    { "r", ERG_REAL, "random-effects mean at the common lag" },
    { "r_low", ERG_REAL, "95 % interval of Hartung and Knapp" },
    { "r_high", ERG_REAL, "95 % interval of Hartung and Knapp" },
    { "i2", ERG_REAL, "share of the differences between runs that is no chance" },
    { "p_value", ERG_REAL, "permuting within every session at once, maximum over lags" },
    { "spread", ERG_REAL, "largest abs (r - mean) over abs mean" },
    { "score", ERG_TEXT,
      "of the published analysis: two of its four points go to any steady null" },
    { "verdict", ERG_TEXT, "reproducible, not reproducible, or cannot be decided and why" },
    { "device", ERG_TEXT, "as the log names it" },
    { "q_value", ERG_REAL, "corrected for all pairs of this call" },
    { "lag_s", ERG_REAL, "common to all runs; above 0: x leads y" },
    { "usable_runs", ERG_INTEGER, "effective runs that no check refuses" },
    { "reason", ERG_TEXT, "which clauses of the rule failed, each with its figure" },
};

static const erg_column map_columns[] = {
    { "session", ERG_TEXT, "the folder's or the file's name" },
    { "x", ERG_TEXT, "first of the pair" },
    { "y", ERG_TEXT, "second of the pair" },
    { "device", ERG_TEXT, "as the log names it" },
};

/* ---- tables -------------------------------------------------------------------------- */

typedef struct text_cell { const char *column, *text; } text_cell;

static bool put_texts(erg_table *to, const text_cell cells[], size_t count, erg_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (!erg_table_text(to, cells[i].column, cells[i].text, err))
            return false;
    return true;
}

static bool put_member(const erg_repeat *all, erg_table *to, const erg_repeat_family *of,
                       const erg_repeat_member *one)
{
    const erg_pair *test = &one->pair->test;
    char key[KEY_DIGITS + 1];

    snprintf(key, sizeof(key), "%.*s", KEY_DIGITS, one->key);
    const text_cell texts[] = {
        { "session", erg_session_name(one->of->session) }, { "key", key }, { "x", of->x },
        { "y", of->y }, { "device", of->device }, { "verdict", one->pair->verdict },
    };
    const erg_real reals[] = { { "r", test->r }, { "p_value", test->p_value },
                               { "lag_s", test->lag * one->of->joint.dt_s } };
    return erg_table_row(to, all->err) && put_texts(to, texts, ERG_COUNT(texts), all->err)
        && erg_put_reals(to, reals, ERG_COUNT(reals), all->err)
        && erg_table_integer(to, "n", (int64_t)test->n, all->err)
        && erg_table_truth(to, "counts", erg_repeat_is_usable(one), all->err);
}

static bool put_family(const erg_repeat *all, erg_table *to, const erg_repeat_family *of,
                       const char *score)
{
    const erg_sessions *whole = &of->whole;
    bool known = of->is_tested;
    erg_repeat_answer answer;

    erg_repeat_judge(all, of, &answer);
    const text_cell texts[] = { { "x", of->x }, { "y", of->y }, { "device", of->device },
                                { "verdict", answer.verdict }, { "score", score },
                                { "reason", answer.reason } };
    const erg_real reals[] = {
        { "r", known ? whole->r : NAN }, { "r_low", known ? whole->low : NAN },
        { "r_high", known ? whole->high : NAN }, { "i2", known ? whole->i2 : NAN },
        { "p_value", known ? whole->p_value : NAN },
        { "spread", known ? whole->spread : NAN }, { "q_value", of->q_value },
        { "lag_s", known ? whole->lag * of->members[0].of->joint.dt_s : NAN },
    };
    const erg_whole wholes[] = { { "runs", (int64_t)of->count },
                                 { "effective_runs", (int64_t)of->effective },
                                 { "usable_runs", (int64_t)of->usable } };
    return erg_table_row(to, all->err) && put_texts(to, texts, ERG_COUNT(texts), all->err)
        && erg_put_reals(to, reals, ERG_COUNT(reals), all->err)
        && erg_put_wholes(to, wholes, ERG_COUNT(wholes), all->err);
}

static bool put_tables(const erg_repeat *all, const char *score)
{
    erg_table *whole = erg_result_add(all->result, "reproducibility", whole_columns,
                                      ERG_COUNT(whole_columns), all->err);
    erg_table *each = whole ? erg_result_add(all->result, "sessions", session_columns,
                                             ERG_COUNT(session_columns), all->err) : NULL;
    bool ok = each != NULL;

    for (size_t i = 0; ok && i < all->family_count; i++) {
        const erg_repeat_family *of = &all->families[i];
        ok = put_family(all, whole, of, score);
        for (size_t m = 0; ok && m < of->count; m++)
            ok = put_member(all, each, of, &of->members[m]);
    }
    return ok;
}

/* ---- lags side by side --------------------------------------------------------------- */

typedef struct heat { erg_column columns[ERG_COUNT(map_columns) + LAG_COLUMNS_MOST];
                      char names[LAG_COLUMNS_MOST][NAME_SIZE]; size_t count; } heat;

/* Lags in seconds as columns; sessions on another grid stay out. */
static void name_columns(heat *to, size_t lags, double dt_s)
{
    memcpy(to->columns, map_columns, sizeof(map_columns));
    for (size_t k = 0; k < 2 * lags + 1; k++) {
        snprintf(to->names[k], NAME_SIZE, "lag_%+.4g", ((double)k - (double)lags) * dt_s);
        to->columns[ERG_COUNT(map_columns) + k] =
            (erg_column){ to->names[k], ERG_REAL,
                          "r of the residuals at that lag in seconds" };
    }
    to->count = ERG_COUNT(map_columns) + 2 * lags + 1;
}

static bool put_lags(const erg_repeat *all, erg_table *to, const heat *of,
                     const erg_repeat_family *whose, const erg_repeat_member *one)
{
    const text_cell texts[] = { { "session", erg_session_name(one->of->session) },
                                { "x", whose->x }, { "y", whose->y },
                                { "device", whose->device } };
    bool ok = erg_table_row(to, all->err)
        && put_texts(to, texts, ERG_COUNT(texts), all->err);

    for (size_t k = 0; ok && k < of->count - ERG_COUNT(map_columns); k++)
        ok = erg_table_real(to, of->names[k], one->pair->test.ccf_residual[k], all->err);
    return ok;
}

static bool put_map(const erg_repeat *all)
{
    const erg_repeat_member *first = all->family_count
        ? &all->families[0].members[0] : NULL;
    size_t lags = first ? first->pair->test.lags : 0;
    heat of = { .count = 0 };

    if (!first || 2 * lags + 1 > LAG_COLUMNS_MOST)
        return true;
    name_columns(&of, lags, first->of->joint.dt_s);
    const erg_column *kept = erg_result_keep(all->result, of.columns, of.count, all->err);
    erg_table *to = kept
        ? erg_result_add(all->result, "lag_map", kept, of.count, all->err) : NULL;
    bool ok = to != NULL;
    for (size_t i = 0; ok && i < all->family_count; i++)
        for (size_t m = 0; ok && m < all->families[i].count; m++) {
            const erg_repeat_member *one = &all->families[i].members[m];
            if (one->pair->test.lags == lags
                && one->of->joint.dt_ns == first->of->joint.dt_ns)
                ok = put_lags(all, to, &of, &all->families[i], one);
        }
    return ok;
}

/* ---- placebos ------------------------------------------------------------------------ */

static const erg_column whose = { "session", ERG_TEXT, "whose x" };

static bool put_others(const erg_repeat *all, erg_table *to, const erg_repeat_run *run)
{
    const erg_joint *joint = &run->joint;
    bool ok = true;

    for (size_t p = 0; p < joint->pair_count; p++) {
        const erg_joint_pair *pair = &joint->pairs[p];
        for (size_t i = 0; ok && pair->is_tested && i <= pair->placebo_count; i++)
            if (i == 0 || pair->placebos[i - 1].session)
                ok = erg_joint_put_placebo(joint, pair, i, to, all->err)
                  && erg_table_text(to, "session", erg_session_name(run->session),
                                    all->err);
    }
    return ok;
}

/* Of the run and of y of the others; the times off its run: erg couple of it alone. */
static bool put_placebos(const erg_repeat *all)
{
    erg_column columns[ERG_PLACEBO_COLUMNS + 1];

    memcpy(columns, erg_placebo_columns, sizeof(erg_placebo_columns));
    columns[ERG_PLACEBO_COLUMNS] = whose;
    const erg_column *kept =
        erg_result_keep(all->result, columns, ERG_COUNT(columns), all->err);
    erg_table *to = kept ? erg_result_add(all->result, "placebo", kept, ERG_COUNT(columns),
                                          all->err) : NULL;
    bool ok = to != NULL;
    for (size_t i = 0; ok && i < all->run_count; i++)
        ok = put_others(all, to, &all->runs[i]);
    return ok;
}

/* ---- as it was published ------------------------------------------------------------- */

/* Means of the index and of the collapse flag of the device gpu. */
static double mean_of(const erg_session *session, erg_monitor_value value)
{
    const erg_monitor_device *gpu = erg_session_monitor(session)
        ? erg_monitor_find(erg_session_monitor(session), "gpu") : NULL;
    double sum = 0;
    size_t n = 0;

    for (size_t i = 0; gpu && i < gpu->count; i++)
        if (isfinite(gpu->rows[i].value[value])) {
            sum += gpu->rows[i].value[value];
            n++;
        }
    return n ? sum / (double)n : NAN;
}

static bool note_steadiness(const erg_repeat *all, const erg_session *const sessions[],
                            size_t count, double room[])
{
    size_t n = 0, flags = 0;

    for (size_t i = 0; i < count; i++)
        if (isfinite(room[n] = mean_of(sessions[i], ERG_MONITOR_RLE_SMOOTHED)))
            n++;
    double cv = n > 1 ? erg_sd(room, n) / erg_mean(room, n) : NAN;
    for (size_t i = 0; i < count; i++)
        if (isfinite(room[flags] = mean_of(sessions[i], ERG_MONITOR_COLLAPSE)))
            flags++;
    double sd = flags > 1 ? erg_sd(room, flags) : NAN;
    return isnan(cv) || isnan(sd)
        || erg_result_note(all->result, all->err,
                           "the published signs of a steady index: mean RLE "
                           "varies by %.1f %% (%s 5 %%), the collapse rate "
                           "by %.1f points (%s 5)",
                           100 * cv, cv < STEADY_CV ? "below" : "not below", 100 * sd,
                           sd < STEADY_COLLAPSE ? "below" : "not below");
}

/* Reckoned again, else as they were published. */
static void figures_of(const erg_session *const sessions[], size_t count,
                       erg_lag_figures out[])
{
    erg_error why = { 0 };
    erg_lags lags;

    for (size_t i = 0; i < count; i++)
        out[i] = erg_lags_of(sessions[i], ERG_LAG_STEPS, &lags, &why)
            ? lags.figures : erg_session_facts_of(sessions[i])->published;
}

static bool put_notes(const erg_repeat *all, const erg_session *const sessions[],
                      size_t count)
{
    size_t twins = 0, most = 0;

    for (size_t i = 0; i < all->family_count; i++)
        if (all->families[i].count > all->families[i].effective) {
            twins = all->families[i].effective;
            most = all->families[i].count;
            break;
        }
    for (size_t i = 0; i < count; i++)
        if (!erg_session_notes(sessions[i], all->result, all->err))
            return false;
    if (most && !erg_result_note(all->result, all->err, "IDENTICAL_RUNS: %zu runs hold %zu "
                                 "different series: repeats with one rng key "
                                 "are one realisation. New rng key, new data order",
                                 most, twins))
        return false;
    return erg_result_note(all->result, all->err,
                           "to show that it repeats: the same conditions, "
                           "sessions in an order by chance, time to cool down "
                           "between them, ambient logged, different rng keys "
                           "and data order in each")
        && erg_result_note(all->result, all->err,
                           "the score is the published one: not evidence. "
                           "Two of its four points go to any steady null");
}

bool erg_repeat_tables(const erg_repeat *all, const erg_session *const sessions[],
                       size_t count)
{
    erg_lag_figures *figures = calloc(count + 1, sizeof(*figures));
    double *room = calloc(count + 1, sizeof(*room));
    erg_score score = { 0 };
    bool ok = (figures && room) || erg_fail(all->err, ERG_NO_MEMORY, "out of memory");

    if (ok) {
        figures_of(sessions, count, figures);
        erg_score_of(figures, count, &score);
    }
    ok = ok && put_tables(all, score.grade) && put_map(all) && put_placebos(all)
      && erg_score_table(all->result, figures, count, all->err)
      && note_steadiness(all, sessions, count, room) && put_notes(all, sessions, count);
    free(figures);
    free(room);
    return ok;
}
