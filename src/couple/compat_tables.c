/* SPDX-License-Identifier: Apache-2.0 */
/* The published lag analysis and score as tables, each beside what it really says. */
#include <math.h>
#include <stdlib.h>
#include "format/cells.h"
#include "couple/compat_inside.h"

static const double strong_most = 0.3;
static const int64_t sufficient = 50;

static const erg_column lag_columns[] = {
    { "session", ERG_TEXT, "the folder's name" },
    { "x", ERG_TEXT, "of the training log" },
    { "y", ERG_TEXT, "of the monitor's log" },
    { "lag_rows", ERG_INTEGER, "rows, called seconds by the old programs; their sign" },
    { "r", ERG_REAL, "Pearson" },
    { "p_value", ERG_REAL, "as if rows were independent: they are not" },
    { "n", ERG_INTEGER, "pairs" },
    { "said", ERG_TEXT, "what the old programs print" },
    { "really", ERG_TEXT, "what is earlier in the pairs compared" },
};

static const erg_column figure_columns[] = {
    { "session", ERG_TEXT, "the folder's name" },
    { "mode", ERG_TEXT, "steps, rows or suite; published: as the session's file states" },
    { "aligned_samples", ERG_INTEGER, "as counted by the old programs" },
    { "rows", ERG_INTEGER, "compared" },
    { "readings", ERG_INTEGER, "monitor rows that stand behind them" },
    { "gpu_grad_rle", ERG_REAL, "r of grad_norm and rle_smoothed" },
    { "gpu_temp_grad", ERG_REAL, "r of temp_c and grad_norm" },
    { "gpu_loss_rle", ERG_REAL, "r of loss and rle_smoothed" },
    { "peak_lag", ERG_INTEGER, "the first of the largest abs r" },
    { "peak_correlation", ERG_REAL, "r there" },
    { "causal_order", ERG_TRUTH, "\"grad_norm -> RLE\", as the old programs say" },
    { "coupling", ERG_TEXT, "abs gpu_grad_rle above 0.3: strong" },
    { "data", ERG_TEXT, "more than 50 aligned: sufficient" },
    { "off", ERG_REAL, "largest difference of a figure to the published one" },
};

static const erg_column score_columns[] = {
    { "sessions", ERG_INTEGER, "with figures" },
    { "causal_share", ERG_REAL, "one point from 0.67 on" },
    { "mean_r", ERG_REAL, "one point where abs is above 0.3" },
    { "sd_r", ERG_REAL, "population; one point below 0.2" },
    { "sd_lag", ERG_REAL, "population; one point below 1" },
    { "spread", ERG_REAL, "largest abs (r - mean) over abs mean" },
    { "points", ERG_REAL, "of 1" },
    { "score", ERG_TEXT, "HIGH from 0.75 on, MODERATE from 0.5 on, else LOW" },
};

const char *erg_lag_strength(double grad_rle)
{
    return fabs(grad_rle) > strong_most ? "strong" : "weak";
}

const char *erg_lag_amount(int64_t aligned)
{
    return aligned > sufficient ? "sufficient" : "limited";
}

/* ---- the score ---------------------------------------------------------------------- */

static double population_sd(const double x[], size_t n, double mean)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return n ? sqrt(sum / (double)n) : NAN;
}

static double mean_of(const double x[], size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return n ? sum / (double)n : NAN;
}

enum { SESSIONS_MOST = 1024 };

void erg_score_of(const erg_lag_figures figures[], size_t count, erg_score *out)
{
    double r[SESSIONS_MOST], lag[SESSIONS_MOST], causal = 0;
    size_t n = 0;

    for (size_t i = 0; i < count && n < SESSIONS_MOST; i++) {
        if (isnan(figures[i].grad_rle) || figures[i].peak_lag == ERG_NONE)
            continue;
        r[n] = figures[i].grad_rle;
        lag[n++] = (double)figures[i].peak_lag;
        causal += figures[i].is_causal == 1;
    }
    double mean = mean_of(r, n), farthest = n ? 0 : NAN;
    for (size_t i = 0; i < n; i++)
        farthest = fmax(farthest, fabs(r[i] - mean));
    *out = (erg_score){
        .sessions = n, .causal_share = n ? causal / (double)n : NAN, .mean_r = mean,
        .sd_r = population_sd(r, n, mean), .sd_lag = population_sd(lag, n, mean_of(lag, n)),
        .spread = farthest / fabs(mean), .score = NAN,
    };
    if (n == 0)
        return;
    out->score = 0.25 * ((out->causal_share >= 0.67) + (fabs(mean) > strong_most)
                         + (out->sd_r < 0.2) + (out->sd_lag < 1));
    out->grade = out->score >= 0.75 ? "HIGH" : out->score >= 0.5 ? "MODERATE" : "LOW";
}

bool erg_score_table(erg_result *result, const erg_lag_figures figures[], size_t count,
                     erg_error *err)
{
    erg_score score;

    erg_score_of(figures, count, &score);
    const erg_real cells[] = {
        { "causal_share", score.causal_share }, { "mean_r", score.mean_r },
        { "sd_r", score.sd_r }, { "sd_lag", score.sd_lag }, { "spread", score.spread },
        { "points", score.score },
    };
    erg_table *table =
        erg_result_add(result, "score", score_columns, ERG_COUNT(score_columns), err);
    return table && erg_table_row(table, err)
        && erg_table_integer(table, "sessions", (int64_t)score.sessions, err)
        && erg_table_text(table, "score", score.grade, err)
        && erg_put_reals(table, cells, ERG_COUNT(cells), err);
}

/* ---- a session ----------------------------------------------------------------------- */

static double farther(double most, double a, double b)
{
    return isnan(a) || isnan(b) ? most
        : isnan(most) ? fabs(a - b) : fmax(most, fabs(a - b));
}

static double off(const erg_lag_figures *a, const erg_lag_figures *b)
{
    double most = farther(NAN, a->grad_rle, b->grad_rle);

    most = farther(most, a->temp_grad, b->temp_grad);
    most = farther(most, a->loss_rle, b->loss_rle);
    return farther(most, a->peak_r, b->peak_r);
}

static bool put_figures(erg_table *to, const char *session, const char *mode,
                        const erg_lag_figures *of, erg_error *err)
{
    const erg_real reals[] = {
        { "gpu_grad_rle", of->grad_rle }, { "gpu_temp_grad", of->temp_grad },
        { "gpu_loss_rle", of->loss_rle }, { "peak_correlation", of->peak_r },
    };
    const erg_whole wholes[] = { { "aligned_samples", of->aligned },
                                 { "peak_lag", of->peak_lag } };

    return erg_table_row(to, err) && erg_table_text(to, "session", session, err)
        && erg_table_text(to, "mode", mode, err)
        && erg_put_reals(to, reals, ERG_COUNT(reals), err)
        && erg_put_wholes(to, wholes, ERG_COUNT(wholes), err)
        && (of->is_causal == ERG_NONE
            || erg_table_truth(to, "causal_order", of->is_causal == 1, err))
        && (isnan(of->grad_rle)
            || erg_table_text(to, "coupling", erg_lag_strength(of->grad_rle), err))
        && (of->aligned == ERG_NONE
            || erg_table_text(to, "data", erg_lag_amount(of->aligned), err));
}

static bool put_lags(erg_table *to, const char *session, const erg_lags *lags,
                     erg_error *err)
{
    char said[ERG_LAG_WORDS], really[ERG_LAG_WORDS];

    for (size_t i = 0; i < lags->count; i++) {
        const erg_lag *lag = &lags->at[i];
        erg_lag_said(lags->mode, lag->lag, said);
        erg_lag_really(lags->mode, lag->lag, really);
        if (!erg_table_row(to, err) || !erg_table_text(to, "session", session, err)
            || !erg_table_text(to, "x", "grad_norm", err)
            || !erg_table_text(to, "y", "rle_smoothed", err)
            || !erg_table_integer(to, "lag_rows", lag->lag, err)
            || !erg_table_real(to, "r", lag->r, err)
            || !erg_table_real(to, "p_value", lag->p_value, err)
            || !erg_table_integer(to, "n", (int64_t)lag->n, err)
            || !erg_table_text(to, "said", said, err)
            || !erg_table_text(to, "really", really, err))
            return false;
    }
    return true;
}

typedef struct compat_tables {
    erg_result *result;
    erg_table *lags, *figures;
    erg_lag_mode mode;
    erg_error *err;
} compat_tables;

static bool put_session(const compat_tables *to, const erg_session *session,
                        erg_lag_figures *figures)
{
    const erg_lag_figures *published = &session->facts.published;
    erg_lags lags;

    *figures = *published;
    if (published->peak_lag != ERG_NONE
        && !put_figures(to->figures, session->name, "published", published, to->err))
        return false;
    if (!session->monitor)
        return true;
    if (!erg_lags_of(session, to->mode, &lags, to->err))
        return false;
    *figures = lags.figures;
    return put_figures(to->figures, session->name, erg_lag_mode_name(to->mode),
                       &lags.figures, to->err)
        && erg_table_integer(to->figures, "rows", (int64_t)lags.rows, to->err)
        && erg_table_integer(to->figures, "readings", (int64_t)lags.readings, to->err)
        && erg_table_real(to->figures, "off", off(&lags.figures, published), to->err)
        && put_lags(to->lags, session->name, &lags, to->err)
        && erg_session_notes(session, to->result, to->err);
}

static bool put_notes(erg_result *result, erg_lag_mode mode, erg_error *err)
{
    if (!erg_result_note(result, err,
                         "not evidence: these figures are reproduced as they were "
                         "published. A lag is one of %s, not a second; no test "
                         "allows for trends, for autocorrelation, or for "
                         "the best of many lags", erg_lag_mode_units(mode)))
        return false;
    if (mode == ERG_LAG_STEPS)
        return erg_result_note(result, err,
                               "not evidence: in steps, a lag and its negative hold "
                               "the same pairs, so the peak lies at a lag of "
                               "0 or below whatever the data, and \"grad_norm -> RLE\" "
                               "says nothing of order");
    return mode == ERG_LAG_ROWS
        || erg_result_note(result, err,
                           "not evidence: in suite, the words of the direction are "
                           "reversed: below 0 the index is earlier");
}

erg_result *erg_lags_tables(const erg_session *const sessions[], size_t count,
                            erg_lag_mode mode, erg_error *err)
{
    compat_tables to = { .result = erg_result_new("couple", err), .mode = mode,
                         .err = err };
    erg_lag_figures *figures = calloc(count + 1, sizeof(*figures));

    to.figures = to.result ? erg_result_add(to.result, "figures", figure_columns,
                                            ERG_COUNT(figure_columns), err) : NULL;
    to.lags = to.figures
        ? erg_result_add(to.result, "lags", lag_columns, ERG_COUNT(lag_columns),
                         err) : NULL;
    bool ok = to.lags && (figures || erg_fail(err, ERG_NO_MEMORY, "out of memory"));
    for (size_t i = 0; ok && i < count; i++)
        ok = put_session(&to, sessions[i], &figures[i]);
    ok = ok && erg_score_table(to.result, figures, count, err)
        && put_notes(to.result, mode, err);
    free(figures);
    if (ok)
        return to.result;
    erg_result_free(to.result);
    return NULL;
}
