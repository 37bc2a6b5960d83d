/* SPDX-License-Identifier: Apache-2.0 */
/* A cluster of GPUs: barriers, exact power, events in order. */
#include "math/xoshiro.h"
#include "plant/cluster.h"
#include "test.h"

static const erg_phase step_phases[] = {
    { ERG_PHASE_COMPUTE, 0.75, 1000, 1, true },
    { ERG_PHASE_COLLECTIVE, 0.25, 300, 0, false },
};

typedef struct world {
    erg_cluster cluster;
    erg_xoshiro random[64];
    double cap_w, floor_w, low_s, high_s;
    double later_cap_w, change_s;   /* the cap from then on; change_s 0: never */
    double collected_s;
    double unpaid_w;                /* told when the last step began */
    double energy_j;
    int64_t at_ns;
    bool has_gone_back;
} world;

static void settle(void *self, uint32_t rack, int64_t now_ns)
{
    world *it = self;

    (void)rack;
    it->has_gone_back |= now_ns < it->at_ns;
    it->energy_j += (double)it->cluster.total_nw / ERG_NW_PER_W
        * erg_s_from_ns(now_ns - it->at_ns);
    it->at_ns = now_ns;
}

static void ask(void *self, const erg_ask *what, erg_answer *answer)
{
    world *it = self;

    double left_s = it->change_s - erg_s_from_ns(it->cluster.agenda.now_ns);

    answer->cap_w = it->change_s > 0 && left_s <= 0 ? it->later_cap_w : it->cap_w;
    answer->again_s = left_s > 0 ? left_s : INFINITY;
    answer->floor_w = it->floor_w;
    if (!what->step_begins)
        return;
    it->unpaid_w = what->unpaid_w;
    answer->wait_s = it->low_s + (it->high_s - it->low_s)
                   * erg_xoshiro_uniform(&it->random[what->rank]);
}

static void begin(world *it, size_t ranks, size_t idle_racks)
{
    erg_error err = { 0 };

    *it = (world){ .cap_w = INFINITY };
    CHECK_OK(erg_cluster_begin(&it->cluster, 1, ranks, 4 + idle_racks, &err), err);
    it->cluster.silicon = (erg_silicon){ 130, 2.4 };
    it->cluster.settle = settle;
    it->cluster.ask = ask;
    it->cluster.self = it;
    it->cluster.jobs[0] = (erg_job){ .phases = step_phases, .phase_count = 2,
                                     .ranks = (uint32_t)ranks, .wait_w = 300,
                                     .period_s = 1 };
    for (size_t i = 0; i < ranks; i++) {
        it->cluster.ranks[i].rack = (uint32_t)(i % 4);
        it->random[i] = erg_xoshiro_of(7, i);
    }
}

static void run_to(world *it, double s)
{
    erg_error err = { 0 };

    if (it->cluster.agenda.planned == 0)
        CHECK_OK(erg_cluster_start(&it->cluster, &err), err);
    CHECK_OK(erg_cluster_run(&it->cluster, erg_ns_from_s(s), &err), err);
    settle(it, 0, erg_ns_from_s(s));
}

static void an_aligned_job_takes_its_nominal_energy(void)
{
    world it;

    begin(&it, 64, 0);
    run_to(&it, 10);
    CHECK_NEAR(it.energy_j, 10 * 64 * 825.0, 1e-6);
    CHECK(it.cluster.jobs[0].steps == 11 && !it.has_gone_back);
    CHECK_NEAR(erg_job_rate(&it.cluster.jobs[0]), 1, 1e-12);
    erg_cluster_free(&it.cluster);
}

static void a_cap_slows_the_clock_and_saves_energy(void)
{
    world it;
    double phi = pow(720.0 / 870, 1 / 2.4), step_s = 0.75 / phi + 0.25;

    begin(&it, 4, 0);
    it.cap_w = 850;
    run_to(&it, 1000 * step_s);
    CHECK_NEAR(erg_job_rate(&it.cluster.jobs[0]) * step_s, 1, 1e-8);
    CHECK_NEAR(it.energy_j / 4000 / (850 * 0.75 / phi + 75), 1, 1e-6);
    erg_cluster_free(&it.cluster);
}

/* A quarter of a second at one clock, the rest of 0.75 s of work at another. */
static void work_goes_on_where_a_changed_cap_meets_it(void)
{
    world it;
    double phi = pow(720.0 / 870, 1 / 2.4), slow_s = 0.25, done_s = slow_s * phi;

    begin(&it, 4, 0);
    it.cap_w = 850;
    it.later_cap_w = INFINITY;
    it.change_s = slow_s;
    run_to(&it, slow_s + (0.75 - done_s) + 0.25);
    CHECK(it.cluster.jobs[0].steps == 2);
    CHECK_NEAR(it.energy_j, 4 * (850 * slow_s + 1000 * (0.75 - done_s) + 300 * 0.25), 1e-5);
    erg_cluster_free(&it.cluster);

    begin(&it, 4, 0);       /* at idle no work is done, and none is lost */
    it.cap_w = 130;
    it.later_cap_w = INFINITY;
    it.change_s = 3;
    run_to(&it, 4);
    CHECK(it.cluster.jobs[0].steps == 2);
    CHECK_NEAR(it.energy_j, 4 * (130 * 3 + 825.0), 1e-5);
    erg_cluster_free(&it.cluster);
}

static void remember(void *self, uint32_t job, double time_s)
{
    world *it = self;

    CHECK(job == 0);
    it->collected_s = fmax(it->collected_s, time_s);
}

static void a_collective_lasts_from_its_first_rank_to_its_end(void)
{
    world it;

    begin(&it, 4, 0);
    it.cluster.collected = remember;
    run_to(&it, 5);
    CHECK_NEAR(it.collected_s, 0.25, 1e-12);
    erg_cluster_free(&it.cluster);

    begin(&it, 4, 0);
    it.cluster.collected = remember;
    it.low_s = 0, it.high_s = 0.1;
    run_to(&it, 50);
    CHECK(it.collected_s > 0.3 && it.collected_s < 0.35);
    erg_cluster_free(&it.cluster);
}

/* The collective before it, which no item has paid for. */
static void a_step_is_told_what_was_drawn_before_it_unpaid(void)
{
    world it;

    begin(&it, 1, 0);
    run_to(&it, 1.1);
    CHECK(it.cluster.jobs[0].steps == 2);   /* the second has begun */
    CHECK_NEAR(it.unpaid_w, 300, 1e-9);
    erg_cluster_free(&it.cluster);
}

static void a_poked_rank_asks_at_once(void)
{
    world it;
    erg_error err = { 0 };
    double phi = pow(720.0 / 870, 1 / 2.4);

    begin(&it, 1, 0);
    run_to(&it, 0.25);
    it.cap_w = 850;
    CHECK_OK(erg_cluster_poke(&it.cluster, 0, &err), err);
    run_to(&it, 0.26);
    CHECK_NEAR((double)it.cluster.total_nw, 850e9, 10);
    run_to(&it, 0.25 + 0.5 / phi + 0.25);
    CHECK(it.cluster.jobs[0].steps == 2);
    erg_cluster_free(&it.cluster);
}

static void a_floor_burns_and_costs_no_time(void)
{
    world it;

    begin(&it, 4, 0);
    it.floor_w = 800;
    run_to(&it, 10);
    CHECK_NEAR(it.energy_j / 40, 950, 1e-9);
    CHECK_NEAR(erg_job_rate(&it.cluster.jobs[0]), 1, 1e-12);
    erg_cluster_free(&it.cluster);
}

static void a_barrier_opens_at_the_last_arrival(void)
{
    enum { RANKS = 16, STEPS = 50 };
    world it;
    erg_xoshiro random[RANKS];
    double slow_s = 0;

    begin(&it, RANKS, 0);
    it.low_s = 0.01, it.high_s = 0.05;
    for (size_t i = 0; i < RANKS; i++)
        random[i] = erg_xoshiro_of(7, i);
    for (int step = 0; step < STEPS; step++) {
        double last_s = 0;
        for (size_t i = 0; i < RANKS; i++)
            last_s = fmax(last_s, 0.01 + 0.04 * erg_xoshiro_uniform(&random[i]));
        slow_s += last_s;
    }
    run_to(&it, STEPS + slow_s + 1e-6);
    CHECK(it.cluster.jobs[0].steps == STEPS + 1);
    CHECK_NEAR(erg_s_from_ns(it.cluster.jobs[0].last_step_ns), STEPS + slow_s, 1e-6);
    /* Every rank computes for as long; the rest is drawn at 300 W. */
    CHECK_NEAR(it.energy_j, RANKS * (STEPS * 825 + 300 * slow_s), 0.1);
    erg_cluster_free(&it.cluster);
}

static void idle_neighbours_change_no_digit(void)
{
    world alone, among;

    begin(&alone, 24, 0), begin(&among, 24, 9);
    alone.high_s = among.high_s = 0.03;
    alone.cap_w = among.cap_w = 777.7;
    run_to(&alone, 31), run_to(&among, 31);
    CHECK(alone.energy_j == among.energy_j);
    erg_cluster_free(&alone.cluster);
    erg_cluster_free(&among.cluster);
}

static void the_power_of_racks_is_the_power_of_ranks(void)
{
    world it;

    begin(&it, 37, 0);
    it.high_s = 0.4, it.cap_w = 900, it.floor_w = 350;
    for (int k = 1; k < 200; k++) {
        int64_t of_ranks_nw = 0, of_racks_nw = 0;
        run_to(&it, 0.0713 * k);
        for (size_t i = 0; i < it.cluster.rank_count; i++)
            of_ranks_nw += it.cluster.ranks[i].power_nw;
        for (size_t i = 0; i < it.cluster.rack_count; i++)
            of_racks_nw += it.cluster.rack_nw[i];
        CHECK(of_ranks_nw == of_racks_nw && of_racks_nw == it.cluster.total_nw);
    }
    erg_cluster_free(&it.cluster);
}

static void a_cap_below_idle_is_refused(void)
{
    world it;
    erg_error err = { 0 };

    begin(&it, 4, 0);
    it.cap_w = 100;
    CHECK_OK(erg_cluster_start(&it.cluster, &err), err);
    CHECK(!erg_cluster_run(&it.cluster, ERG_NS_PER_S, &err) && err.code == ERG_BAD_INPUT);
    erg_cluster_free(&it.cluster);
}

static void the_agenda_keeps_time_and_the_order_of_planning(void)
{
    erg_agenda agenda = { 0 };
    erg_error err = { 0 };
    test_random random = { 5 };
    erg_event event, last = { 0 };

    for (uint32_t i = 0; i < 5000; i++)
        CHECK_OK(erg_agenda_plan(&agenda, (int64_t)(100 * test_uniform(&random)), i, 0,
                                 &err), err);
    for (uint32_t i = 0; i < 5000; i++) {
        CHECK(erg_agenda_take(&agenda, 1000, &event));
        CHECK(i == 0 || event.t_ns > last.t_ns
              || (event.t_ns == last.t_ns && event.order > last.order));
        last = event;
    }
    CHECK(!erg_agenda_take(&agenda, 1000, &event));
    CHECK_OK(erg_agenda_plan(&agenda, 3, 1, 0, &err), err);
    CHECK(!erg_agenda_take(&agenda, 50, &event));   /* planned in the past: it is now */
    erg_agenda_free(&agenda);
}

int main(void)
{
    static const test tests[] = {
        TEST(an_aligned_job_takes_its_nominal_energy),
        TEST(a_cap_slows_the_clock_and_saves_energy),
        TEST(work_goes_on_where_a_changed_cap_meets_it),
        TEST(a_collective_lasts_from_its_first_rank_to_its_end),
        TEST(a_step_is_told_what_was_drawn_before_it_unpaid),
        TEST(a_poked_rank_asks_at_once),
        TEST(a_floor_burns_and_costs_no_time),
        TEST(a_barrier_opens_at_the_last_arrival),
        TEST(idle_neighbours_change_no_digit),
        TEST(the_power_of_racks_is_the_power_of_ranks),
        TEST(a_cap_below_idle_is_refused),
        TEST(the_agenda_keeps_time_and_the_order_of_planning),
    };
    return test_run(tests, ERG_COUNT(tests));
}
