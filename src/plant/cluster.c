/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include "plant/cluster.h"

typedef enum rank_state {
    NOT_STARTED, WAITS_TO_BEGIN, WAITS_FOR_ITEM, COMPUTES, ARRIVED, PAUSES, DONE
} rank_state;

/* who of an event: a rank, a rank that asks again, or a job whose collective ends. */
#define JOB_BIT 0x80000000u
#define AGAIN_BIT 0x40000000u
#define FOR_EVER_S 1e8          /* longer than any run: three years */
#define LEAST_AGAIN_S 1e-4
#define LEFT_LEAST_S 1e-12      /* of work: less is rounding */

/* ---- power --------------------------------------------------------------------------- */

static void set_power(erg_cluster *cluster, erg_rank *rank, double want_w)
{
    double kept_w = fmin(want_w, rank->cap_w);
    double drawn_w = fmax(kept_w, fmin(rank->floor_w, rank->cap_w));
    int64_t power_nw = (int64_t)(drawn_w * ERG_NW_PER_W + 0.5);
    int64_t burn_nw = power_nw - (int64_t)(kept_w * ERG_NW_PER_W + 0.5);

    rank->want_w = want_w;
    if (power_nw == rank->power_nw && burn_nw == rank->burn_nw)
        return;
    if (cluster->settle)
        cluster->settle(cluster->self, rank->rack, cluster->agenda.now_ns);
    int64_t more_nw = rank->twins * (power_nw - rank->power_nw);
    cluster->rack_nw[rank->rack] += more_nw;
    cluster->total_nw += more_nw;
    cluster->burn_nw += rank->twins * (burn_nw - rank->burn_nw);
    rank->power_nw = power_nw;
    rank->burn_nw = burn_nw;
}

static double power_of(const erg_rank *rank)
{
    return erg_w_from_nw(rank->power_nw);
}

/* ---- asking -------------------------------------------------------------------------- */

static uint32_t index_of(const erg_cluster *cluster, const erg_rank *rank)
{
    return (uint32_t)(rank - cluster->ranks);
}

static bool plan_rank(erg_cluster *cluster, erg_rank *rank, int64_t in_ns, erg_error *err)
{
    return erg_agenda_plan(&cluster->agenda, cluster->agenda.now_ns + in_ns,
                           index_of(cluster, rank), ++rank->serial, err);
}

/* Never early, as a bucket must have filled up by then; never now, or time would stand. */
static int64_t whole_ns(double s)
{
    return (int64_t)fmax(1, ceil(fmin(s, FOR_EVER_S) * 1e9 - 1e-3));
}

static erg_answer ask_at(erg_cluster *cluster, erg_rank *rank, erg_ask ask, int64_t now_ns)
{
    erg_answer answer = { INFINITY, 0, 0, INFINITY };

    if (!cluster->ask)
        return answer;
    ask.rank = index_of(cluster, rank);
    ask.dt_s = erg_s_from_ns(now_ns - rank->asked_ns);
    ask.unpaid_w = rank->unpaid_w;
    ask.drawn_w = power_of(rank);
    rank->asked_ns = now_ns;
    rank->asks++;
    cluster->ask(cluster->self, &ask, &answer);
    rank->cap_w = answer.cap_w;
    rank->floor_w = answer.floor_w;
    return answer;
}

/* Void as soon as it asks for another reason. */
static bool plan_again(erg_cluster *cluster, erg_rank *rank, double again_s, erg_error *err)
{
    int64_t at_ns = cluster->agenda.now_ns + whole_ns(fmax(again_s, LEAST_AGAIN_S));

    return !(again_s < FOR_EVER_S)
        || erg_agenda_plan(&cluster->agenda, at_ns, index_of(cluster, rank) | AGAIN_BIT,
                           rank->asks, err);
}

/* Draws want_w from now on, without an item that would pay for it. */
static bool draw_as(erg_cluster *cluster, erg_rank *rank, double want_w, double again_s,
                    erg_error *err)
{
    set_power(cluster, rank, want_w);
    rank->unpaid_w = power_of(rank);
    return plan_again(cluster, rank, again_s, err);
}

static bool draw(erg_cluster *cluster, erg_rank *rank, double want_w, erg_error *err)
{
    erg_answer answer = ask_at(cluster, rank, (erg_ask){ .power_w = want_w },
                               cluster->agenda.now_ns);

    return draw_as(cluster, rank, want_w, answer.again_s, err);
}

/* ---- the ways of a rank -------------------------------------------------------------- */

static const erg_phase *phase_of(const erg_cluster *cluster, const erg_rank *rank)
{
    return &cluster->jobs[rank->job].phases[rank->phase];
}

static double clock_of(const erg_cluster *cluster, const erg_rank *rank)
{
    double power_w = erg_cluster_work_w(cluster, rank, phase_of(cluster, rank)->power_w);

    return erg_silicon_clock(&cluster->silicon, power_w, rank->cap_w);
}

static double speed_at(const erg_phase *phase, double clock)
{
    return phase->knee > 0 ? fmin(1, clock / phase->knee) : clock > 0;
}

/* What this phase's work draws under the rank's cap. */
static double held_w(const erg_cluster *cluster, const erg_rank *rank)
{
    double power_w = erg_cluster_work_w(cluster, rank, phase_of(cluster, rank)->power_w);

    return erg_silicon_w(&cluster->silicon, power_w, clock_of(cluster, rank));
}

/* Runs items until one must wait, it must ask again or the phase is over; plans what comes
 * then. */
static bool run_items(erg_cluster *cluster, erg_rank *rank, double speed, double again_s,
                      erg_error *err)
{
    int64_t begin_ns = cluster->agenda.now_ns, now_ns = begin_ns;
    double stays_s = fmax(again_s, LEAST_AGAIN_S);      /* no item outlasts its clock */
    int64_t until_ns = begin_ns + whole_ns(stays_s);
    double item_w = held_w(cluster, rank), wait_s = 0;
    double wish_w = erg_cluster_work_w(cluster, rank, phase_of(cluster, rank)->power_w);

    rank->state = COMPUTES;
    rank->speed = speed;
    while (rank->left_s > LEFT_LEAST_S && now_ns < until_ns) {
        double item_s = fmin(fmin(cluster->item_s, rank->left_s), stays_s * speed);
        double long_s = item_s / speed;
        erg_ask ask = { .power_w = wish_w, .item_j = item_w * long_s };
        if ((wait_s = ask_at(cluster, rank, ask, now_ns).wait_s) > 0)
            break;
        set_power(cluster, rank, item_w);
        rank->unpaid_w = 0;
        rank->left_s -= item_s;
        now_ns += (int64_t)(long_s * 1e9 + 0.5);
    }
    if (now_ns > begin_ns || wait_s == 0)
        return plan_rank(cluster, rank, now_ns - begin_ns, err);
    rank->state = WAITS_FOR_ITEM;
    return draw_as(cluster, rank, cluster->jobs[rank->job].wait_w, INFINITY, err)
        && plan_rank(cluster, rank, whole_ns(wait_s), err);
}

/* On at one speed until the work is done; what was planned before is void. */
static bool run_through(erg_cluster *cluster, erg_rank *rank, double speed, erg_error *err)
{
    rank->state = COMPUTES;
    rank->speed = speed;
    rank->since_ns = cluster->agenda.now_ns;
    set_power(cluster, rank, held_w(cluster, rank));
    if (speed > 0)
        return plan_rank(cluster, rank, erg_ns_from_s(rank->left_s / speed), err);
    rank->serial++;
    return true;
}

static bool compute(erg_cluster *cluster, erg_rank *rank, erg_error *err)
{
    const erg_phase *phase = phase_of(cluster, rank);
    const erg_ask wish = { .power_w = erg_cluster_work_w(cluster, rank, phase->power_w) };
    erg_answer answer = ask_at(cluster, rank, wish, cluster->agenda.now_ns);
    double speed = speed_at(phase, clock_of(cluster, rank));

    if (!(speed > 0) && !(answer.again_s < FOR_EVER_S))
        return erg_fail(err, ERG_BAD_INPUT, "a cap of %g W stops the units: "
                        "they draw %g W idle", rank->cap_w, cluster->silicon.idle_w);
    if (cluster->has_items && speed > 0)
        return run_items(cluster, rank, speed, answer.again_s, err);
    return run_through(cluster, rank, speed, err)
        && plan_again(cluster, rank, answer.again_s, err);
}

/* While it computes, its clock may change: what is done until now stays done. */
static bool ask_again(erg_cluster *cluster, erg_rank *rank, erg_error *err)
{
    if (rank->state != COMPUTES)
        return draw(cluster, rank, rank->want_w, err);
    if (cluster->has_items && rank->speed > 0)
        return true;
    double done_s = rank->speed * erg_s_from_ns(cluster->agenda.now_ns - rank->since_ns);
    rank->left_s = fmax(0, rank->left_s - done_s);
    return compute(cluster, rank, err);
}

static bool arrive(erg_cluster *cluster, erg_rank *rank, erg_error *err)
{
    uint32_t number = rank->job;
    erg_job *job = &cluster->jobs[number];
    const erg_phase *phase = phase_of(cluster, rank);

    rank->state = ARRIVED;
    rank->worked_ns += cluster->agenda.now_ns - rank->free_ns;
    if (job->arrived == 0)
        job->arrived_ns = cluster->agenda.now_ns;
    if (++job->arrived < job->ranks)
        return draw(cluster, rank, job->wait_w, err);
    job->arrived = 0;
    for (uint32_t i = job->first; i < job->first + job->ranks; i++)
        if (!draw(cluster, &cluster->ranks[i], phase->power_w, err))
            return false;
    return erg_agenda_plan(&cluster->agenda,
                           cluster->agenda.now_ns + erg_ns_from_s(phase->duration_s),
                           number | JOB_BIT, 0, err);
}

static bool enter_phase(erg_cluster *cluster, erg_rank *rank, erg_error *err)
{
    const erg_phase *phase = phase_of(cluster, rank);

    if (phase->kind == ERG_PHASE_COLLECTIVE)
        return arrive(cluster, rank, err);
    rank->left_s = phase->duration_s;
    if (phase->kind == ERG_PHASE_COMPUTE)
        return compute(cluster, rank, err);
    rank->state = PAUSES;
    return draw(cluster, rank, phase->power_w, err)
        && plan_rank(cluster, rank, erg_ns_from_s(phase->duration_s), err);
}

static void count_step(erg_job *job, int64_t now_ns)
{
    job->steps++;
    if (job->marked_steps++ == 0)
        job->first_step_ns = now_ns;
    job->last_step_ns = now_ns;
}

static bool tell_work(erg_cluster *cluster, erg_rank *rank, erg_error *err)
{
    double time_s = erg_s_from_ns(rank->worked_ns);

    rank->worked_ns = 0;
    return !cluster->worked || !(time_s > 0)
        || cluster->worked(cluster->self, index_of(cluster, rank), time_s, err);
}

/* A step wants to begin: whoever shapes may let it wait. */
static bool begin_phase(erg_cluster *cluster, erg_rank *rank, erg_error *err)
{
    erg_job *job = &cluster->jobs[rank->job];

    if (!phase_of(cluster, rank)->begins_step)
        return enter_phase(cluster, rank, err);
    rank->free_ns = cluster->agenda.now_ns;
    if (!tell_work(cluster, rank, err))
        return false;
    if (index_of(cluster, rank) == job->first) {
        count_step(job, cluster->agenda.now_ns);
        if (cluster->stepped)
            cluster->stepped(cluster->self, rank->job, cluster->agenda.now_ns);
    }
    erg_ask ask = { .power_w = job->wait_w, .step_begins = true };
    erg_answer answer = ask_at(cluster, rank, ask, cluster->agenda.now_ns);
    if (!(answer.wait_s > 0))
        return enter_phase(cluster, rank, err);
    rank->state = WAITS_TO_BEGIN;
    return draw_as(cluster, rank, job->wait_w, answer.again_s, err)
        && plan_rank(cluster, rank, whole_ns(answer.wait_s), err);
}

/* On to the next phase, and behind the last one to the first. */
static bool next_phase(erg_cluster *cluster, erg_rank *rank, erg_error *err)
{
    const erg_job *job = &cluster->jobs[rank->job];

    if (++rank->phase == job->phase_count) {
        rank->phase = 0;
        if (job->once) {
            rank->state = DONE;
            if (cluster->done_count++ == 0)
                cluster->done_ns = cluster->agenda.now_ns;
            return draw(cluster, rank, job->wait_w, err);
        }
    }
    return begin_phase(cluster, rank, err);
}

static bool end_collective(erg_cluster *cluster, uint32_t number, erg_error *err)
{
    const erg_job *job = &cluster->jobs[number];

    if (cluster->collected)
        cluster->collected(cluster->self, number,
                           erg_s_from_ns(cluster->agenda.now_ns - job->arrived_ns));
    for (uint32_t i = job->first; i < job->first + job->ranks; i++) {
        cluster->ranks[i].free_ns = cluster->agenda.now_ns;
        if (!next_phase(cluster, &cluster->ranks[i], err))
            return false;
    }
    return true;
}

static bool happen(erg_cluster *cluster, const erg_event *event, erg_error *err)
{
    if (event->who & JOB_BIT)
        return end_collective(cluster, event->who & ~JOB_BIT, err);
    erg_rank *rank = &cluster->ranks[event->who & ~AGAIN_BIT];
    if (event->who & AGAIN_BIT)
        return event->serial != rank->asks || ask_again(cluster, rank, err);
    if (event->serial != rank->serial)
        return true;
    switch ((rank_state)rank->state) {
    case NOT_STARTED:
        return begin_phase(cluster, rank, err);
    case WAITS_TO_BEGIN:
        rank->free_ns = cluster->agenda.now_ns;
        return enter_phase(cluster, rank, err);
    case COMPUTES:
        if (!cluster->has_items)
            rank->left_s = 0;
        return rank->left_s > LEFT_LEAST_S ? compute(cluster, rank, err)
                                           : next_phase(cluster, rank, err);
    case WAITS_FOR_ITEM:
        return compute(cluster, rank, err);
    case PAUSES:
        return next_phase(cluster, rank, err);
    case ARRIVED: case DONE:
        break;
    }
    return true;
}

/* ---- from outside -------------------------------------------------------------------- */

bool erg_cluster_start(erg_cluster *cluster, erg_error *err)
{
    for (size_t i = 0; i < cluster->rank_count; i++) {
        erg_rank *rank = &cluster->ranks[i];
        const erg_job *job = &cluster->jobs[rank->job];
        rank->state = NOT_STARTED;
        rank->cap_w = INFINITY;
        if (!draw(cluster, rank, job->wait_w, err)
            || !plan_rank(cluster, rank, job->start_ns, err))
            return false;
    }
    return true;
}

bool erg_cluster_run(erg_cluster *cluster, int64_t until_ns, erg_error *err)
{
    erg_event event;

    while (erg_agenda_take(&cluster->agenda, until_ns, &event))
        if (!happen(cluster, &event, err))
            return false;
    if (cluster->agenda.now_ns < until_ns)
        cluster->agenda.now_ns = until_ns;
    return true;
}

bool erg_cluster_poke(erg_cluster *cluster, size_t rank, erg_error *err)
{
    return erg_agenda_plan(&cluster->agenda, cluster->agenda.now_ns,
                           (uint32_t)rank | AGAIN_BIT, cluster->ranks[rank].asks, err);
}
