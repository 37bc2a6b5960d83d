/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watts between the GPUs of one synchronous job on this node: each tells the seconds that
 * its own work of a step took, and who is early gives watts to who is late. The policy is
 * the one that `erg shape` plays (shape/balance.c). A job's GPUs are those that one user
 * tells of under one name; what they have together is what water filling gives them.
 *
 *   Source   docs/govern.md.
 */
#include <math.h>
#include <string.h>
#include "govern/govern.h"

enum { LOOKS_ENOUGH = 5 };      /* at the power of a rank, to have seen it at work */
#define WINDOW_MOST 0.5         /* of an epoch: a longer mean does not see work alone */
#define STEP_W 0.5              /* another grant than that of water filling */

bool erg_govern_runs_balance(const erg_govern_config *config)
{
    return config->cap.policy && strcmp(config->cap.policy, "balance") == 0;
}

void erg_govern_epoch_forget(erg_governed *item)
{
    item->epochs = (erg_governed_epochs){ .cap_w = NAN, .epoch_s = NAN };
}

void erg_govern_epoch_hear(erg_governed *item, double epoch_s)
{
    erg_governed_epochs *epochs = &item->epochs;

    epochs->recent_s[epochs->steps++ % ERG_BALANCE_EPOCHS] = epoch_s;
    /* In a share it waits for the others, who are not as far; alone it is only shown. */
    if (epochs->count == ERG_BALANCE_EPOCHS && !isnan(epochs->cap_w))
        return;
    if (epochs->count == ERG_BALANCE_EPOCHS)
        epochs->count = 0;
    epochs->is_told = true;
    epochs->times_s[epochs->count++] = epoch_s;
    if (epochs->count == ERG_BALANCE_EPOCHS)
        epochs->epoch_s = erg_balance_epoch(epochs->times_s);
}

/* ---- one job ------------------------------------------------------------------------- */

static bool takes_part(const erg_governed *item)
{
    return item->work.is_told && item->epochs.is_told;
}

static bool is_same_job(const erg_governed *a, const erg_governed *b)
{
    return a->work.uid == b->work.uid && strcmp(a->work.job, b->work.job) == 0;
}

/* What it draws at work. Where its sensor mixes work and waiting, its cap stands for that:
 * it then falls in steps until it binds. */
static double work_w(const erg_governor *governor, const erg_governed *item)
{
    const erg_governed_epochs *epochs = &item->epochs;

    if (item->power_at < 0 || epochs->looks < LOOKS_ENOUGH)
        return INFINITY;
    const erg_channel_info *is =
        erg_devices_channel(governor->devices, item->index, (size_t)item->power_at);
    bool is_sharp = fmax(is->window_s, is->update_s) <= WINDOW_MOST * epochs->epoch_s;
    return is_sharp ? epochs->peak_w : INFINITY;
}

static bool is_full(erg_governed *const job[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (job[i]->epochs.count < ERG_BALANCE_EPOCHS)
            return false;
    return true;
}

static void forget_round(erg_governed_epochs *epochs)
{
    epochs->count = 0;
    epochs->peak_w = 0;
    epochs->looks = 0;
}

static void balance(const erg_governor *governor, erg_governed *const job[], size_t n)
{
    erg_balance_rank ranks[ERG_GOVERN_DEVICES_MOST];
    double budget_w = 0;
    bool shares = is_full(job, n);

    for (size_t i = 0; i < n; i++) {
        const erg_governed_epochs *epochs = &job[i]->epochs;
        double cap_w = isnan(epochs->cap_w) ? job[i]->grant_w : epochs->cap_w;
        ranks[i] = (erg_balance_rank){ epochs->epoch_s, work_w(governor, job[i]),
                                       job[i]->least_w, job[i]->most_w, cap_w };
        budget_w += job[i]->grant_w;
    }
    erg_balance_fit(ranks, n, budget_w);
    if (shares)
        erg_balance_share(ranks, n, budget_w);
    for (size_t i = 0; i < n; i++) {
        if (shares || isnan(job[i]->epochs.cap_w))
            job[i]->epochs.cap_w = ranks[i].cap_w;
        if (shares)
            forget_round(&job[i]->epochs);
        if (fabs(ranks[i].cap_w - job[i]->grant_w) > STEP_W)
            job[i]->rule = "balance";
        job[i]->grant_w = ranks[i].cap_w;
    }
}

/* ---- all of them --------------------------------------------------------------------- */

static void look(erg_governed *item)
{
    erg_governed_epochs *epochs = &item->epochs;

    if (isnan(item->power_w))
        return;
    epochs->peak_w = fmax(epochs->peak_w, item->power_w);
    epochs->looks++;
}

void erg_govern_balance(erg_governor *governor)
{
    erg_governed *job[ERG_GOVERN_DEVICES_MOST];
    bool is_done[ERG_GOVERN_DEVICES_MOST] = { false };

    if (!erg_govern_runs_balance(governor->config))
        return;
    for (size_t first = 0; first < governor->count; first++) {
        size_t n = 0;
        for (size_t i = first; i < governor->count; i++) {
            erg_governed *item = &governor->items[i];
            if (is_done[i] || !item->has_limit || !takes_part(item)
                || (n && !is_same_job(job[0], item)))
                continue;
            if (!n && i != first)
                break;
            is_done[i] = true;
            look(item);
            job[n++] = item;
        }
        if (n > 1)
            balance(governor, job, n);
        else if (n)
            job[0]->epochs.cap_w = NAN;
    }
}

/* ---- all of the node, in a rack ------------------------------------------------------ */

/* Nothing would say that jobs without a name on two nodes are one; and whoever has a GPU
 * here and tells nothing would lose by what others tell. */
static bool is_of(const erg_governed *first, const erg_governed *item)
{
    return takes_part(item) && item->work.job[0] && is_same_job(first, item);
}

/* It is as late as the last of its GPUs, and has done what all of them have. */
erg_govern_rank erg_govern_rank_of(const erg_governor *governor)
{
    const erg_govern_rank none = { .epoch_s = NAN };
    const erg_governed *first = NULL;
    erg_govern_rank out = { .steps = UINT64_MAX, .epoch_s = 0 };

    for (size_t i = 0; i < governor->count; i++) {
        const erg_governed *item = &governor->items[i];
        if (!item->is_gpu || !item->has_limit)
            continue;
        first = first ? first : item;
        if (!is_of(first, item))
            return none;
        bool is_known = item->epochs.steps >= ERG_BALANCE_EPOCHS;
        double epoch_s = is_known ? erg_balance_epoch(item->epochs.recent_s) : NAN;
        out.epoch_s = isnan(epoch_s) || epoch_s > out.epoch_s ? epoch_s : out.epoch_s;
        out.steps = item->epochs.steps < out.steps ? item->epochs.steps : out.steps;
    }
    if (!first || !erg_govern_runs_balance(governor->config))
        return none;
    snprintf(out.job, sizeof(out.job), "%lld/%s", (long long)first->work.uid,
             first->work.job);
    return out;
}

/* ---- the table ----------------------------------------------------------------------- */

static const erg_column columns[] = {
    { "node", ERG_TEXT, "a GPU of a synchronous job, as node/device; a rack's: a node" },
    { "job", ERG_TEXT, "who tells it; a rack's: user and name" },
    { "epoch_s", ERG_REAL, "its own work of a step: the middle one of the last five" },
    { "cap_w", ERG_REAL, "what balance gives it; none: balance is off, or it is alone" },
};

static bool put_row(erg_table *table, const char *node, const char *job, double epoch_s,
                    double cap_w, erg_error *err)
{
    return erg_table_row(table, err) && erg_table_text(table, "node", node, err)
        && erg_table_text(table, "job", job[0] ? job : NULL, err)
        && erg_table_real(table, "epoch_s", epoch_s, err)
        && erg_table_real(table, "cap_w", cap_w, err);
}

static bool add_row(const erg_governor *governor, const erg_governed *item,
                    erg_table *table, erg_error *err)
{
    double cap_w = isnan(item->epochs.cap_w) ? NAN : item->grant_w;
    char name[128];

    snprintf(name, sizeof(name), "%.60s/%s", governor->config->node.id,
             erg_devices_info(governor->devices, item->index)->name);
    return put_row(table, name, item->work.job, item->epochs.epoch_s, cap_w, err);
}

bool erg_govern_add_epochs(const erg_governor *governor, erg_result *result, erg_error *err)
{
    erg_table *table = erg_result_add(result, "epochs", columns, ERG_COUNT(columns), err);
    bool good = table != NULL;

    for (size_t i = 0; good && i < governor->count; i++)
        if (takes_part(&governor->items[i]))
            good = add_row(governor, &governor->items[i], table, err);
    for (size_t i = 0; good && i < governor->lent_count; i++) {
        const erg_govern_lent *row = &governor->lent[i];
        if (row->job[0])
            good = put_row(table, row->node, row->job, row->epoch_s, row->balance_w, err);
    }
    return good;
}
