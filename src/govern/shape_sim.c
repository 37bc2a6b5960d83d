/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binds policies to a cluster and reads the wave.
 *
 * Between events the load is constant: energy is a sum, the supply's lag and a breaker's
 * heat are single exponentials. With storage each rack's supply is an exponential too; it
 * is then brought up to date at every sample.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "govern/shape_sim_inside.h"

#define BALANCE_WARM_UP 150     /* steps until watts no longer move: 30 epochs */
#define STORAGE_WARM_UP 10.0    /* time constants until it has forgotten its start */

/* ---- what the cluster asks ----------------------------------------------------------- */

static void ask(void *self, const erg_ask *what, erg_answer *answer)
{
    erg_sim *it = self;
    const erg_rank *rank = &it->cluster.ranks[what->rank];
    const erg_job *job = &it->cluster.jobs[rank->job];
    const erg_policy_in in = {
        .power_w = what->power_w, .unpaid_w = what->unpaid_w, .wait_w = job->wait_w,
        .item_j = what->item_j, .period_s = job->period_s, .drawn_w = what->drawn_w,
        .heat = NAN, .step_begins = what->step_begins,
    };

    if (it->governors)
        answer->cap_w = it->unit_cap_w[what->rank];
    if (it->balance)
        answer->cap_w = fmin(answer->cap_w, erg_sim_balance_cap(it, what->rank));
    for (size_t i = 0; i < it->chain->count; i++) {
        erg_policy_out out = erg_policy_free();
        if (i == it->supply || i == it->over || i == it->over_job)
            continue;
        it->chain->policies[i]->step(&it->states[what->rank * it->chain->count + i], &in,
                                     what->dt_s, &out);
        answer->cap_w = fmin(answer->cap_w, out.cap_w);
        answer->floor_w = fmax(answer->floor_w, out.floor_w);
        answer->wait_s += out.wait_s;
        answer->again_s = fmin(answer->again_s, out.again_s);
    }
    it->is_stuck = it->is_stuck || answer->wait_s == INFINITY;
}

/* ---- what was constant until now ----------------------------------------------------- */

static void settle_load(erg_sim *it, int64_t now_ns)
{
    double dt_s = erg_s_from_ns(now_ns - it->at_ns);
    double load_w = erg_w_from_nw(it->cluster.total_nw);

    if (dt_s <= 0)
        return;
    it->at_ns = now_ns;
    erg_sum_add(&it->energy_j, load_w * dt_s);
    erg_sum_add(&it->burned_j, erg_w_from_nw(it->cluster.burn_nw) * dt_s);
    if (!it->supplies)
        it->lagged_w = it->scenario->lag_s > 0
                     ? load_w + (it->lagged_w - load_w) * exp(-dt_s / it->scenario->lag_s)
                     : load_w;
}

static void settle(void *self, uint32_t rack, int64_t now_ns)
{
    erg_sim *it = self;

    settle_load(it, now_ns);
    if (it->supplies || it->breakers || it->governors || it->psus)
        erg_sim_settle_rack(it, rack, now_ns);
}

static bool keep(double **times_s, size_t *count, size_t *capacity, double time_s)
{
    if (!erg_grow((void **)times_s, capacity, *count, sizeof(**times_s), NULL))
        return false;
    (*times_s)[(*count)++] = time_s;
    return true;
}

/* Energy a step is taken over whole steps of the first job. */
static void stepped(void *self, uint32_t job, int64_t now_ns)
{
    erg_sim *it = self;

    if (job != 0)
        return;
    settle_load(it, now_ns);
    it->last_j = it->energy_j;
    if (it->cluster.jobs[0].marked_steps == 1)
        it->first_j = it->energy_j;
    else if (!keep(&it->steps_s, &it->steps, &it->steps_capacity,
                   erg_s_from_ns(now_ns - it->stepped_ns)))
        it->is_out_of_memory = true;
    it->stepped_ns = now_ns;
}

static void collected(void *self, uint32_t job, double time_s)
{
    erg_sim *it = self;

    (void)job;
    if (!keep(&it->collected_s, &it->collected, &it->collected_capacity, time_s))
        it->is_out_of_memory = true;
}

static bool worked(void *self, uint32_t rank, double time_s, erg_error *err)
{
    return erg_sim_balance_worked(self, rank, time_s, err);
}

/* What the meter behind all racks reads at now. */
static double read_wave(erg_sim *it, int64_t now_ns)
{
    double supply_w = 0, lag_s = it->scenario->lag_s;

    settle_load(it, now_ns);
    if (it->supplies)
        for (size_t i = 0; i < it->cluster.rack_count; i++) {
            erg_sim_settle_rack(it, (uint32_t)i, now_ns);
            supply_w += it->supply_w[i];
        }
    else if (!(lag_s > 0))
        return erg_w_from_nw(it->cluster.total_nw);
    if (!it->supplies)
        return it->lagged_w;
    /* The supply moves slowly against a sample: its mean over the sample is enough. */
    double mean_w = isnan(it->before_w) ? supply_w : (it->before_w + supply_w) / 2;
    if (isnan(it->before_w) || !(lag_s > 0))
        it->lagged_w = supply_w;
    else
        it->lagged_w += (mean_w - it->lagged_w) * -expm1(-it->scenario->sample_s / lag_s);
    it->before_w = supply_w;
    return it->lagged_w;
}

/* ---- running ------------------------------------------------------------------------- */

static bool begin(erg_sim *it, erg_error *err)
{
    it->cluster.ask = it->chain->count ? ask : NULL;
    it->cluster.settle = settle;
    it->cluster.stepped = stepped;
    it->cluster.collected = collected;
    it->cluster.worked = it->balance ? worked : NULL;
    it->cluster.self = it;
    return erg_cluster_start(&it->cluster, err);
}

static double warm_up_s(const erg_sim *it)
{
    double warm_s = it->scenario->warm_up_s;

    for (size_t i = 0; i < it->chain->count; i++)
        if (it->chain->policies[i]->begins)
            return 0;
    if (it->supply < it->chain->count && !it->scenario->open_loop)
        warm_s = fmax(warm_s, STORAGE_WARM_UP * it->chain->values[it->supply][0]);
    if (it->balance && it->scenario->jobs[0].period_s > 0)
        warm_s = fmax(warm_s, BALANCE_WARM_UP * it->scenario->jobs[0].period_s);
    /* Groups of a record begin one after the other, within one period. */
    if (it->scenario->open_loop && erg_sim_groups(it) > 1
        && it->scenario->jobs[0].period_s > 0)
        warm_s = fmax(warm_s, it->scenario->jobs[0].period_s);
    return warm_s;
}

static bool check_stuck(const erg_sim *it, erg_error *err)
{
    if (it->is_out_of_memory)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for times of steps");
    return !it->is_stuck
        || erg_fail(err, ERG_BAD_INPUT,
                    "%s: units that wait draw more than the bucket refills",
                    it->chain->text);
}

static bool record(erg_sim *it, erg_shaped *out, double from_s, erg_error *err)
{
    const erg_scenario *scenario = it->scenario;
    size_t most = (size_t)(scenario->open_loop ? ERG_SAMPLES_MOST
                           : scenario->duration_s / scenario->sample_s + 0.5), capacity = 0;
    int64_t begin_ns = erg_ns_from_s(from_s), step_ns = erg_ns_from_s(scenario->sample_s);

    for (size_t k = 0; k < most; k++) {
        int64_t now_ns = begin_ns + (int64_t)k * step_ns;
        if (!erg_sim_advance(it, now_ns, err) || !check_stuck(it, err))
            return false;
        if (it->cluster.done_count && it->cluster.done_ns <= now_ns)
            break;
        if (!erg_grow((void **)&out->wave_w, &capacity, out->count,
                      sizeof(*out->wave_w), err))
            return false;
        erg_sim_psu_step(it, now_ns, out->count > 0);
        out->wave_w[out->count++] = read_wave(it, now_ns);
    }
    /* The last sample is followed by its own interval. */
    int64_t end_ns = it->cluster.done_count ? it->cluster.done_ns
                                            : begin_ns + (int64_t)out->count * step_ns;
    if (!erg_sim_advance(it, end_ns, err))
        return false;
    settle_load(it, end_ns);
    /* A load that stays as it is asks nobody to look at its breaker. */
    for (size_t i = 0; it->breakers && !it->supplies && i < it->cluster.rack_count; i++)
        erg_sim_settle_rack(it, (uint32_t)i, end_ns);
    return check_stuck(it, err);
}

static double lost_j(const erg_sim *it)
{
    double sum_j = 0;

    for (size_t i = 0; it->supplies && i < it->cluster.rack_count; i++)
        sum_j += it->supplies[i].storage.lost_j;
    return sum_j;
}

static double units_of(const erg_sim *it, const erg_job *job)
{
    double units = 0;

    for (uint32_t i = job->first; i < job->first + job->ranks; i++)
        units += it->cluster.ranks[i].twins;
    return units;
}

/* As heat is, from the start on, and at the load that heats as much as what was drawn. */
static void sum_breakers(const erg_sim *it, erg_shaped *out)
{
    out->breaker_margin = out->trip_s = it->breakers ? INFINITY : NAN;
    out->above_80_s = it->breakers ? 0 : NAN;
    for (size_t i = 0; it->breakers && i < it->cluster.rack_count; i++) {
        const erg_breaker *is = &it->breakers[i];
        double rms_w = sqrt(it->rack_w2s[i] / erg_s_from_ns(it->rack_at_ns[i]));
        out->breaker_margin = fmin(out->breaker_margin, erg_breaker_margin(is));
        out->trip_s = fmin(out->trip_s, erg_breaker_time_to_trip(is, rms_w));
        out->above_80_s = fmax(out->above_80_s, is->above_s);
        out->has_tripped |= is->tripped;
    }
}

static void sum_steps(const erg_sim *it, erg_shaped *out)
{
    out->steps = it->steps;
    out->step_p50_s = out->step_p95_s = out->step_p99_s = NAN;
    if (!it->steps)
        return;
    out->step_p50_s = erg_quantile(it->steps_s, it->steps, 0.5);
    out->step_p95_s = erg_quantile(it->steps_s, it->steps, 0.95);
    out->step_p99_s = erg_quantile(it->steps_s, it->steps, 0.99);
}

static void sum_up(const erg_sim *it, double begin_s, double lost_before_j, erg_shaped *out)
{
    double rate = 0, seconds = erg_s_from_ns(it->at_ns) - begin_s;
    const erg_job *first = &it->cluster.jobs[0];
    double steps_s = erg_s_from_ns(first->last_step_ns - first->first_step_ns);
    double steps_j = erg_sum_value(&it->last_j) - erg_sum_value(&it->first_j);
    double lost_w = (lost_j(it) - lost_before_j) / seconds;

    for (size_t j = 0; j < it->cluster.job_count; j++)
        rate += units_of(it, &it->cluster.jobs[j]) * erg_job_rate(&it->cluster.jobs[j]);
    out->load_w = erg_sum_value(&it->energy_j) / seconds + lost_w;
    out->steps_per_s = rate / (double)it->scenario->units;
    out->energy_per_step_j = (steps_j / steps_s + lost_w) / rate;
    out->burned_j = erg_sum_value(&it->burned_j);
    out->collective_p99_s = it->collected
        ? erg_quantile(it->collected_s, it->collected, 0.99)
        : NAN;
    out->work_s = it->cluster.done_count ? erg_s_from_ns(it->cluster.done_ns) : NAN;
    out->was_split = it->was_split;
    erg_sim_psu_sum(it, out);
    sum_breakers(it, out);
    sum_steps(it, out);
}

static bool play(erg_sim *it, erg_shaped *out, erg_error *err)
{
    double begin_s = warm_up_s(it);

    out->dt_s = it->scenario->sample_s;
    out->window_s = isnan(it->scenario->window_s) ? 0 : it->scenario->window_s;
    if (!erg_sim_advance(it, erg_ns_from_s(begin_s) - 1, err) || !check_stuck(it, err))
        return false;
    read_wave(it, erg_ns_from_s(begin_s) - 1);
    erg_cluster_mark(&it->cluster);
    it->energy_j = it->burned_j = (erg_sum){ 0 };
    it->collected = it->steps = 0;
    double lost_before_j = lost_j(it);
    if (!record(it, out, begin_s, err))
        return false;
    sum_up(it, begin_s, lost_before_j, out);
    const erg_wave_view view = { out->wave_w, out->count, out->dt_s, out->window_s };
    return erg_metrics_of(&view, &out->metrics, err);
}

static void clear(erg_sim *it)
{
    erg_cluster_free(&it->cluster);
    erg_sim_balance_end(it);
    free(it->states);
    free(it->plans);
    free(it->supplies);
    free(it->supply_w);
    free(it->governors);
    free(it->rack_j);
    free(it->unit_cap_w);
    free(it->collected_s);
    free(it->steps_s);
    free(it->rack_w2s);
    free(it->breakers);
    free(it->psus);
    free(it->psu_rings);
    free(it->psu_j);
    free(it->rack_at_ns);
}

bool erg_shape_simulate(const erg_scenario *scenario, const erg_policy_chain *chain,
                        uint64_t key, erg_shaped *out, erg_error *err)
{
    erg_sim it = { .scenario = scenario, .chain = chain };

    *out = (erg_shaped){ 0 };
    bool ok = erg_sim_start(&it, key, err)
        && erg_sim_check(&it, warm_up_s(&it) + scenario->duration_s, err)
        && begin(&it, err) && play(&it, out, err);
    clear(&it);
    if (!ok)
        erg_shaped_free(out);
    return ok;
}

void erg_shaped_free(erg_shaped *shaped)
{
    free(shaped->wave_w);
    *shaped = (erg_shaped){ 0 };
}
