/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands beside the test of a pair and never decides: surrogates and transfer entropy
 * with their measured sizes, rates, and what follows spikes. Only for those who ask: it
 * takes longer than the study itself.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "format/cells.h"
#include "math/draws.h"
#include "couple/couple_inside.h"
#include "couple/response.h"
#include "couple/surrogate.h"
#include "couple/transfer.h"

#define BEFORE_S 10.0
#define AFTER_S 30.0

static const erg_column surrogate_columns[] = {
    { "x", ERG_TEXT, "first of the pair" },
    { "y", ERG_TEXT, "second of the pair" },
    { "test", ERG_TEXT, "circular shift, random phases or stationary bootstrap" },
    { "r", ERG_REAL, "greatest |r| over the lags, of the detrended series" },
    { "p_value", ERG_REAL, "of it; never decides" },
    { "size", ERG_REAL, "share found at 0.05 in such pairs without a tie, by simulation" },
    { "size_n", ERG_INTEGER, "values of each of those" },
    { "device", ERG_TEXT, "as the log names it" },
};

static const erg_column transfer_columns[] = {
    { "x", ERG_TEXT, "whose past is asked" },
    { "y", ERG_TEXT, "what it would foretell" },
    { "nats", ERG_REAL, "transfer entropy" },
    { "p_value", ERG_REAL, "by permutation; never decides" },
    { "size", ERG_REAL, "share found at 0.05 in such pairs without a tie, by simulation" },
    { "device", ERG_TEXT, "as the log names it" },
};

static const erg_column rate_columns[] = {
    { "x", ERG_TEXT, "first of the pair" },
    { "y", ERG_TEXT, "what x would move" },
    { "model", ERG_TEXT, "restoring: y returns to its mean; free: it does not" },
    { "lag_s", ERG_REAL, "of x: the verdict's, where a coupling is shown, else 0" },
    { "k", ERG_REAL, "y falls by so much a second for each unit of x above its mean" },
    { "k_low", ERG_REAL, "95 % interval" },
    { "k_high", ERG_REAL, "95 % interval" },
    { "k_scaled", ERG_REAL, "the same in deviations of both, per second" },
    { "lambda", ERG_REAL, "y returns by this share of its distance a second" },
    { "note", ERG_TEXT, "whether 0 lies within the interval of k" },
    { "device", ERG_TEXT, "as the log names it" },
};

static const erg_column spike_columns[] = {
    { "x", ERG_TEXT, "whose spikes: above its mean so far by a deviation so far" },
    { "y", ERG_TEXT, "what is looked at around them" },
    { "at_s", ERG_REAL, "from the spike" },
    { "response", ERG_REAL, "mean of y less its mean over all" },
    { "low", ERG_REAL, "95 % of what shifts of the spikes in a circle give" },
    { "high", ERG_REAL, "95 % of what shifts of the spikes in a circle give" },
    { "count", ERG_INTEGER, "spikes with a whole window" },
    { "device", ERG_TEXT, "as the log names it" },
};

typedef struct out {
    const erg_joint *joint;
    erg_table *table;
    erg_error *err;
} out;

typedef struct series { const double *x, *y; size_t n; } series;

static series series_of(const erg_joint *joint, const erg_joint_pair *pair)
{
    return (series){ erg_joint_run(joint, &joint->channels[pair->x]),
                     erg_joint_run(joint, &joint->channels[pair->y]), erg_joint_n(joint) };
}

static bool begin(const out *to, const erg_joint_pair *pair)
{
    return erg_joint_begin_row(to->joint, pair, to->table, to->err);
}

/* A test that a pair is too short for is left out, with its sentence. */
static bool skip(const out *to, const erg_joint_pair *pair, const erg_error *why)
{
    const erg_joint *joint = to->joint;

    if (!erg_can_do_without(why, to->err))
        return false;
    return erg_result_note(joint->result, to->err, "%s of %s:%s is left out: %s",
                           erg_table_name(to->table), joint->channels[pair->x].name,
                           joint->channels[pair->y].name, why->text);
}

static bool put_surrogates(const out *to, const erg_joint_pair *pair)
{
    series of = series_of(to->joint, pair);

    for (int kind = 0; kind < ERG_SURROGATE_KINDS; kind++) {
        const erg_surrogate_options how = { .lags = pair->test.lags,
                                            .detrend = pair->detrend,
                                            .key = erg_key(pair->key, 100) };
        erg_surrogate found;
        erg_error why = { 0 };
        if (!erg_surrogate_test(kind, of.x, of.y, of.n, &how, &found, &why))
            return skip(to, pair, &why);
        const erg_real cells[] = { { "r", found.r }, { "p_value", found.p_value },
                                   { "size", found.size } };
        if (!begin(to, pair)
            || !erg_table_text(to->table, "test", erg_surrogate_name(kind), to->err)
            || !erg_table_integer(to->table, "size_n", (int64_t)found.size_n, to->err)
            || !erg_put_reals(to->table, cells, ERG_COUNT(cells), to->err))
            return false;
    }
    return true;
}

static bool put_entropy(const out *to, const erg_joint_pair *pair, bool forth,
                        const erg_transfer_way *way)
{
    erg_joint_pair turned = *pair;
    const erg_real cells[] = { { "nats", way->nats }, { "p_value", way->p_value },
                               { "size", way->size } };

    turned.x = forth ? pair->x : pair->y;
    turned.y = forth ? pair->y : pair->x;
    return begin(to, &turned) && erg_put_reals(to->table, cells, ERG_COUNT(cells), to->err);
}

/* Smoothed columns are not asked: filters turn directions around. */
static bool put_transfer(const out *to, const erg_joint_pair *pair)
{
    const erg_transfer_options how = { .key = erg_key(pair->key, 101) };
    series of = series_of(to->joint, pair);
    erg_transfer found;
    erg_error why = { 0 };

    if (pair->hits[ERG_CHECK_SMOOTHED])
        return true;
    if (!erg_transfer_test(of.x, of.y, of.n, &how, &found, &why))
        return skip(to, pair, &why);
    return put_entropy(to, pair, true, &found.x_to_y)
        && put_entropy(to, pair, false, &found.y_to_x);
}

static bool put_rate(const out *to, const erg_joint_pair *pair, bool is_free)
{
    bool is_shown = strncmp(pair->verdict, "coupling shown", 14) == 0 && pair->test.lag > 0;
    double dt_s = to->joint->dt_s;
    const erg_coefficient_options how = { .dt_s = dt_s, .is_free = is_free,
                                          .lag = is_shown ? (size_t)pair->test.lag : 0 };
    series of = series_of(to->joint, pair);
    erg_coupling_coefficient found;
    erg_error why = { 0 };

    if (!erg_coupling_coefficient_fit(of.x, of.y, of.n, &how, &found, &why))
        return skip(to, pair, &why);
    const erg_real cells[] = {
        { "lag_s", (double)how.lag * dt_s },
        { "k", found.k },
        { "k_low", found.low },
        { "k_high", found.high },
        { "k_scaled", found.k_scaled },
        { "lambda", found.lambda },
    };
    return begin(to, pair)
        && erg_table_text(to->table, "model", is_free ? "free" : "restoring", to->err)
        && erg_put_reals(to->table, cells, ERG_COUNT(cells), to->err)
        && (!found.holds_zero
            || erg_table_text(to->table, "note", "0 lies within its interval", to->err));
}

static bool put_rates(const out *to, const erg_joint_pair *pair)
{
    return put_rate(to, pair, false) && put_rate(to, pair, true);
}

static bool put_spikes(const out *to, const erg_joint_pair *pair)
{
    double dt_s = to->joint->dt_s;
    size_t before = (size_t)(BEFORE_S / dt_s), after = (size_t)(AFTER_S / dt_s);
    double *response = calloc(before + after + 1, sizeof(*response));
    series of = series_of(to->joint, pair);
    erg_spikes found = { 0 };
    bool ok = response
           && erg_spike_response(of.x, of.y, of.n, before, after, response, &found);

    if (!ok)
        erg_fail(to->err, ERG_NO_MEMORY, "out of memory for %zu bins", of.n);
    for (size_t j = 0; ok && found.count > 0 && j <= before + after; j++) {
        const erg_real cells[] = { { "at_s", ((double)j - (double)before) * dt_s },
                                   { "response", response[j] }, { "low", found.low },
                                   { "high", found.high } };
        ok = begin(to, pair)
          && erg_table_integer(to->table, "count", (int64_t)found.count, to->err)
          && erg_put_reals(to->table, cells, ERG_COUNT(cells), to->err);
    }
    free(response);
    return ok;
}

static const struct {
    const char *name;
    const erg_column *columns;
    size_t count;
    bool (*put)(const out *to, const erg_joint_pair *pair);
} tables[] = {
    { "surrogates", surrogate_columns, ERG_COUNT(surrogate_columns), put_surrogates },
    { "transfer", transfer_columns, ERG_COUNT(transfer_columns), put_transfer },
    { "rates", rate_columns, ERG_COUNT(rate_columns), put_rates },
    { "spikes", spike_columns, ERG_COUNT(spike_columns), put_spikes },
};

bool erg_joint_beside(erg_joint *joint, erg_error *err)
{
    out to = { .joint = joint, .err = err };

    for (size_t k = 0; k < ERG_COUNT(tables); k++) {
        to.table = erg_result_add(joint->result, tables[k].name, tables[k].columns,
                                  tables[k].count, err);
        bool ok = to.table != NULL;
        for (size_t i = 0; ok && i < joint->pair_count; i++)
            ok = !joint->pairs[i].is_tested || tables[k].put(&to, &joint->pairs[i]);
        if (!ok)
            return false;
    }
    return true;
}
